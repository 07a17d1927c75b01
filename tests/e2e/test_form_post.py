"""A provider that answers with a form, in a real browser: our cookie comes with our own page alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from server.web.pages import returning_page

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Route

pytestmark = pytest.mark.e2e

_FORM = """<form method="post" action="https://api.test/auth/apple/callback">
<input name="state" value="s"></form>
<script>document.forms[0].submit()</script>"""


async def test_browser_brings_its_cookie_with_our_own_page_and_not_with_the_providers(
    context: BrowserContext,
) -> None:
    seen: list[tuple[str | None, str | None]] = []
    ours = returning_page("/auth/apple/return", {"state": "s", "code": 'c"><b>', "user": '{"name":1}'})
    cookie = {"name": "__Host-acquaint_sign_in", "value": "x", "domain": "api.test", "path": "/"}
    await context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Lax"}])  # type: ignore[typeddict-item] # merged

    async def note(route: Route) -> None:
        headers = await route.request.all_headers()
        seen.append((headers.get("cookie"), route.request.post_data))

    async def callback(route: Route) -> None:
        await note(route)
        await route.fulfill(status=200, headers=dict(ours.headers), body=bytes(ours.body))

    async def returned(route: Route) -> None:
        await note(route)
        await route.fulfill(body="done")

    page = await context.new_page()
    await page.route(
        "https://appleid.test/", lambda route: route.fulfill(content_type="text/html", body=_FORM)
    )
    await page.route("https://api.test/auth/apple/callback", callback)
    await page.route("https://api.test/auth/apple/return", returned)
    await page.goto("https://appleid.test/")
    await page.wait_for_url("https://api.test/auth/apple/return")

    (from_provider, _), (from_us, form) = seen
    assert from_provider is None
    assert from_us == "__Host-acquaint_sign_in=x"
    assert parse_qs(form or "") == {"state": ["s"], "code": ['c"><b>'], "user": ['{"name":1}']}
