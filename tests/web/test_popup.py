"""Signing in in a window beside the page: what came of it is told to that page's exact origin."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.identity.hostile_provider import ISSUER
from tests.sign_in_world import ORIGIN, fragment_of, parameters_of

if TYPE_CHECKING:
    import httpx

    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World


async def _signed_in(browser: Browser, provider: HostileProvider, **changed: str) -> httpx.Response:
    started = await browser.start("idp", display="popup")
    asked = parameters_of(started.headers["location"])
    provider.nonce = asked["nonce"]
    given = {"state": asked["state"], "code": "a-code", "iss": ISSUER, **changed}
    return await browser.come_back("idp", **given)


def _handed_over(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """Return the origin that is told, and what it is told."""
    found = re.search(r'<script data-origin="([^"]*)" data-url="([^"]*)">', answer.text)
    assert found is not None, answer.text
    return unescape(found[1]), fragment_of(unescape(found[2]))


async def test_code_goes_to_the_opener_on_the_pages_own_origin(
    world: World, provider: HostileProvider
) -> None:
    answer = await _signed_in(world.browser(), provider)

    origin, told = _handed_over(answer)
    assert (answer.status_code, origin) == (200, ORIGIN)
    assert "location" not in answer.headers
    arrived = await world.arrive(told["acquaint_code"])
    assert arrived.profile.is_identified


async def test_page_runs_its_own_script_alone_and_keeps_its_opener(
    world: World, provider: HostileProvider
) -> None:
    answer = await _signed_in(world.browser(), provider)

    script = re.search(r"<script [^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cross-origin-opener-policy"] == "unsafe-none"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_failure_is_told_as_well(world: World, provider: HostileProvider) -> None:
    answer = await _signed_in(world.browser(), provider, error="access_denied")

    assert _handed_over(answer) == (ORIGIN, {"acquaint_error": "access_denied"})


async def test_provider_that_is_down_is_told_at_once(world: World, provider: HostileProvider) -> None:
    provider.mode = "metadata sends a crash"

    answer = await world.browser().start("idp", display="popup")

    assert _handed_over(answer) == (ORIGIN, {"acquaint_error": "provider_unavailable"})


@pytest.mark.parametrize(
    "return_to",
    [
        "https://evil.test/",
        "https://shop.test.evil.test/",
        "https://shop.test@evil.test/",
        "javascript:alert(1)",
        "//evil.test/",
        "null",
    ],
)
async def test_no_other_origin_is_ever_told(world: World, return_to: str) -> None:
    answer = await world.browser().start("idp", display="popup", return_to=return_to)

    assert answer.status_code == 400
    assert "<script" not in answer.text


async def test_address_of_the_page_is_escaped_in_the_page(world: World, provider: HostileProvider) -> None:
    provider.mode = "metadata sends a crash"
    hostile = f'{ORIGIN}/?a="><img/src=x>&b=%3C/script%3E'

    answer = await world.browser().start("idp", display="popup", return_to=hostile)

    assert "<img" not in answer.text
    assert _handed_over(answer)[0] == ORIGIN
