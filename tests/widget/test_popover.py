"""A card in the corner, or a modal one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import API
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from tests.widget.host import Host

FIELD = '<input id="own" aria-label="Own">'
BUTTON = "<button>Own</button>"


def element(mode: str, more: str = "") -> str:
    """Return the element in a mode."""
    return f'<drip-question endpoint="{API}" key="pk_test" mode="{mode}" {more}></drip-question>'


async def test_popover_takes_no_focus_and_no_room(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], body=f"{element('popover')}<button>Own</button>")
    await expect(host.card.locator("form")).to_be_visible()

    assert await host.page.evaluate("document.activeElement.localName") == "body"
    assert await host.card.evaluate("card => card.offsetHeight") == 0
    await host.page.get_by_role("button", name="Own").click()


async def test_popover_waits_until_nobody_writes(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], body=f"{FIELD}{element('popover', 'delay=0.3')}")
    await host.page.locator("#own").focus()
    await host.hears("show")
    await expect(host.card.locator("form")).to_have_count(0)

    await host.page.locator("#own").blur()

    await expect(host.card.locator("form")).to_be_visible()


async def test_popover_gets_out_of_the_way_of_whoever_writes_below_it(host: Host) -> None:
    below = '<input id="own" aria-label="Own" style="position: fixed; bottom: 3rem; right: 3rem">'
    await host.open(KINDS["BOOLEAN"], body=f"{element('popover')}{below}")
    await expect(host.card.locator("form")).to_be_visible()

    await host.page.locator("#own").focus()

    await expect(host.card.locator("form")).to_be_hidden()
    await host.card.get_by_role("button", name="One quick question").click()
    await expect(host.card.get_by_label("Yes")).to_be_visible()


@pytest.mark.parametrize(("mode", "is_dark"), [("popover", False), ("modal", True)])
async def test_only_a_modal_darkens_the_page(host: Host, mode: str, *, is_dark: bool) -> None:
    await host.open(KINDS["BOOLEAN"], body=element(mode))
    await expect(host.card.locator("form")).to_be_visible()

    behind = "shell => getComputedStyle(shell, '::backdrop').backgroundColor"
    colour = await host.card.locator(".shell").evaluate(behind)

    assert (colour != "rgba(0, 0, 0, 0)") is is_dark


async def test_popover_is_answered_and_says_thanks(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], body=element("popover"))
    await host.card.get_by_label("Yes").check()

    await host.card.get_by_role("button", name="Save").click()

    await expect(host.card.locator(".done")).to_have_text("Thank you.")


async def test_modal_keeps_the_focus_inside_and_closes_by_escape(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], body=f"{FIELD}{element('modal')}")
    await expect(host.card.get_by_role("dialog")).to_be_visible()
    assert await host.page.evaluate("document.activeElement.localName") == "drip-question"

    await host.page.keyboard.press("Escape")

    await host.hears("dismissed")
    assert len(host.said("dismissQuestion")) == 1
    await expect(host.card.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("way", ["close()", "clear()", "signOut()"])
async def test_modal_that_the_page_takes_away_gives_the_page_back(host: Host, way: str) -> None:
    await host.open(KINDS["BOOLEAN"], body=f"{BUTTON}{element('modal')}")
    await expect(host.card.get_by_role("dialog")).to_be_visible()
    host.questions = []

    await host.page.evaluate(f"document.querySelector('drip-question').{way}")

    await host.page.get_by_role("button", name="Own").click()


@pytest.mark.parametrize("mode", ["popover", "modal"])
async def test_last_word_goes_by_itself_and_gives_the_focus_back(host: Host, mode: str) -> None:
    await host.page.clock.install()
    await host.open(KINDS["BOOLEAN"], body=f"{BUTTON}{element(mode, 'delay=1')}")
    await host.page.get_by_role("button", name="Own").focus()
    await expect(host.card.locator("form")).to_be_visible()
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("answered")
    await expect(host.card.get_by_role("button", name="Make small")).to_have_count(0)

    await host.page.clock.fast_forward(10_000)

    await expect(host.card.locator(".shell")).to_be_hidden()
    await expect(host.page.get_by_role("button", name="Own")).to_be_focused()


async def test_modal_s_last_word_is_left_by_escape(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], body=f"{BUTTON}{element('modal')}")
    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("done")

    await host.page.keyboard.press("Escape")

    await host.page.get_by_role("button", name="Own").click()


@pytest.mark.parametrize("mode", ["popover", "modal"])
async def test_buttons_of_the_shell_lie_beside_what_is_in_it(host: Host, mode: str) -> None:
    await host.page.set_viewport_size({"width": 320, "height": 640})
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"], body=element(mode))
    await expect(host.card.locator("form")).to_be_visible()

    starts = "buttons => buttons.map((button) => button.getBoundingClientRect().left)"
    buttons = await host.card.locator(".minimise, .close").evaluate_all(starts)
    end = await host.card.locator("progress").evaluate("bar => bar.getBoundingClientRect().right")

    assert len(buttons) == (2 if mode == "popover" else 1)
    assert end <= min(buttons)


async def test_popover_that_is_closed_leaves_nothing_in_the_corner(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], body=element("popover"))

    await host.card.get_by_role("button", name="Close").click()

    await host.hears("dismissed")
    await expect(host.card.locator(".shell")).to_be_hidden()


async def test_escape_within_an_input_method_closes_nothing(host: Host) -> None:
    await host.open(KINDS["TEXT"], KINDS["BOOLEAN"], body=element("popover"))
    press = (
        "(field, isComposing) => field.dispatchEvent("
        "new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, composed: true, isComposing }))"
    )

    await host.card.get_by_role("textbox").evaluate(press, arg=True)
    await expect(host.card.get_by_role("textbox")).to_be_visible()
    await host.card.get_by_role("textbox").evaluate(press, arg=False)

    await host.hears("dismissed")
    assert len(host.said("dismissQuestion")) == 1


@pytest.mark.parametrize("mode", ["popover", "modal"])
async def test_framework_that_moves_the_element_keeps_it_open(host: Host, mode: str) -> None:
    await host.open(KINDS["TEXT"], body=element(mode))
    await host.card.get_by_role("textbox").fill("half an ans")

    await host.page.evaluate("document.body.append(document.querySelector('drip-question'))")

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    await expect(host.card.get_by_role("textbox")).to_have_value("half an ans")
    await expect(host.card.locator(":modal, :popover-open")).to_have_count(1)


async def test_element_that_is_away_when_its_delay_ends_opens_once_it_is_back(host: Host) -> None:
    await host.page.clock.install()
    await host.open(KINDS["TEXT"], body=element("popover", "delay=60"))
    await host.hears("show")
    await host.page.evaluate("window.away = document.querySelector('drip-question'); away.remove()")
    await host.page.clock.fast_forward(61_000)

    await host.page.evaluate("document.body.append(away)")

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert await host.told("error") == []
