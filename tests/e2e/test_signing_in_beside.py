"""Signing in in a window beside the page, and a page that stays open: nothing on it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.visitor import ROLE, STRANGER

if TYPE_CHECKING:
    from playwright.async_api import Page, Request, Route

    from tests.e2e.deployment import Deployment
    from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

BESIDE = "key => void document.querySelector('drip-question').signInWithPopup(key)"


async def _window_of(visitor: Visitor, provider: str) -> Page:
    async with visitor.page.expect_popup() as opened:
        await visitor.page.evaluate(BESIDE, provider)
    return await opened.value


async def _fill(window: Page) -> None:
    await window.get_by_label("Account").fill("alice")
    await window.get_by_role("button", name="Sign in").click()


async def _is_signed_in(page: Page) -> None:
    await expect(page.locator("#sign-out")).to_be_visible()
    await expect(page.locator("#who")).not_to_have_text(STRANGER)


async def test_window_signs_the_page_in_and_closes(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.page.evaluate("window.isStillHere = true")

    window = await _window_of(visitor, "certified")
    async with window.expect_event("close"):
        await _fill(window)

    await _is_signed_in(visitor.page)
    assert await visitor.page.evaluate("window.isStillHere")
    assert "acquaint" not in visitor.page.url


async def test_refusal_in_the_window_is_told_to_the_page(visitor: Visitor) -> None:
    await visitor.arrive()
    window = await _window_of(visitor, "certified")

    async with window.expect_event("close"):
        await window.get_by_role("button", name="Deny").click()

    await expect(visitor.page.locator("#quiet")).to_have_text("You are not signed in.")
    await expect(visitor.page.locator("#who")).to_have_text(STRANGER)


async def _cut_off(route: Route) -> None:
    answer = await route.fetch()
    await route.fulfill(
        response=answer, headers={**answer.headers, "cross-origin-opener-policy": "same-origin"}
    )


async def test_page_is_signed_in_though_the_provider_cuts_the_window_off(visitor: Visitor) -> None:
    await visitor.page.context.route("**/interaction/*", _cut_off)
    await visitor.arrive()

    window = await _window_of(visitor, "certified")
    await _fill(window)

    await _is_signed_in(window)
    await _is_signed_in(visitor.page)
    assert "acquaint" not in window.url


def _renews(request: Request) -> bool:
    return "renewViewerToken" in (request.post_data or "")


async def test_half_given_answer_outlives_the_viewer_token(visitor: Visitor) -> None:
    await visitor.page.clock.install()
    await visitor.arrive()
    await visitor.sign_in_as("Mei Tanaka")
    await visitor.is_asked(ROLE)
    option = visitor.card.get_by_role("radio").first
    await option.check()

    async with visitor.page.expect_response(lambda answer: _renews(answer.request)) as renewed:
        await visitor.page.clock.fast_forward("14:30")
    answer = await (await renewed.value).json()

    assert answer["data"]["renewViewerToken"]["__typename"] == "RenewViewerTokenSuccess"
    await expect(option).to_be_checked()
    await visitor.is_asked(ROLE)
    await visitor.save()
    await expect(visitor.card.locator(".prompt")).not_to_have_text(ROLE)


async def test_failure_is_heard_by_a_script_that_comes_with_the_page(visitor: Visitor) -> None:
    await visitor.page.add_init_script(
        "addEventListener('load', () => document.querySelector('drip-question').addEventListener("
        "'drip:error', ({detail}) => { window.late = detail.code; }))"
    )

    await visitor.page.goto(f"{visitor.demo_url}/#acquaint_error=access_denied")

    await visitor.page.wait_for_function("() => window.late === 'SIGN_IN_FAILED'")
    assert await visitor.page.evaluate("document.querySelector('drip-question').client.signInError.code") == (
        "SIGN_IN_FAILED"
    )


async def test_person_reads_what_will_be_used_and_what_they_untick_stays_withheld(
    visitor: Visitor, deployment: Deployment
) -> None:
    page = visitor.page
    await page.goto(f"{deployment.api_url}/auth/")
    form = page.locator("form").filter(has=page.get_by_role("button", name="Sign in with Certified"))
    await expect(form.get_by_label("E-mail", exact=True)).to_be_checked()
    await form.get_by_label("E-mail", exact=True).uncheck()

    await form.get_by_role("button").click()
    await _fill(page)
    account = page.get_by_role("listitem").filter(has_text="Certified")
    await expect(account).to_contain_text("You withhold email.")
    await page.get_by_role("button", name="Sign out here").click()
    await form.get_by_role("button").click()  # all is ticked, and the provider knows who is there
    await expect(account).to_contain_text("You withhold email.")

    await page.get_by_role("button", name="Use it from the next sign-in on").click()

    await expect(account).not_to_contain_text("withhold")


async def test_person_links_another_account_on_our_page(visitor: Visitor, deployment: Deployment) -> None:
    page = visitor.page
    await page.goto(f"{deployment.api_url}/auth/")
    await page.get_by_role("button", name="Sign in with Certified").click()
    await _fill(page)

    await page.get_by_role("button", name="Link Demo").click()
    await page.get_by_role("button", name="Mei Tanaka").click()

    accounts = page.get_by_role("list").first
    await expect(accounts.get_by_role("listitem")).to_have_count(2)
    await expect(accounts).to_contain_text("Demo")
    await expect(page.get_by_text("(here)")).to_be_visible()
