"""Slow, gone and wrong: no answer is lost, none counts twice, and nothing broken is ever shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import API
from tests.widget.questions import KINDS, question

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Route

    from tests.widget.host import Host

# Every rest ends at once, and is noted.
_HURRY = """
window.rests = [];
const wait = window.setTimeout;
window.setTimeout = (then, pause) => wait(then, pause < 2000 ? pause : window.rests.push(pause) && 0);
"""
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}


async def test_answer_given_offline_is_sent_once_the_browser_is_online(
    host: Host, context: BrowserContext
) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await host.hears("shown")
    await context.set_offline(True)
    await host.page.route(f"{API}/**", _lost)
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await expect(host.card.locator(".done")).to_contain_text("offline")
    assert host.said("answerQuestion") == []

    await host.page.unroute(f"{API}/**", _lost)
    await context.set_offline(False)

    await host.hears("answered")
    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["value"] for each in host.said("answerQuestion")] == [True]


async def test_answer_given_offline_outlives_the_page(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await host.hears("shown")
    await host.page.evaluate("Object.defineProperty(navigator, 'onLine', { get: () => false })")
    await host.page.route(f"{API}/graphql", _lost)
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("kept")

    await host.page.unroute(f"{API}/graphql", _lost)
    await host.page.reload()

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["value"] for each in host.said("answerQuestion")] == [True]


async def test_answer_whose_receipt_was_lost_counts_once(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"])
    await host.hears("shown")
    lost: list[str] = []

    async def lose_the_first(route: Route) -> None:
        await host.answer(route) if lost else await _swallow(host, route, lost)

    host.answer_graphql = lose_the_first
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()

    assert (await host.hears("answered"))["isReplay"] is True
    assert len(host.handled) == 1


async def test_slow_network_shows_the_question_and_moves_nothing(host: Host, context: BrowserContext) -> None:
    session = await context.new_cdp_session(host.page)
    await session.send("Network.emulateNetworkConditions", SLOW_3G)
    await host.page.add_init_script(_SHIFTS)
    element = f'<drip-question endpoint="{API}" key="pk_test"></drip-question>'
    await host.open(KINDS["SINGLE_CHOICE"], body=f"<p>before</p>{element}")

    await expect(host.card.get_by_role("radiogroup")).to_be_visible()
    await host.hears("shown")

    assert await host.page.evaluate("window.shifts") == 0


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('endpoint="https://api.test"', "BAD_CONFIGURATION"),
        ('endpoint="https://api.test" key="sk_secret"', "BAD_CONFIGURATION"),
        ('endpoint="ftp://api.test" key="pk_test"', "BAD_CONFIGURATION"),
    ],
)
async def test_missing_or_wrong_key_shows_nothing_and_tells_the_developer(
    host: Host, attributes: str, code: str
) -> None:
    lines: list[str] = []
    host.page.on("console", lambda message: lines.append(message.text))
    await host.open(KINDS["TEXT"], body=f"<drip-question {attributes}></drip-question>")

    await host.hears("error", f"detail.code === '{code}'")

    await expect(host.card.locator("form")).to_have_count(0)
    assert host.sent == []


async def test_unknown_attribute_values_are_the_defaults(host: Host) -> None:
    wrong = 'theme="neon" mode="hologram" placement="No Such!" storage="?" exits="skip door"'
    await host.open(KINDS["TEXT"], attributes=wrong)

    await expect(host.card.get_by_role("textbox")).to_be_visible()

    assert {each["code"] for each in await host.told("error")} == {"BAD_ATTRIBUTE"}
    assert len(await host.told("error")) == 5
    assert host.said("startVisit")[0]["placement"] == "home"


@pytest.mark.parametrize("delay", ["soon", "-1", "86400"])
async def test_delay_that_is_none_keeps_nothing_back(host: Host, delay: str) -> None:
    await host.open(KINDS["TEXT"], attributes=f'mode="popover" delay="{delay}"')

    await expect(host.card.get_by_role("textbox")).to_be_visible()

    (told,) = await host.told("error")
    assert (told["code"], told["message"]) == ("BAD_ATTRIBUTE", f'delay="{delay}"')


async def test_token_that_ends_while_somebody_types_loses_nothing(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.card.get_by_role("textbox").fill("half an answer")
    expired: list[str] = []

    async def expire_once(route: Route) -> None:
        is_answer = "answerQuestion(" in (route.request.post_data or "")
        await (_expired(route, expired) if is_answer and not expired else host.answer(route))

    host.answer_graphql = expire_once
    await host.card.get_by_role("button", name="Save").click()

    assert (await host.hears("answered"))["value"] == "half an answer"
    assert len(host.said("startVisit")) == 2


async def test_server_that_answers_html_leaves_nothing_on_the_page(host: Host) -> None:
    host.answer_graphql = _html
    await host.open(KINDS["TEXT"])

    await host.hears("error", "detail.code === 'BAD_RESPONSE'")

    assert await host.card.evaluate("card => card.offsetHeight") == 0


async def test_wrong_origin_is_told_in_words(host: Host) -> None:
    lines: list[str] = []
    host.page.on("console", lambda message: lines.append(message.text))
    host.answer_graphql = _forbidden
    await host.open(KINDS["TEXT"])

    await host.hears("error", "detail.code === 'ORIGIN_NOT_ALLOWED'")
    await expect(host.card.locator("form")).to_have_count(0)

    await _eventually(host, lines, "scheme, host, port")


async def test_kind_newer_than_the_widget_is_passed_over_and_told(host: Host) -> None:
    await host.open(question("HOLOGRAM"), KINDS["TEXT"])

    await expect(host.card.get_by_role("textbox")).to_be_visible()

    assert [each["code"] for each in await host.told("error")] == ["UNKNOWN_KIND"]
    assert [each["askId"] for each in host.said("skipQuestion")] == ["ask_0"]


async def test_browser_whose_clock_is_wrong_asks_less_and_less_often(host: Host) -> None:
    await host.page.add_init_script(_HURRY)
    host.resting_until = "2020-01-01T00:00:00Z"
    await host.open()

    await host.page.wait_for_function("window.rests.at(-1) >= 256000")

    assert await host.page.evaluate("window.rests") == [2_000 * 2**times for times in range(8)]
    assert len(host.said("nextQuestion")) <= 8


async def test_page_may_forbid_to_keep_anything(host: Host) -> None:
    await host.open(KINDS["TEXT"], attributes='storage="none"')
    await host.hears("shown")
    await host.card.get_by_role("textbox").press_sequentially("half")

    assert await host.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert await host.page.context.cookies() == []


@pytest.mark.parametrize(
    "signal", ["globalPrivacyControl', { get: () => true", "doNotTrack', { get: () => '1'"]
)
@pytest.mark.parametrize(("signals", "asks"), [("respect", 0), ("ignore", 1)])
async def test_signals_of_the_browser_are_respected_where_the_page_says_so(
    host: Host, signals: str, asks: int, signal: str
) -> None:
    await host.page.add_init_script(f"Object.defineProperty(navigator, '{signal} }})")
    await host.open(KINDS["TEXT"], attributes=f'signals="{signals}"')

    await (host.hears("done", "detail.state === 'OPTED_OUT'") if asks == 0 else host.hears("ready"))

    assert len(host.said("startVisit")) == asks


async def test_nothing_is_asked_of_anybody_else(host: Host) -> None:
    asked: list[str] = []
    host.page.on("request", lambda request: asked.append(request.url))
    await host.open(KINDS["TEXT"])
    await host.hears("shown")

    assert [url for url in asked if not re.match(r"https://(shop|api)\.test/", url)] == []


async def _lost(route: Route) -> None:
    await route.abort("internetdisconnected")


async def _swallow(host: Host, route: Route, lost: list[str]) -> None:
    lost.append("once")
    host.handled["ask_0"] = {"outcome": "ANSWERED", "value": True}
    await route.abort("connectionreset")


async def _expired(route: Route, expired: list[str]) -> None:
    expired.append("once")
    errors = [{"message": "It ended.", "extensions": {"code": "TOKEN_EXPIRED"}}]
    await route.fulfill(status=401, json={"errors": errors}, headers={"Access-Control-Allow-Origin": "*"})


async def _forbidden(route: Route) -> None:
    errors = [{"message": "No.", "extensions": {"code": "ORIGIN_NOT_ALLOWED"}}]
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
    await route.fulfill(status=403, json={"errors": errors}, headers=headers)


async def _html(route: Route) -> None:
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
    await route.fulfill(status=200, content_type="text/html", body="<h1>Welcome</h1>", headers=headers)


async def _eventually(host: Host, lines: list[str], words: str) -> None:
    while not any(words in line for line in lines):
        await host.page.evaluate("() => new Promise(requestAnimationFrame)")


_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts += entry.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
