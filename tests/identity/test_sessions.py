"""Sessions are listed and ended by their person alone, and end by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, SessionId
from server.identity.errors import SignInCodeError
from server.identity.model import SESSION_ABSOLUTE, Handover, ProvedIdentity
from server.kit.errors import ForbiddenError, NotFoundError
from tests.sign_in_world import CHALLENGE, ORIGIN, PAGE

if TYPE_CHECKING:
    from server.identity.model import StartedVisit
    from tests.sign_in_world import World


async def _code(world: World, subject: str) -> str:
    proved = ProvedIdentity(issuer="https://idp.test", subject=subject, claims={})
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    return await world.identity.complete_sign_in("idp", proved, handover)


async def _sign_in(world: World, subject: str = "ada") -> StartedVisit:
    return await world.arrive(await _code(world, subject))


async def test_person_sees_their_own_sessions_latest_first(world: World) -> None:
    await _sign_in(world, "bob")
    first = await _sign_in(world)
    world.clock.advance(timedelta(seconds=1))
    second = await _sign_in(world)

    found = await world.identity.sessions.of(first.viewer)

    assert [each.id for each in found] == [second.viewer.session_id, first.viewer.session_id]
    assert await world.identity.sessions.of(NOBODY) == []


async def test_person_ends_one_session(world: World) -> None:
    here, there = await _sign_in(world), await _sign_in(world)

    await world.identity.sessions.revoke(here.viewer, SessionId(there.viewer.session_id or ""))

    assert (await world.visit(there.resume_token)).profile.id != there.profile.id
    assert (await world.visit(here.resume_token)).profile.id == here.profile.id


async def test_nobody_ends_the_session_of_somebody_else(world: World) -> None:
    mine, theirs = await _sign_in(world, "mallory"), await _sign_in(world)

    with pytest.raises(NotFoundError):
        await world.identity.sessions.revoke(mine.viewer, SessionId(theirs.viewer.session_id or ""))
    with pytest.raises(ForbiddenError):
        await world.identity.sessions.revoke(world.page, SessionId(theirs.viewer.session_id or ""))

    assert (await world.visit(theirs.resume_token)).profile.id == theirs.profile.id


async def test_signing_out_everywhere_ends_every_session_and_every_code(world: World) -> None:
    here, there, bystander = await _sign_in(world), await _sign_in(world), await _sign_in(world, "bob")
    code = await _code(world, "ada")

    assert await world.identity.sessions.end_all(here.viewer) == 2

    for dead in (here, there):
        assert (await world.visit(dead.resume_token)).profile.id != here.profile.id
    with pytest.raises(SignInCodeError):
        await world.arrive(code)
    assert (await world.visit(bystander.resume_token)).profile.id == bystander.profile.id


async def test_session_ends_one_day_however_much_it_is_used(world: World) -> None:
    started = await _sign_in(world)
    end = world.clock() + SESSION_ABSOLUTE
    while world.clock() + timedelta(days=20) < end:
        world.clock.advance(timedelta(days=20))
        assert (await world.visit(started.resume_token)).profile.id == started.profile.id

    world.clock.advance(timedelta(days=20))

    assert (await world.visit(started.resume_token)).profile.id != started.profile.id
