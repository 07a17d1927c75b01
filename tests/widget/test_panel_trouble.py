"""The panel when somebody leaves, when what is read comes late, when the network goes: nothing is false."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from server.profiles.model import AttributeType
from tests.api import PUBLIC_URL
from tests.privacy.world import work

if TYPE_CHECKING:
    from playwright.async_api import Response, Route

    from tests.widget.shop import Shop


async def test_number_that_is_emptied_is_no_zero(shop: Shop) -> None:
    await _know_size(shop, 12)
    await shop.open()

    await shop.panel.get_by_role("button", name="Correct: Size").click()
    await shop.panel.get_by_role("spinbutton", name="Size").fill("")
    await shop.panel.get_by_role("button", name="Save").click()
    await shop.panel.get_by_role("button", name="Cancel").click()

    await expect(shop.row("Size").locator("[part=value]")).to_have_text("12")
    assert (await shop.known())["size"] == 12


@pytest.mark.parametrize("way", ["signOut()", "reset()"])
async def test_nothing_stays_of_who_left_while_they_corrected_something(shop: Shop, way: str) -> None:
    await shop.open("profile-panel", "drip-question")
    await shop.panel.get_by_role("button", name="Correct: Team").click()
    await expect(shop.panel.get_by_role("combobox", name="Team")).to_be_focused()

    await shop.page.evaluate(f"() => document.querySelector('drip-question').{way}")

    await expect(shop.panel).to_contain_text("Nothing yet.")
    await expect(shop.row("Team")).to_have_count(0)


async def test_what_is_read_late_of_who_left_is_not_shown(shop: Shop) -> None:
    await shop.open("profile-panel", "drip-question")
    await expect(shop.row("Topic")).to_be_visible()
    read, left = asyncio.Event(), asyncio.Event()

    async def slowly(sent: str) -> None:
        if "enrichments" in sent and not read.is_set():
            read.set()
            await left.wait()

    shop.before_answering = slowly
    await shop.panel.get_by_role("button", name="Take back: Team").click()
    await read.wait()
    await shop.page.evaluate("() => document.querySelector('drip-question').reset()")
    await expect(shop.panel).to_contain_text("Nothing yet.")
    async with shop.page.expect_response(f"{PUBLIC_URL}/graphql"):
        left.set()

    await expect(shop.panel).to_contain_text("Nothing yet.")


async def test_nothing_is_drawn_before_there_are_words_for_it(shop: Shop) -> None:
    spoken = asyncio.Event()
    sent: list[str] = []

    async def note(body: str) -> None:
        sent.append(body)

    async def late(route: Route) -> None:
        await spoken.wait()
        await shop.forward(route)

    shop.before_answering = note
    await shop.open("drip-question", "profile-panel", root='lang="ar" dir="rtl"', late={"ar-*": late})
    await shop.page.wait_for_function("document.querySelector('drip-question').client?.visit")
    round_trip = "() => document.querySelector('drip-question').client.request('{ viewer { kind } }')"
    await shop.page.evaluate(round_trip)
    assert [each for each in sent if "enrichments" in each] == []

    spoken.set()

    await expect(shop.panel.get_by_role("heading").first).to_have_text("ما نعرفه عنك")


async def test_consent_that_could_not_be_written_is_shown_as_it_is(shop: Shop) -> None:
    await shop.open()
    box = shop.panel.get_by_role("checkbox", name="You may write to me.")
    await expect(box).to_be_checked()
    await shop.page.route(f"{PUBLIC_URL}/graphql", lambda route: route.abort())

    await box.press("Space")

    await expect(shop.panel.get_by_role("status")).not_to_be_empty()
    await expect(box).to_be_checked()
    await expect(box).to_be_focused()


async def test_whoever_ticks_by_keyboard_keeps_their_place(shop: Shop) -> None:
    await shop.open()
    box = shop.panel.get_by_role("checkbox", name="You may write to me.")

    await box.press("Space")

    await expect(shop.row("Topic")).to_have_count(0)
    await expect(box).to_be_focused()


async def test_download_stays_where_nothing_is_drawn_because_somebody_corrects(shop: Shop) -> None:
    await shop.open("profile-panel", "drip-question")
    await shop.panel.get_by_role("button", name="Correct: Team").click()
    await expect(shop.panel.get_by_role("combobox", name="Team")).to_be_focused()
    question = shop.page.locator("drip-question")

    async with shop.page.expect_response(_is_read_by_the_panel):
        await question.get_by_role("button", name="Not now").evaluate("button => button.click()")
    await expect(question.get_by_role("textbox")).to_have_count(0)

    await expect(shop.panel.get_by_role("button", name="Download my data")).to_be_visible()


async def test_archive_survives_that_the_panel_is_drawn_anew(shop: Shop) -> None:
    await shop.open()
    await shop.panel.get_by_role("button", name="Download my data").click()
    await expect(shop.panel.get_by_role("button", name="Your data is being packed …")).to_be_visible()
    await shop.panel.get_by_role("button", name="Take back: Team").click()
    await expect(shop.row("Team")).to_have_count(0)

    await work(shop.api)

    await expect(shop.panel.get_by_role("link", name="Your data is ready: download")).to_be_visible()


async def test_archive_that_the_network_lost_may_be_asked_for_again(shop: Shop) -> None:
    await shop.open()
    await shop.panel.get_by_role("button", name="Download my data").click()
    await expect(shop.panel.get_by_role("button", name="Your data is being packed …")).to_be_visible()

    await shop.page.route(f"{PUBLIC_URL}/graphql", lambda route: route.abort())

    await expect(shop.panel.get_by_role("button", name="Download my data")).to_be_visible()
    await expect(shop.panel.get_by_role("status")).not_to_be_empty()


async def test_panel_that_left_the_page_asks_nothing(shop: Shop) -> None:
    await shop.open("profile-panel", "drip-question")
    await expect(shop.row("Team")).to_be_visible()
    await shop.page.evaluate("() => document.querySelector('profile-panel').remove()")
    read: list[str] = []
    shop.page.on("request", lambda request: read.append(request.post_data or ""))

    await shop.page.evaluate("() => document.querySelector('drip-question').reset()")
    await expect(shop.page.locator("drip-question").get_by_role("textbox")).to_be_visible()

    assert [each for each in read if "enrichments" in each] == []


def _is_read_by_the_panel(response: Response) -> bool:
    return "enrichments" in (response.request.post_data or "")


async def _know_size(shop: Shop, size: int) -> None:
    await shop.api.define("size", AttributeType.INTEGER)
    await shop.api.data(
        "mutation ($key: String!, $value: JSON)"
        " { correctAttribute(input: {key: $key, value: $value}) { __typename } }",
        {"key": "size", "value": size},
        by=shop.person,
    )
