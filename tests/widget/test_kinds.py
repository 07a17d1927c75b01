"""Every kind of question, answered by keyboard alone and by touch alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.async_api import expect

from tests.widget.host import Host
from tests.widget.questions import KINDS, question

if TYPE_CHECKING:
    from playwright.async_api import Browser

# What is pressed once the first control has the focus ("…" is typed), and what the server is to get.
_KEYS: dict[str, tuple[tuple[str, ...], Any]] = {
    "TEXT": (("…Grow",), "Grow"),
    "LONG_TEXT": (("…One", "Enter", "…Two"), "One\nTwo"),
    "NUMBER": (("…42",), 42),
    "RATING": (("Space", "ArrowRight", "ArrowRight"), 3),
    "NPS": (("ArrowLeft",), 10),
    "BOOLEAN": (("ArrowRight",), False),
    "DATE": (("…01312024",), "2024-01-31"),
    "SINGLE_CHOICE": (("ArrowLeft", "Tab", "…Support"), "Support"),
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


def test_there_is_a_way_for_every_kind() -> None:
    assert set(_KEYS) == set(_TAPS) == set(KINDS)


@pytest.mark.parametrize("kind", _KEYS)
async def test_kind_is_answered_by_keyboard_alone(host: Host, kind: str) -> None:
    keys, value = _KEYS[kind]
    await host.open(KINDS[kind])
    await expect(host.card.locator("form")).to_be_visible()
    keyboard = host.page.keyboard

    await keyboard.press("Tab")
    for key in keys:
        await (keyboard.type(key[1:]) if key.startswith("…") else keyboard.press(key))
    while await host.page.evaluate(_FOCUSED) != "submit":
        await keyboard.press("Tab")
    await keyboard.press("Enter")

    assert (await host.hears("answered"))["value"] == value


@pytest.mark.parametrize("kind", _TAPS)
async def test_kind_is_answered_by_touch_alone(chromium: Browser, kind: str) -> None:
    taps, value = _TAPS[kind]
    context = await chromium.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 320, "height": 640}
    )
    host = Host(await context.new_page())
    await host.open(KINDS[kind])

    for tap in taps:
        label, _, text = tap.partition("…")
        await _tap(host, label, text)
    await host.card.get_by_role("button", name="Save").tap()

    assert (await host.hears("answered"))["value"] == value
    (sent,) = host.said("answerQuestion")
    assert sent["report"]["device"] == "PHONE"
    assert host.mishaps == []
    await context.close()


async def test_control_tells_phones_and_browsers_what_it_takes(host: Host) -> None:
    expected = {
        "EMAIL": ("email", "email", "email"),
        "PHONE": ("tel", "tel", "tel"),
        "URL": ("url", "url", "url"),
        "NUMBER": ("number", "decimal", "off"),
    }

    for kind, (type_, inputmode, token) in expected.items():
        await host.open(KINDS[kind])
        control = host.card.locator("input")
        await expect(control).to_have_attribute("type", type_)
        await expect(control).to_have_attribute("inputmode", inputmode)
        await expect(control).to_have_attribute("autocomplete", token)


@pytest.mark.parametrize(
    ("key", "token"), [("given_name", "given-name"), ("company", "organization"), ("birthdate", "bday")]
)
async def test_field_that_people_fill_in_everywhere_is_filled_in_by_the_browser(
    host: Host, key: str, token: str
) -> None:
    await host.open(question("TEXT", key=key))

    await expect(host.card.locator("input")).to_have_attribute("autocomplete", token)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("TEXT", "Please write an answer."),
        ("NUMBER", "Please write a number."),
        ("DATE", "Please enter a full date."),
        ("RATING", "Please choose one."),
        ("MULTI_CHOICE", "Please choose at least 1."),
        ("EMAIL", "Please write an e-mail address, such as ada@example.com."),
        ("COUNTRY", "Please choose one."),
        ("ADDRESS", "Please fill in at least one line."),
        ("CONFIRM", "Please choose one."),
    ],
)
async def test_empty_answer_is_refused_in_one_sentence_beside_the_control(
    host: Host, kind: str, message: str
) -> None:
    await host.open(KINDS[kind])

    await host.card.get_by_role("button", name="Save").click()

    await expect(host.card.locator(".error")).to_have_text(message)
    marked = host.card.locator("[aria-invalid=true]").first
    described = (
        marked
        if await marked.get_attribute("aria-describedby")
        else marked.locator("xpath=ancestor::fieldset")
    )
    await expect(described).to_have_attribute("aria-describedby", re.compile(r"\berror\b"))
    assert host.said("answerQuestion") == []


async def _tap(host: Host, label: str, text: str) -> None:
    if label == "Country" or "live" in label:
        await host.card.get_by_role("combobox", name=label).select_option(text)
        return
    if text:
        await host.card.get_by_label(label, exact=True).last.fill(text)
        return
    found = [host.card.get_by_role(role, name=label, exact=True) for role in _TAPPED]
    await found[0].or_(found[1]).or_(found[2]).tap()


_TAPPED: tuple[Literal["radio", "checkbox", "button"], ...] = ("radio", "checkbox", "button")
_FOCUSED = "document.activeElement?.shadowRoot?.activeElement?.type"
