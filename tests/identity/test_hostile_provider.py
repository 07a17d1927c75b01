"""Whatever a provider sends: nobody is signed in by a lie, nothing breaks, and none of its words get out."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.identity.hostile_provider import CANARY, ISSUER, REFUSED, UNAVAILABLE
from tests.sign_in_world import PAGE, fragment_of, parameters_of

if TYPE_CHECKING:
    import httpx

    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World


_PAUSE = timedelta(seconds=2)
_HOUR = timedelta(hours=1, seconds=1)


async def _sign_in(browser: Browser, provider: HostileProvider) -> httpx.Response:
    """Walk to the provider and back; where the walk ends at the start, return how."""
    started = await browser.start("idp")
    asked = parameters_of(started.headers["location"])
    if "state" not in asked:
        return started
    provider.nonce = asked["nonce"]
    return await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)


async def test_honest_provider_signs_somebody_in(world: World, provider: HostileProvider) -> None:
    answer = await _sign_in(world.browser(), provider)
    started = await world.arrive(fragment_of(answer.headers["location"])["acquaint_code"])

    assert started.profile.logins == 1
    assert (await world.values(started.profile))["name"] == "Ada"


@pytest.mark.parametrize("mode", REFUSED)
async def test_lie_of_a_provider_signs_nobody_in(
    world: World, provider: HostileProvider, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.mode = mode

    answer = await _sign_in(world.browser(), provider)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    await _assert_nothing_happened(world, caplog)


@pytest.mark.parametrize("mode", UNAVAILABLE)
async def test_provider_that_does_not_speak_the_protocol_counts_as_down(
    world: World, provider: HostileProvider, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.mode = mode

    answer = await _sign_in(world.browser(), provider)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=provider_unavailable"
    await _assert_nothing_happened(world, caplog)


async def test_provider_is_asked_again_once_it_is_back(world: World, provider: HostileProvider) -> None:
    provider.mode = "metadata sends a crash"
    await _sign_in(world.browser(), provider)
    provider.mode = "honest"

    at_once = await _sign_in(world.browser(), provider)
    world.clock.advance(_PAUSE)
    later = await _sign_in(world.browser(), provider)

    assert fragment_of(at_once.headers["location"]) == {"acquaint_error": "provider_unavailable"}
    assert "acquaint_code" in fragment_of(later.headers["location"])


async def test_rotated_key_is_fetched_when_it_is_first_seen(world: World, provider: HostileProvider) -> None:
    await _sign_in(world.browser(), provider)
    provider.rotate_key()

    answer = await _sign_in(world.browser(), provider)

    assert "acquaint_code" in fragment_of(answer.headers["location"])


async def test_metadata_and_keys_are_asked_for_once_an_hour(world: World, provider: HostileProvider) -> None:
    await _sign_in(world.browser(), provider)
    await _sign_in(world.browser(), provider)

    assert (provider.calls.count("metadata"), provider.calls.count("jwks")) == (1, 1)
    world.clock.advance(_HOUR)
    await _sign_in(world.browser(), provider)
    assert (provider.calls.count("metadata"), provider.calls.count("jwks")) == (2, 2)


async def _assert_nothing_happened(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert await world.database["profiles"].count_documents({}) == 0
    assert await world.database["sign_in_codes"].count_documents({}) == 0
    assert CANARY not in caplog.text
    assert [record for record in caplog.records if record.levelno > logging.WARNING] == []
