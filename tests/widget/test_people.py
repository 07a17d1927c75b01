"""Who is there: tokens of the host's backend, and whoever signs in and out while the page stays open."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import API, CORS, PAGE, Host
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Route

QUESTION = f'<drip-question endpoint="{API}" key="pk_test"></drip-question>'
ELEMENT = QUESTION.replace("key=", 'token-url="/token" key=')
REFUSED = {"__typename": "IdentityTokenError", "message": "exp: the token has ended"}


async def _call(host: Host, call: str) -> None:
    await host.page.evaluate(f"() => document.querySelector('drip-question').{call}")


async def test_visit_begins_as_whom_the_backend_names(host: Host) -> None:
    host.pages["/token"] = ("eyJ-good\n", {})

    await host.open(KINDS["TEXT"], attributes='token-url="/token"')

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["identityToken"] for each in host.said("startVisit")] == ["eyJ-good"]


@pytest.mark.parametrize("is_up", [True, False])
async def test_backend_that_names_nobody_or_is_away_leaves_a_stranger(host: Host, *, is_up: bool) -> None:
    host.pages["/token"] = ("", {})
    await host.open(KINDS["TEXT"], body="")
    if not is_up:
        await host.page.route(f"{PAGE}/token", _lost)

    await _insert(host, ELEMENT)

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["identityToken"] for each in host.said("startVisit")] == [None]


async def test_token_that_comes_later_begins_the_visit_anew(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")

    await _call(host, "setToken('eyJ-late')")

    assert [each["identityToken"] for each in host.said("startVisit")] == [None, "eyJ-late"]
    assert host.said("startVisit")[1]["resumeToken"] == "resume"


async def test_token_that_is_refused_leaves_a_stranger_and_is_told(host: Host) -> None:
    async def refuse(route: Route) -> None:
        if "eyJ-old" in (route.request.post_data or ""):
            await route.fulfill(json={"data": {"startVisit": REFUSED}}, headers=CORS)
        else:
            await host.answer(route)

    host.pages["/token"] = ("eyJ-old", {})
    host.answer_graphql = refuse
    await host.open(KINDS["TEXT"], attributes='token-url="/token"')

    told = await host.hears("error", "detail.code === 'IDENTITY_TOKEN_INVALID'")
    assert told["message"] == "exp: the token has ended"
    await expect(host.card.get_by_role("textbox")).to_be_visible()


@pytest.mark.parametrize(("call", "ends"), [("reset()", 0), ("signOut()", 1)])
async def test_who_leaves_leaves_nothing_behind(host: Host, call: str, ends: int) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")
    await host.card.get_by_role("textbox").press_sequentially("half")

    await _call(host, call)

    await expect(host.card.get_by_role("textbox")).to_have_value("")
    assert [each["resumeToken"] for each in host.said("startVisit")] == [None, None]
    assert sum("signOut" in each["query"] for each in host.sent) == ends
    assert "half" not in await host.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")


async def test_whoever_comes_while_a_question_is_drawn_is_asked_their_own(host: Host) -> None:
    await host.open(KINDS["TEXT"], body="")
    drawn = asyncio.Event()
    await host.page.route(f"{API}/widget/answering-*", partial(_later, drawn))
    host.answer_graphql = partial(_known, host)
    await _insert(host, QUESTION)
    await expect(host.card.get_by_role("textbox")).to_be_visible()

    await _call(host, "setToken('eyJ-ada')")
    drawn.set()

    await expect(host.card.get_by_role("radiogroup")).to_be_visible()


async def test_question_that_comes_after_its_person_left_is_not_shown(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")
    asked, left = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        if "nextQuestion(" in (route.request.post_data or "") and not left.is_set():
            stale = {"data": {"nextQuestion": host.next()}}
            asked.set()
            await left.wait()
            await route.fulfill(json=stale, headers=CORS)
        else:
            await host.answer(route)

    host.answer_graphql = slowly
    await host.page.evaluate("() => void document.querySelector('drip-question').reload()")
    await asked.wait()
    host.questions = [KINDS["BOOLEAN"]]
    await _call(host, "signOut()")
    left.set()

    await expect(host.card.get_by_role("radiogroup")).to_be_visible()
    await expect(host.card.get_by_role("textbox")).to_have_count(0)


async def test_who_leaves_is_gone_from_every_card_though_the_server_is_away(host: Host) -> None:
    await host.open(KINDS["TEXT"], body=QUESTION + QUESTION.replace("key=", "placement=side key="))
    await expect(host.card.get_by_role("textbox")).to_have_count(2)
    await host.page.route(f"{API}/**", _lost)

    await host.page.evaluate("() => void document.querySelector('drip-question').signOut()")

    await expect(host.card.get_by_role("textbox")).to_have_count(0)
    await host.page.wait_for_function("localStorage.length === 0")


async def test_who_leaves_is_not_brought_back_by_an_element_that_came_later(host: Host) -> None:
    host.pages["/token"] = ("eyJ-ada", {})
    await host.open(KINDS["TEXT"], body=ELEMENT)
    await host.hears("shown")
    await _insert(host, ELEMENT)
    await expect(host.card.get_by_role("textbox")).to_have_count(2)

    await _call(host, "signOut()")

    assert [each["identityToken"] for each in host.said("startVisit")] == ["eyJ-ada", None]


async def test_token_outlives_a_server_that_is_away(host: Host) -> None:
    host.pages["/token"] = ("eyJ-ada", {})
    host.answer_graphql = _broken
    await host.open(KINDS["TEXT"], body=ELEMENT)
    await host.hears("error", "detail.code === 'BAD_RESPONSE'")
    host.answer_graphql = host.answer

    await _call(host, "reload()")

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["identityToken"] for each in host.said("startVisit")] == ["eyJ-ada"]


async def test_who_signs_out_in_a_tab_beside_is_gone_here_as_well(
    host: Host, context: BrowserContext
) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")
    beside = Host(await context.new_page())
    await beside.open(KINDS["BOOLEAN"])
    await beside.hears("shown")
    host.questions, host.strangers = [KINDS["EMAIL"]], 2

    await _call(beside, "signOut()")

    await expect(host.card.locator("[type=email]")).to_be_visible()


async def test_page_that_one_goes_back_to_is_nobody_s_who_left(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")
    await host.page.evaluate("() => localStorage.clear()")

    # What listens comes last of all, and tells nobody.
    await host.page.wait_for_function(
        "() => { dispatchEvent(new Event('pageshow'));"
        " return !document.querySelector('drip-question').shadowRoot.querySelector('form'); }"
    )


async def _insert(host: Host, element: str) -> None:
    await host.page.evaluate(
        f"() => document.querySelector('main').insertAdjacentHTML('beforeend', `{element}`)"
    )


async def _later(until: asyncio.Event, route: Route) -> None:
    await until.wait()
    await route.fallback()


async def _known(host: Host, route: Route) -> None:
    """Answer as a server does that knows whom a token names, and asks them something else."""
    if "eyJ-ada" in (route.request.post_data or ""):
        host.questions, host.strangers = [KINDS["BOOLEAN"]], 2
    await host.answer(route)


async def _lost(route: Route) -> None:
    await route.abort("internetdisconnected")


async def _broken(route: Route) -> None:
    await route.fulfill(status=500, body="", headers=CORS)
