"""Who is there: tokens of the host's backend, and whoever signs in and out while the page stays open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import API, CORS, PAGE
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from playwright.async_api import Route

    from tests.widget.host import Host

ELEMENT = f'<drip-question endpoint="{API}" key="pk_test" token-url="/token"></drip-question>'
REFUSED = {"__typename": "IdentityTokenError", "message": "exp: the token has ended"}


async def _call(host: Host, call: str) -> None:
    await host.page.evaluate(f"() => document.querySelector('drip-question').{call}")


async def test_visit_begins_as_whom_the_backend_names(host: Host) -> None:
    host.pages["/token"] = ("eyJ-good\n", {})

    await host.open(KINDS["TEXT"], attributes='token-url="/token"')

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["identityToken"] for each in host.said("startVisit")] == ["eyJ-good"]


@pytest.mark.parametrize("is_up", [True, False])
async def test_backend_that_names_nobody_or_is_away_leaves_a_stranger(host: Host, *, is_up: bool) -> None:
    host.pages["/token"] = ("", {})
    await host.open(KINDS["TEXT"], body="")
    if not is_up:
        await host.page.route(f"{PAGE}/token", _lost)

    await host.page.evaluate(
        f"() => document.querySelector('main').insertAdjacentHTML('beforeend', `{ELEMENT}`)"
    )

    await expect(host.card.get_by_role("textbox")).to_be_visible()
    assert [each["identityToken"] for each in host.said("startVisit")] == [None]


async def test_token_that_comes_later_begins_the_visit_anew(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")

    await _call(host, "setToken('eyJ-late')")

    assert [each["identityToken"] for each in host.said("startVisit")] == [None, "eyJ-late"]
    assert host.said("startVisit")[1]["resumeToken"] == "resume"


async def test_token_that_is_refused_leaves_a_stranger_and_is_told(host: Host) -> None:
    async def refuse(route: Route) -> None:
        if "eyJ-old" in (route.request.post_data or ""):
            await route.fulfill(json={"data": {"startVisit": REFUSED}}, headers=CORS)
        else:
            await host.answer(route)

    host.pages["/token"] = ("eyJ-old", {})
    host.answer_graphql = refuse
    await host.open(KINDS["TEXT"], attributes='token-url="/token"')

    told = await host.hears("error", "detail.code === 'IDENTITY_TOKEN_INVALID'")
    assert told["message"] == "exp: the token has ended"
    await expect(host.card.get_by_role("textbox")).to_be_visible()


@pytest.mark.parametrize(("call", "ends"), [("reset()", 0), ("signOut()", 1)])
async def test_who_leaves_leaves_nothing_behind(host: Host, call: str, ends: int) -> None:
    await host.open(KINDS["TEXT"])
    await host.hears("shown")
    await host.card.get_by_role("textbox").press_sequentially("half")

    await _call(host, call)

    await expect(host.card.get_by_role("textbox")).to_have_value("")
    assert [each["resumeToken"] for each in host.said("startVisit")] == [None, None]
    assert sum("signOut" in each["query"] for each in host.sent) == ends
    assert "half" not in await host.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")


async def _lost(route: Route) -> None:
    await route.abort("internetdisconnected")
