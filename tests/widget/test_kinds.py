"""What each kind tells browsers, and what it refuses; how it is answered is in test_engines.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import Host
from tests.widget.questions import KINDS, question

if TYPE_CHECKING:
    from playwright.async_api import Browser, ViewportSize


async def test_report_says_that_it_was_a_phone(chromium: Browser) -> None:
    small: ViewportSize = {"width": 320, "height": 640}
    context = await chromium.new_context(has_touch=True, is_mobile=True, viewport=small)
    host = Host(await context.new_page())
    await host.open(KINDS["BOOLEAN"])

    await host.card.get_by_label("Yes").tap()
    await host.card.get_by_role("button", name="Save").tap()

    await host.hears("answered")
    (sent,) = host.said("answerQuestion")
    assert sent["report"]["device"] == "PHONE"
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
