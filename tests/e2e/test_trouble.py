"""Whatever goes wrong with us, the page that embeds us is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.visitor import COMPANY_SIZE, ROLE, STRANGER

if TYPE_CHECKING:
    from playwright.async_api import Route

    from tests.e2e.deployment import Deployment
    from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

GRAPHQL = "**/graphql"
LISTEN = """() => {
  window.told = [];
  document.addEventListener("drip:error", ({ detail }) => window.told.push(detail.code));
}"""


async def _is_whole(visitor: Visitor) -> None:
    """Wait until the page shows its own content, and of ours nothing at all."""
    await expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(visitor.page.get_by_role("button", name="Sign in")).to_be_visible()
    box = await visitor.card.bounding_box()
    assert box is None or box["height"] == 0


async def _hears_of(visitor: Visitor, code: str) -> None:
    """Wait until the page's developer was told."""
    await visitor.page.wait_for_function("code => window.told?.includes(code)", arg=code)


async def test_page_on_an_origin_that_is_not_allowed_shows_nothing_broken(
    visitor: Visitor, deployment: Deployment
) -> None:
    await visitor.page.add_init_script(f"({LISTEN})()")

    await visitor.page.goto(deployment.demo_url.replace("127.0.0.1", "localhost"))

    await _hears_of(visitor, "NETWORK")  # the browser keeps from a page what it may not read
    await _is_whole(visitor)


async def _broken(route: Route) -> None:
    await route.fulfill(status=500, content_type="text/html", body="<h1>Internal Server Error</h1>")


async def _html(route: Route) -> None:
    await route.fulfill(status=200, content_type="text/html", body="<!doctype html><h1>Welcome!</h1>")


async def _nonsense(route: Route) -> None:
    await route.fulfill(status=200, content_type="application/json", body='{"data": {"startVisit": null}}')


@pytest.mark.parametrize("answer", [_broken, _html])
async def test_server_that_answers_no_graphql_leaves_the_page_whole(visitor: Visitor, answer: object) -> None:
    await visitor.page.add_init_script(f"({LISTEN})()")
    await visitor.page.route(GRAPHQL, answer)  # type: ignore[arg-type] # one of the handlers above

    await visitor.page.goto(visitor.demo_url)

    await _hears_of(visitor, "BAD_RESPONSE")
    await _is_whole(visitor)


async def test_server_that_answers_nonsense_leaves_the_page_whole(visitor: Visitor) -> None:
    await visitor.page.add_init_script(f"({LISTEN})()")
    await visitor.page.route(GRAPHQL, _nonsense)

    await visitor.page.goto(visitor.demo_url)

    await visitor.page.wait_for_function("() => window.told?.length > 0")
    await _is_whole(visitor)


async def test_answer_that_could_not_be_sent_stays_and_is_sent_again(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.sign_in_as("Mei Tanaka")
    await visitor.is_asked(ROLE)
    await visitor.page.route(GRAPHQL, _broken)

    await visitor.choose("Sales")
    await expect(visitor.card.locator(".error")).to_have_text(
        "This could not be saved just now. Please try again."
    )
    await expect(visitor.card.get_by_label("Sales")).to_be_checked()
    await visitor.page.unroute(GRAPHQL)
    await visitor.save()

    await visitor.is_asked(COMPANY_SIZE)
    await visitor.sees("Role", "Sales", "you said so")


async def test_provider_that_is_down_leads_back_to_the_page(visitor: Visitor) -> None:
    await visitor.page.add_init_script(f"({LISTEN})()")
    await visitor.arrive()

    await visitor.go_to_provider("down")

    await _hears_of(visitor, "SIGN_IN_FAILED")
    await expect(visitor.page.locator("#who")).to_have_text(STRANGER)
    assert "acquaint" not in visitor.page.url


async def test_provider_that_nobody_configured_is_a_page_of_ours(visitor: Visitor) -> None:
    await visitor.arrive()

    await visitor.go_to_provider("nobody")

    await expect(visitor.page.get_by_role("heading")).to_have_text("Sign-in did not work")


async def test_script_that_cannot_be_loaded_leaves_the_page_whole(visitor: Visitor) -> None:
    await visitor.page.route("**/widget/*.js", _broken)

    await visitor.page.goto(visitor.demo_url)

    await _is_whole(visitor)
