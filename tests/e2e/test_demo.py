"""The demo as people meet it: sample people, skipping, two tabs, a keyboard, a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.visitor import COMPANY_SIZE, INDUSTRY, ROLE, STRANGER, Visitor

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from tests.e2e.deployment import Deployment

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("name", "email", "kind"),
    [
        ("Amara Okafor", "amara.okafor@fernhill-robotics.example", "Business"),
        ("Mei Tanaka", "mei@gmail.com", "Free"),
    ],
)
async def test_sample_person_brings_claims_along_and_look_ups_add_to_them(
    visitor: Visitor, name: str, email: str, kind: str
) -> None:
    await visitor.arrive()

    await visitor.sign_in_as(name)

    await visitor.sees("E-mail", email, "sign-in with demo")
    await visitor.sees("Kind of e-mail domain", kind, "looked up by email_domain")
    await visitor.is_asked(ROLE)
    assert "acquaint" not in visitor.page.url


async def test_whoever_changes_their_mind_stays_a_stranger(visitor: Visitor) -> None:
    await visitor.arrive()

    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.page.get_by_role("button", name="Cancel").click()

    await expect(visitor.page.locator("#quiet")).to_have_text("You are not signed in.")
    await expect(visitor.page.locator("#who")).to_have_text(STRANGER)


async def test_skipped_question_comes_back_at_the_next_visit(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.sign_in_as("Mei Tanaka")
    await visitor.is_asked(ROLE)
    await visitor.skip()
    await visitor.is_asked(COMPANY_SIZE)
    await visitor.skip()
    await visitor.is_left_alone()
    await visitor.page.reload()
    await visitor.is_left_alone()

    await visitor.sign_out()
    await visitor.sign_in_as("Mei Tanaka")

    await visitor.is_asked(ROLE)


async def test_whoever_signs_out_and_in_again_is_asked_the_next_thing(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.sign_in_as("Jonas Lindqvist")
    await visitor.choose("Design")
    await visitor.is_asked(COMPANY_SIZE)
    await visitor.choose("Just me")
    await visitor.is_left_alone()

    await visitor.sign_out()
    await expect(visitor.page.locator("#attributes li")).to_have_count(0)
    await visitor.page.reload()
    await expect(visitor.page.locator("#who")).to_have_text(STRANGER)
    await visitor.sign_in_as("Jonas Lindqvist")

    await visitor.is_asked(INDUSTRY)
    await visitor.sees("Role", "Design", "you said so")
    await visitor.sees_counts("sign-in 2")


async def test_of_two_tabs_the_first_answer_counts(
    visitor: Visitor, context: BrowserContext, deployment: Deployment
) -> None:
    await visitor.arrive()
    await visitor.sign_in_as("Mei Tanaka")
    await visitor.is_asked(ROLE)
    other = Visitor(await context.new_page(), deployment)
    await other.page.goto(deployment.demo_url)
    await other.is_asked(ROLE)

    await visitor.choose("Sales")
    await visitor.is_asked(COMPANY_SIZE)
    await other.choose("Design")

    await other.is_asked(COMPANY_SIZE)
    await other.sees("Role", "Sales", "you said so")
    assert other.mishaps == []


async def test_keyboard_is_enough(visitor: Visitor) -> None:
    await visitor.arrive()
    keyboard = visitor.page.keyboard
    await visitor.page.get_by_role("button", name="Sign in").focus()
    await keyboard.press("Enter")
    await expect(visitor.page.get_by_role("heading", name="Who are you today?")).to_be_visible()
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await visitor.is_asked(ROLE)

    await visitor.page.get_by_role("button", name="Sign out").focus()
    await keyboard.press("Tab")
    await expect(visitor.card.get_by_label("Engineering")).to_be_focused()
    await keyboard.press("ArrowDown")
    await keyboard.press("Tab")
    await keyboard.press("Enter")

    await visitor.is_asked(COMPANY_SIZE)
    await visitor.sees("Role", "Product", "you said so")
    await expect(visitor.card.get_by_label("Just me")).to_be_focused()
    await keyboard.press("Space")
    await keyboard.press("Enter")
    await visitor.sees("Company size", "Just me", "you said so")


async def test_restart_keeps_everything(visitor: Visitor, deployment: Deployment) -> None:
    await visitor.arrive()
    await visitor.sign_in_as("Amara Okafor")
    await visitor.choose("Leadership")
    await visitor.is_asked(COMPANY_SIZE)

    deployment.stop()
    deployment.start()
    await visitor.choose("11 to 50")
    await visitor.sees("Company size", "11 to 50", "you said so")
    await visitor.page.reload()

    await expect(visitor.page.locator("#who")).to_have_text("Hello, Amara Okafor")
    await visitor.sees("Role", "Leadership", "you said so")
    await visitor.sees("Company size", "11 to 50", "you said so")
    await visitor.sees("E-mail", "amara.okafor@fernhill-robotics.example", "sign-in with demo")
    await visitor.is_left_alone()
