"""What a sign-in and a link come to where somebody who is asked says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from server.identity.model import Handover, ProvedIdentity, SignInCode
from server.profiles.errors import RefusedError
from server.profiles.gates import Word
from tests.identity.hostile_provider import ISSUER, SETTINGS
from tests.sign_in_world import CHALLENGE, ORIGIN, PAGE, VERIFIER, fragment_of, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.identity.gates import Arrival
    from server.kit.mongo import Database
    from server.profiles.model import Profile
    from server.profiles.service import Profiles
    from tests.fakes import FakeClock
    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World


class Choosy:
    """Lets in whom it knows by the name bob, and nobody's account join."""

    async def before_sign_in(self, profiles: Profiles, arrival: Arrival) -> Word:
        del profiles
        if arrival.ref.value != "bob":
            raise RefusedError("Only bob.")
        return Word()

    async def before_link(self, profiles: Profiles, profile: Profile, arrival: Arrival) -> Word:
        del profiles, profile, arrival
        raise RefusedError("Nobody.")


@pytest.fixture
async def world(database: Database, clock: FakeClock, provider: HostileProvider) -> AsyncIterator[World]:
    """A server whose sign-ins somebody is asked about."""
    transport = httpx.ASGITransport(app=provider.app)
    async with sign_in_world(database, [SETTINGS], clock=clock, transport=transport, gate=Choosy()) as world:
        yield world


async def _come_back(browser: Browser, provider: HostileProvider, **changed: str) -> dict[str, str]:
    asked = parameters_of((await browser.start("idp", **changed)).headers["location"])
    provider.nonce = asked["nonce"]
    answer = await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)
    return fragment_of(answer.headers["location"])


async def test_denied_sign_in_leads_back_with_an_error_and_leaves_nobody(
    world: World, provider: HostileProvider
) -> None:
    fragment = await _come_back(world.browser(), provider)

    assert fragment == {"acquaint_error": "sign_in_denied"}
    assert await world.database["profiles"].count_documents({}) == 0


async def test_denied_link_leaves_the_person_as_they_were(world: World, provider: HostileProvider) -> None:
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    bob = ProvedIdentity(issuer="https://other.test", subject="bob", claims={})
    person = await world.arrive(await world.identity.complete_sign_in("idp", bob, handover))
    code = (await _come_back(world.browser(), provider, intent="link"))["acquaint_link"]

    with pytest.raises(RefusedError, match="Nobody"):
        await world.identity.joining.link(person.viewer, SignInCode(code=code, verifier=VERIFIER))

    found = await world.profile(person.profile.id)
    assert [each.ref.value for each in found.identities] == ["bob"]
