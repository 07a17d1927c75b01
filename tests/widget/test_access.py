"""Whoever reads, sees and moves otherwise: axe, what screen readers get, directions, small windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.axe import violations
from tests.widget.host import Host
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from playwright.async_api import Browser

LIGHT = "<style>body { font-family: sans-serif }</style>"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_has_nothing_to_say_about_errors_and_popovers(host: Host, theme: str) -> None:
    await host.open(KINDS["SINGLE_CHOICE"], attributes=f'theme="{theme}" mode="popover"', head=LIGHT)
    await host.card.locator(".submit").click()
    await expect(host.card.locator(".error")).not_to_be_empty()

    found = await violations(host.page)
    await host.card.locator(".minimise").click()
    await expect(host.card.locator(".launcher")).to_be_visible()

    assert found + await violations(host.page) == []


async def test_axe_has_nothing_to_say_about_thanks(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], head=LIGHT)

    await host.card.locator(".skip").click()
    await expect(host.card.locator(".done")).to_be_visible()

    assert await violations(host.page) == []


async def test_screen_readers_get_the_question_its_help_and_its_buttons(host: Host) -> None:
    await host.open(KINDS["MULTI_CHOICE"])

    await expect(host.card).to_match_aria_snapshot("""
      - group "Which teams do you know?":
        - text: Which teams do you know?
        - paragraph: Choose all that apply.
        - checkbox "Design"
        - text: Design
        - checkbox "Engineering"
        - text: Engineering
        - checkbox "Sales"
        - text: Sales
      - paragraph
      - button "Save"
      - button "Not now"
      - button "Rather not say"
      - button "Doesn't apply to me"
      - button "Close"
      - status
    """)
    group = host.card.get_by_role("group", name="Which teams do you know?")
    await expect(group).to_have_accessible_description("Choose all that apply.")


async def test_person_inside_never_loses_their_place(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await host.card.get_by_label("Yes").check()

    await host.page.keyboard.press("Enter")
    await expect(host.card.get_by_role("textbox")).to_be_focused()
    await host.page.keyboard.type("Grow")
    await host.page.keyboard.press("Enter")

    await expect(host.card.locator(".done")).to_be_focused()
    await expect(host.card.locator(".done")).to_have_text("Thank you.")
    await expect(host.card.locator(".status")).to_have_text("Saved.")


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_sticks_out_of_a_window_of_320_pixels(chromium: Browser, kind: str) -> None:
    context = await chromium.new_context(viewport={"width": 320, "height": 640})
    host = Host(await context.new_page())

    await host.open(KINDS[kind])
    await expect(host.card.locator("form")).to_be_visible()

    assert await host.page.evaluate("document.documentElement.scrollWidth") <= 320
    await context.close()


async def test_text_of_four_times_the_size_still_fits(chromium: Browser) -> None:
    # 1280 pixels at 400 % are 320 CSS pixels; text alone may grow as well (WCAG 1.4.4, 1.4.10).
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    host = Host(await context.new_page())

    await host.open(KINDS["NPS"], KINDS["ADDRESS"], head="<style>html { font-size: 400% }</style>")
    await expect(host.card.locator("form")).to_be_visible()

    assert await host.page.evaluate("document.documentElement.scrollWidth") <= 1280
    await context.close()


async def test_card_is_read_from_the_right_in_arabic_and_hebrew(host: Host) -> None:
    for locale, save in (("ar", "حفظ"), ("he", "שמירה")):
        await host.open(KINDS["TEXT"], attributes=f'locale="{locale}"')
        button = host.card.get_by_role("button", name=save)
        await expect(button).to_be_visible()
        assert await button.evaluate("button => getComputedStyle(button).direction") == "rtl"


async def test_whoever_wants_less_motion_sees_none_and_paper_shows_no_question(chromium: Browser) -> None:
    context = await chromium.new_context(reduced_motion="reduce", forced_colors="active")
    host = Host(await context.new_page())
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"])
    await host.card.locator(".skip").click()
    await expect(host.card.get_by_role("textbox")).to_be_visible()

    assert await host.card.locator("form").evaluate("form => form.getAnimations().length") == 0
    await host.page.emulate_media(media="print")
    await expect(host.card.locator("form")).to_be_hidden()
    await context.close()
