"""One question after the other: ways out, going back, what is typed, what is seen, what is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import API, PAGE
from tests.widget.questions import KINDS, question

if TYPE_CHECKING:
    from playwright.async_api import Route

    from tests.widget.host import Host

_TURNED = """(state) => {
  Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
ELEMENT = f'<drip-question endpoint="{API}" key="pk_test"></drip-question>'


@pytest.mark.parametrize(
    ("button", "act", "event"),
    [
        ("Not now", "skipQuestion", "skipped"),
        ("Rather not say", "declineQuestion", "skipped"),
        ("Doesn't apply to me", "declineQuestion", "skipped"),
        ("Close", "dismissQuestion", "dismissed"),
    ],
)
async def test_each_way_out_is_a_button_of_its_own(host: Host, button: str, act: str, event: str) -> None:
    await host.open(KINDS["TEXT"])

    await host.card.get_by_role("button", name=button).click()

    told = await host.hears(event)
    (sent,) = host.said(act)
    assert sent.get("isNotApplicable", False) is (button == "Doesn't apply to me")
    assert told.get("outcome") in {None, "SKIPPED", "DECLINED", "NOT_APPLICABLE"}


async def test_set_says_which_ways_out_there_are_and_the_page_may_name_fewer(host: Host) -> None:
    asked = KINDS["TEXT"] | {"exits": ["DECLINE", "NOT_APPLICABLE"]}
    await host.open(asked)
    buttons = host.card.get_by_role("button")
    await expect(buttons).to_have_text(["Save", "Rather not say", "Doesn't apply to me"])

    await host.open(asked, attributes='exits="skip decline"')
    await expect(buttons).to_have_text(["Save", "Rather not say"])

    await host.open(KINDS["TEXT"] | {"exits": []})
    await expect(buttons).to_have_text(["Save"])


async def test_authors_word_the_buttons(host: Host) -> None:
    labels = {"submitLabel": "Tell us", "skipLabel": "Later", "declineLabel": "Secret"}
    await host.open(KINDS["TEXT"] | labels, attributes='exits="skip decline"')

    await expect(host.card.get_by_role("button")).to_have_text(["Tell us", "Later", "Secret"])


async def test_whoever_goes_back_puts_their_answer_right(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await expect(host.card.get_by_role("textbox")).to_be_visible()

    await host.card.get_by_role("button", name="Back").click()
    await expect(host.card.get_by_label("Yes")).to_be_checked()
    await host.card.get_by_label("No", exact=True).check()
    await host.card.get_by_role("button", name="Save").click()

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert host.said("correctAnswer") == [{"askId": "ask_0", "value": False}]


async def test_set_of_several_questions_shows_how_far_one_is(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await expect(host.card.get_by_role("progressbar", name="Question 1 of 2")).to_be_visible()

    await host.card.get_by_role("button", name="Not now").click()

    await expect(host.card.get_by_role("progressbar", name="Question 2 of 2")).to_be_visible()


async def test_half_typed_answer_outlives_a_reload_and_not_its_answer(host: Host) -> None:
    await host.open(KINDS["TEXT"], KINDS["TEXT"] | {"id": "qst_other"})
    await host.hears("shown")
    await host.card.get_by_role("textbox").press_sequentially("half an ans")

    await host.page.reload()
    await expect(host.card.get_by_role("textbox")).to_have_value("half an ans")
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("answered")

    await expect(host.card.get_by_role("textbox")).to_have_value("")


async def test_question_is_shown_once_it_is_in_view_and_not_before(host: Host) -> None:
    await host.open(KINDS["TEXT"], body=f'<div style="height: 200vh"></div>{ELEMENT}')
    await expect(host.card.locator("form")).to_be_attached()
    await host.hears("ready")
    assert await host.told("shown") == []

    await host.card.scroll_into_view_if_needed()

    await host.hears("shown")
    await host.card.get_by_role("textbox").fill("Grow")
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("answered")
    assert len(host.said("reportShown")) == 1
    report = host.said("answerQuestion")[0]["report"]
    assert (report["page"], report["device"]) == (f"{PAGE}/", "DESKTOP")
    assert report["milliseconds"] >= 0


async def test_time_in_a_tab_behind_others_does_not_count(host: Host) -> None:
    await host.page.clock.install()
    await host.open(KINDS["TEXT"])
    await host.hears("shown")

    await host.page.clock.fast_forward(20_000)
    await host.page.evaluate(_TURNED, "hidden")
    await host.page.clock.fast_forward(3_600_000)
    await host.page.evaluate(_TURNED, "visible")
    await host.card.get_by_role("textbox").fill("Grow")
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("answered")

    (sent,) = host.said("answerQuestion")
    assert 20_000 <= sent["report"]["milliseconds"] < 3_600_000


async def test_listener_may_keep_a_question_back(host: Host) -> None:
    keep = "document.addEventListener('drip:show', (event) => event.preventDefault(), {once: true})"
    await host.open(KINDS["TEXT"], head=f"<script>{keep}</script>")
    await host.hears("show")
    await expect(host.card.locator("form")).to_have_count(0)

    await host.page.evaluate("document.querySelector('drip-question').open()")

    await expect(host.card.get_by_role("textbox")).to_be_visible()


async def test_page_may_close_open_and_clear(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")
    await host.card.get_by_role("textbox").fill("half")

    await host.page.evaluate("document.querySelector('drip-question').close()")
    await expect(host.card.locator("form")).to_have_count(0)
    await host.page.evaluate("document.querySelector('drip-question').open()")
    await expect(host.card.get_by_role("textbox")).to_be_visible()
    await host.page.evaluate("document.querySelector('drip-question').clear()")

    await expect(host.card.locator("form")).to_have_count(0)
    assert "half" not in await host.page.evaluate("JSON.stringify({...sessionStorage})")
    assert host.said("dismissQuestion") == []


async def test_answer_that_the_server_refuses_comes_back_as_it_was_typed(host: Host) -> None:
    message = "Goal may not be a joke."
    host.refusal = lambda act, _: {"__typename": "InvalidAnswerError", "message": message} if act else None
    await host.open(question("TEXT"))
    await host.card.get_by_role("textbox").fill("a joke")

    await host.card.get_by_role("button", name="Save").click()

    await expect(host.card.locator(".error")).to_have_text(message)
    await expect(host.card.get_by_role("textbox")).to_have_value("a joke")
    await expect(host.card.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")


def _hold_back(host: Host) -> tuple[asyncio.Event, asyncio.Event]:
    """Have answers wait; return what tells that a request arrived, and what lets them go on."""
    arrived, may_go_on = asyncio.Event(), asyncio.Event()

    async def hold_back(route: Route) -> None:
        arrived.set()
        await may_go_on.wait()
        await host.answer(route)

    host.answer_graphql = hold_back
    return arrived, may_go_on


async def test_next_question_is_there_before_the_server_has_spoken(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await host.hears("shown")
    arrived, may_go_on = _hold_back(host)
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await arrived.wait()

    await expect(host.card.get_by_role("textbox")).to_be_focused()
    await expect(host.card.get_by_role("button", name="Back")).to_be_visible()
    await host.page.keyboard.type("Grow")
    await host.page.keyboard.press("Enter")
    assert await host.told("answered") == []
    may_go_on.set()

    await host.hears("answered", "detail.value === 'Grow'")
    assert [each["value"] for each in host.said("answerQuestion")] == [True, "Grow"]
    assert [each["ask"]["id"] for each in await host.told("show")] == ["ask_0", "ask_1"]


async def test_refusal_takes_back_the_next_question_and_what_was_done_to_it(host: Host) -> None:
    host.refusal = lambda act, _: {"__typename": "InvalidAnswerError", "message": "No."} if act else None
    await host.open(KINDS["TEXT"], KINDS["BOOLEAN"])
    await host.hears("shown")
    arrived, may_go_on = _hold_back(host)
    await host.card.get_by_role("textbox").fill("a joke")
    await host.card.get_by_role("button", name="Save").click()
    await arrived.wait()
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Not now").click()
    may_go_on.set()

    await expect(host.card.locator(".error")).to_have_text("No.")
    await expect(host.card.get_by_role("textbox")).to_have_value("a joke")
    await expect(host.card.get_by_role("button", name="Back")).to_have_count(0)
    assert host.said("skipQuestion") == []


async def test_server_that_asks_something_else_than_foreseen_is_followed(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"], KINDS["EMAIL"])
    await host.hears("shown")
    host.handled["ask_1"] = {"outcome": "ANSWERED", "value": "elsewhere, meanwhile"}

    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()

    await expect(host.card.locator(".prompt")).to_have_text(KINDS["EMAIL"]["prompt"])
    await host.hears("shown", "detail.ask.id === 'ask_2'")
    assert [each["ask"]["id"] for each in await host.told("shown")] == ["ask_0", "ask_2"]


async def test_second_half_of_a_double_click_does_nothing_to_the_next_question(host: Host) -> None:
    await host.open(KINDS["TEXT"], KINDS["TEXT"] | {"id": "qst_2"}, KINDS["BOOLEAN"])
    await host.hears("shown")

    await host.card.get_by_role("button", name="Not now").dblclick()

    await host.hears("shown", "detail.ask.id === 'ask_1'")
    assert [each["askId"] for each in host.said("skipQuestion")] == ["ask_0"]


async def test_first_question_takes_the_script_and_one_request(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await expect(host.card.get_by_role("textbox")).to_be_visible()

    assert host.loaded[0] == "drip-question.js"
    assert [each.split("-")[0] for each in host.loaded[1:2]] in ([], ["answering"])
    assert len(host.said("startVisit")) == 1
