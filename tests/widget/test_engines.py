"""Every kind of question in Chromium, Firefox and WebKit: by keyboard, by touch, by screen reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.widget.axe import VIOLATIONS
from tests.widget.engines.chromium import chromium_tab
from tests.widget.engines.firefox import firefox_tab
from tests.widget.engines.site import CARD, Site
from tests.widget.engines.tab import keys_of
from tests.widget.engines.webkit import webkit_tab
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ENGINES = {"chromium": chromium_tab, "firefox": firefox_tab, "webkit": webkit_tab}

# What is pressed once the first control has the focus ("…" is typed), and what the server is to get.
_KEYS: dict[str, tuple[tuple[str, ...], Any]] = {
    "TEXT": (("…Grow",), "Grow"),
    "LONG_TEXT": (("…One", "Enter", "…Two"), "One\nTwo"),
    "NUMBER": (("…42",), 42),
    "RATING": (("Space", "ArrowRight", "ArrowRight"), 3),
    "NPS": (("Space", "ArrowRight"), 1),
    "BOOLEAN": (("ArrowRight",), False),
    "DATE": (("…01/31/2024",), "2024-01-31"),
    "SINGLE_CHOICE": (("ArrowRight", "ArrowRight", "ArrowRight", "Tab", "…Support"), "Support"),
    "MULTI_CHOICE": (("Space", "Tab", "Tab", "Space"), ["design", "sales"]),
    "PICTURE_CHOICE": (("Space",), "sea"),
    "RANKING": (("Tab", "Enter", "Enter"), ["engineering", "sales", "design"]),
    "EMAIL": (("…ada@example.com",), "ada@example.com"),
    "PHONE": (("…+44 20 7946 0000",), "+442079460000"),
    "URL": (("…example.com",), "https://example.com"),
    "COUNTRY": (("…Germ",), "DE"),
    "ADDRESS": (
        ("…1 Main St", "Tab", "Tab", "…London"),
        {"street_address": "1 Main St", "locality": "London"},
    ),
    "CONSENT": (("Space",), True),
    "CONFIRM": (("Space",), {"verdict": "right", "value": "Acme"}),
}

# What is tapped, by its label, and what the server is to get; what follows a "…" is typed into a field.
_TAPS: dict[str, tuple[tuple[str, ...], Any]] = {
    "TEXT": (("What would you like to achieve?…Grow",), "Grow"),
    "LONG_TEXT": (("Tell us more…One",), "One"),
    "NUMBER": (("How many people work there?…42",), 42),
    "RATING": (("4",), 4),
    "NPS": (("0",), 0),
    "BOOLEAN": (("Yes",), True),
    "DATE": (("When did you start?…2024-01-31",), "2024-01-31"),
    "SINGLE_CHOICE": (("Engineering",), "engineering"),
    "MULTI_CHOICE": (("Engineering", "Sales"), ["engineering", "sales"]),
    "PICTURE_CHOICE": (("Hills",), "hills"),
    "RANKING": (("Move Sales up",), ["design", "sales", "engineering"]),
    "EMAIL": (("What is your e-mail address?…ada@example.com",), "ada@example.com"),
    "PHONE": (("What is your number?…0044 20 7946 0000",), "+442079460000"),
    "URL": (("Where is your site?…http://example.com",), "http://example.com"),
    "COUNTRY": (("Where do you live?…JP",), "JP"),
    "ADDRESS": (("Postcode…N1 9GU", "Country…GB"), {"postal_code": "N1 9GU", "country": "GB"}),
    "CONSENT": (("I don't agree",), False),
    "CONFIRM": (("No, it should be", "No, it should be…Apex"), {"verdict": "edit", "value": "Apex"}),
}

# What a screen reader is told of each kind: roles with their names, beside the prompt's own.
_TREE: dict[str, tuple[str, ...]] = {
    "TEXT": ("textbox What would you like to achieve?",),
    "LONG_TEXT": ("textbox Tell us more",),
    "NUMBER": ("spinbutton How many people work there?",),
    "RATING": ("radiogroup How do you like it?", "radio 1", "radio 5"),
    "NPS": ("radiogroup Would you recommend us?", "radio 0", "radio 10"),
    "BOOLEAN": ("radiogroup Do you work remotely?", "radio Yes", "radio No"),
    "DATE": (),  # no engine has a role for it
    "SINGLE_CHOICE": ("radiogroup Which team are you in?", "radio Design", "radio Something else"),
    "MULTI_CHOICE": ("group Which teams do you know?", "checkbox Design", "checkbox Sales"),
    "PICTURE_CHOICE": ("radiogroup Where to?", "radio Sea", "radio Hills"),
    "RANKING": ("group Which come first?", "button Move Design down", "button Move Sales up"),
    "EMAIL": ("textbox What is your e-mail address?",),
    "PHONE": ("textbox What is your number?",),
    "URL": ("textbox Where is your site?",),
    "COUNTRY": ("combobox Where do you live?",),
    "ADDRESS": ("group Where shall we send it?", "textbox Postcode", "combobox Country"),
    "CONSENT": ("radiogroup May we write to you?", "radio I agree", "radio I don't agree"),
    "CONFIRM": ("radiogroup Is this right?", "radio Yes, that is right", "radio No, it should be"),
}
_BUTTONS = (
    *("button Save", "button Not now", "button Rather not say", "button Doesn't apply to me"),
    "button Close",
)

_LOOKS = {
    "light": "<style>body { font-family: sans-serif }</style>",
    "dark": "<style>body { background: #14141a; color: #ececf1; font-family: sans-serif }</style>",
    "rtl": '<script>document.documentElement.dir = "rtl"; document.documentElement.lang = "ar"</script>',
}


@pytest.fixture(scope="module", params=_ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """One browser for all tests, and a site that it has never been to."""
    async with _ENGINES[request.param]() as tab, Site(tab).running() as site:
        yield site


def test_there_is_a_way_for_every_kind() -> None:
    assert set(_KEYS) == set(_TAPS) == set(_TREE) == set(KINDS)


@pytest.mark.parametrize("kind", _KEYS)
async def test_kind_is_answered_by_keyboard_alone(engine: Site, kind: str) -> None:
    strokes, value = _KEYS[kind]
    await engine.open(KINDS[kind])

    await engine.tab.press(*keys_of("Tab"))
    for stroke in strokes:
        await engine.tab.press(*keys_of(stroke))
        await engine.tab.run(_DRAWN)
    while await engine.tab.run(_FOCUSED) != "submit":
        await engine.tab.press(*keys_of("Tab"))
    await engine.tab.press(*keys_of("Enter"))

    await engine.tab.wait_for(_ANSWERED)
    assert engine.kept() == [value]


@pytest.mark.parametrize("kind", _TAPS)
async def test_kind_is_answered_by_touch_alone(engine: Site, kind: str) -> None:
    taps, value = _TAPS[kind]
    await engine.open(KINDS[kind])

    for tap in taps:
        label, _, text = tap.partition("…")
        await _tap(engine, label, text)
    await _tap(engine, "Save")

    await engine.tab.wait_for(_ANSWERED)
    assert engine.kept() == [value]


@pytest.mark.parametrize("kind", _TREE)
async def test_screen_readers_are_told_what_there_is(engine: Site, kind: str) -> None:
    await engine.open(KINDS[kind])

    told = [await engine.tab.exposes(*each.split(" ", 1)) for each in (*_TREE[kind], *_BUTTONS)]

    assert all(told), told


@pytest.mark.parametrize("look", _LOOKS)
async def test_axe_has_nothing_to_say_about_any_kind(engine: Site, look: str) -> None:
    await engine.open_all(KINDS, head=f'<script src="/axe.js"></script>{_LOOKS[look]}')

    assert await engine.tab.run(VIOLATIONS) == []


async def _tap(site: Site, label: str, text: str = "") -> None:
    if text and label in _PICKED_BY_THE_SYSTEM:
        await site.tab.run(_PICK % (json.dumps(label), json.dumps(text)))
        return
    await site.tab.tap(*await site.tab.run(_MIDDLE % json.dumps([label, bool(text)])))
    await site.tab.press(*text)


_FOCUSED = "document.activeElement?.shadowRoot?.activeElement?.type"
# Nobody is quicker than the screen.
_DRAWN = "new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))"
_ANSWERED = "window.told.some(({ type }) => type === 'drip:answered')"
# Lists and calendars are drawn by the system, where no driver's finger reaches.
_PICKED_BY_THE_SYSTEM = {"Country", "Where do you live?", "When did you start?"}
_CONTROLS = f"[...{CARD}.querySelectorAll('button, input, textarea, select')]"
_NAMES = """(control) => [
  control.getAttribute("aria-label"),
  control.closest("button")?.textContent,
  ...[...(control.labels ?? [])].map((each) => (each.querySelector("span") ?? each.firstChild).textContent),
]"""
_PICK = f"""((label, value) => {{
  const control = {_CONTROLS}.find((each) => ({_NAMES})(each).includes(label));
  control.value = value;
  control.dispatchEvent(new Event("input", {{ bubbles: true }}));
}})(%s, %s)"""
_MIDDLE = f"""(([label, isField]) => {{
  const isChoice = ({{ type }}) => /radio|checkbox|submit|button/.test(type);
  const control = {_CONTROLS}.find((each) => isChoice(each) !== isField && ({_NAMES})(each).includes(label));
  control.scrollIntoView({{ block: "center" }});
  const {{ x, y, width, height }} = control.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}})(%s)"""
