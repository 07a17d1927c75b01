"""Who a browser is taken for: a stranger, the one it was, or the person who signs in on it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, KeyId, Viewer, ViewerKind
from server.identity.errors import SignInCodeError
from server.identity.model import Handover, ProvedIdentity, SignInCode
from server.kit.errors import ForbiddenError
from server.profiles.model import PERSON, IdentityKind, IdentityRef, ProfileUpdate
from tests.sign_in_world import ADMIN, CHALLENGE, ORIGIN, PAGE, VERIFIER

if TYPE_CHECKING:
    from server.identity.model import StartedVisit
    from server.profiles.model import ProfileId
    from tests.sign_in_world import World


async def _sign_in(world: World, subject: str, *, resume_token: str | None = None) -> StartedVisit:
    proved = ProvedIdentity(issuer="https://idp.test", subject=subject, claims={"name": subject.title()})
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    code = await world.identity.complete_sign_in("idp", proved, handover)
    return await world.arrive(code, resume_token=resume_token)


async def _say(world: World, profile_id: ProfileId, goal: str) -> None:
    claims = await world.profiles.claims({"goal": goal}, PERSON)
    await world.profiles.write(profile_id, ProfileUpdate(claims=claims))


async def _sessions(world: World) -> int:
    return await world.database["sessions"].count_documents({})


# Strangers and those who come back


async def test_unknown_browser_is_a_stranger(world: World) -> None:
    started = await world.visit()

    assert not started.profile.is_identified
    assert started.profile.visits == 1
    assert (await world.access.identify(started.token.token, ORIGIN)).profile_id == started.profile.id


async def test_browser_with_a_resume_token_is_who_it_was(world: World) -> None:
    first = await world.visit()

    second = await world.visit(first.resume_token)

    assert second.profile.id == first.profile.id
    assert second.resume_token == first.resume_token
    assert second.profile.visits == 1


async def test_visit_after_a_quiet_while_is_a_new_one(world: World) -> None:
    first = await world.visit()
    world.clock.advance(timedelta(minutes=30))

    assert (await world.visit(first.resume_token)).profile.visits == 2


@pytest.mark.parametrize("token", ["", "rst_unknown", "\x00", "\ud800", "a" * 1_000_000])
async def test_unknown_resume_token_is_no_error(world: World, token: str) -> None:
    known = await world.visit()

    assert (await world.visit(token)).profile.id != known.profile.id


async def test_resume_token_works_on_its_own_origin_and_key_alone(world: World) -> None:
    first = await world.visit()
    elsewhere = dataclasses.replace(world.page, origin="https://other.test")
    other_key = dataclasses.replace(world.page, key_id=KeyId("key_other"))

    for page in (elsewhere, other_key):
        other = await world.identity.start_visit(page, resume_token=first.resume_token, sign_in=None)
        assert other.profile.id != first.profile.id


async def test_resume_token_lasts_thirty_days_from_its_last_use(world: World) -> None:
    first = await world.visit()
    world.clock.advance(timedelta(days=29))
    again = await world.visit(first.resume_token)
    world.clock.advance(timedelta(days=29))
    later = await world.visit(first.resume_token)
    world.clock.advance(timedelta(days=30))
    too_late = await world.visit(first.resume_token)

    assert again.profile.id == later.profile.id == first.profile.id
    assert too_late.profile.id != first.profile.id


async def test_resume_token_is_stored_as_a_hash_alone(world: World) -> None:
    started = await world.visit()

    stored = await world.database["sessions"].find_one({})

    assert started.resume_token not in str(stored)


@pytest.mark.parametrize("kind", [ViewerKind.PERSON, ViewerKind.APP])
async def test_only_a_page_starts_visits(world: World, kind: ViewerKind) -> None:
    for viewer in (NOBODY, ADMIN, dataclasses.replace(world.page, kind=kind)):
        with pytest.raises(ForbiddenError):
            await world.identity.start_visit(viewer, resume_token=None, sign_in=None)


# Signing in on a browser


async def test_what_a_stranger_said_becomes_the_persons(world: World) -> None:
    stranger = await world.visit()
    await _say(world, stranger.profile.id, "sleep better")

    person = await _sign_in(world, "ada", resume_token=stranger.resume_token)

    assert (await world.values(person.profile))["goal"] == "sleep better"
    gone = await world.profile(stranger.profile.id)
    assert gone.merged_into == person.profile.id


async def test_sign_in_starts_a_visit(world: World) -> None:
    first = await _sign_in(world, "ada")
    second = await _sign_in(world, "ada", resume_token=first.resume_token)

    assert (first.profile.visits, second.profile.visits) == (1, 2)
    assert (first.profile.logins, second.profile.logins) == (1, 2)


async def test_resume_token_changes_at_sign_in_and_the_old_one_is_dead(world: World) -> None:
    stranger = await world.visit()
    person = await _sign_in(world, "ada", resume_token=stranger.resume_token)

    after = await world.visit(stranger.resume_token)

    assert person.resume_token != stranger.resume_token
    assert after.profile.id != person.profile.id
    assert not after.profile.is_identified


async def test_planted_resume_token_does_not_open_the_person_who_signs_in_with_it(world: World) -> None:
    attackers = await world.visit()
    await _sign_in(world, "ada", resume_token=attackers.resume_token)

    assert not (await world.visit(attackers.resume_token)).profile.is_identified


async def test_second_person_on_a_shared_device_inherits_nothing(world: World) -> None:
    first = await _sign_in(world, "ada")
    await _say(world, first.profile.id, "hers alone")

    second = await _sign_in(world, "bob", resume_token=first.resume_token)

    assert second.profile.id != first.profile.id
    assert "goal" not in await world.values(second.profile)
    assert (await world.profile(first.profile.id)).merged_into is None
    assert (await world.visit(first.resume_token)).profile.id not in {first.profile.id, second.profile.id}


async def test_anonymous_session_ends_where_its_profile_became_somebodys(world: World) -> None:
    stranger = await world.visit()
    ref = IdentityRef(kind=IdentityKind.USER_ID, value="u-1")
    await world.profiles.write(stranger.profile.id, ProfileUpdate(identities=(ref,)))

    after = await world.visit(stranger.resume_token)

    assert after.profile.id != stranger.profile.id


async def test_person_comes_back_signed_in(world: World) -> None:
    person = await _sign_in(world, "ada")

    again = await world.visit(person.resume_token)

    viewer = await world.access.identify(again.token.token, ORIGIN)
    assert again.profile.id == person.profile.id
    assert viewer.is_identified


async def test_failed_code_leaves_the_browser_as_it_was(world: World) -> None:
    stranger = await world.visit()
    bad = SignInCode(code="sic_unknown", verifier=VERIFIER)

    with pytest.raises(SignInCodeError):
        await world.identity.start_visit(world.page, resume_token=stranger.resume_token, sign_in=bad)

    assert (await world.visit(stranger.resume_token)).profile.id == stranger.profile.id


async def test_code_works_on_its_own_origin_and_key_alone(world: World) -> None:
    proved = ProvedIdentity(issuer="https://idp.test", subject="ada", claims={})
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    sign_in = SignInCode(
        code=await world.identity.complete_sign_in("idp", proved, handover), verifier=VERIFIER
    )
    elsewhere = dataclasses.replace(world.page, origin="https://other.test")
    other_key = dataclasses.replace(world.page, key_id=KeyId("key_other"))

    for page in (elsewhere, other_key):
        with pytest.raises(SignInCodeError):
            await world.identity.start_visit(page, resume_token=None, sign_in=sign_in)


# Signing out


async def test_signing_out_kills_the_resume_token(world: World) -> None:
    person = await _sign_in(world, "ada")
    viewer = await world.access.identify(person.token.token, ORIGIN)

    await world.identity.sign_out(viewer)

    assert (await world.visit(person.resume_token)).profile.id != person.profile.id


async def test_signing_out_on_one_browser_leaves_the_other(world: World) -> None:
    here, there = await _sign_in(world, "ada"), await _sign_in(world, "ada")
    await world.identity.sign_out(await world.access.identify(here.token.token, ORIGIN))

    assert (await world.visit(there.resume_token)).profile.id == here.profile.id
    assert await _sessions(world) == 1


async def test_only_a_person_signs_out(world: World) -> None:
    for viewer in (NOBODY, ADMIN, world.page, Viewer(kind=ViewerKind.PERSON)):
        with pytest.raises(ForbiddenError):
            await world.identity.sign_out(viewer)
