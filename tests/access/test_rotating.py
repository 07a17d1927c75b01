"""Keys that get a new token, that expire, and that tell when they were last used."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.errors import KeyInvalidError
from server.access.model import NOBODY, KeyId, KeyKind, Scope
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from server.kit.paging import PageRequest
from tests.core import build_core
from tests.factories.access import ADMIN, ORIGIN, app_viewer, person_viewer

if TYPE_CHECKING:
    from datetime import datetime

    from server.access.model import NewKey, Viewer
    from tests.core import Core
    from tests.fakes import FakeClock

DAY = timedelta(days=1)


async def _key(core: Core, kind: KeyKind = KeyKind.SECRET, *, expires_at: datetime | None = None) -> NewKey:
    is_secret = kind is KeyKind.SECRET
    return await core.access.create_key(
        ADMIN,
        kind=kind,
        name="Shop",
        scopes=(Scope.PROFILES_READ,) if is_secret else (),
        origins=() if is_secret else (ORIGIN,),
        expires_at=expires_at,
    )


async def _opens(core: Core, token: str) -> bool:
    try:
        await core.access.identify(token, ORIGIN)
    except KeyInvalidError:
        return False
    return True


@pytest.mark.parametrize("kind", KeyKind)
async def test_token_before_stays_good_for_the_overlap(core: Core, clock: FakeClock, kind: KeyKind) -> None:
    made = await _key(core, kind)

    rotated = await core.access.rotation.rotate(ADMIN, made.key.id, DAY)
    both = [await _opens(core, each.token) for each in (made, rotated)]
    clock.advance(DAY)

    assert both == [True, True]
    assert [await _opens(core, each.token) for each in (made, rotated)] == [False, True]
    assert rotated.token[:3] == made.token[:3]


async def test_rotated_key_is_the_same_key(core: Core) -> None:
    made = await _key(core, KeyKind.PUBLISHABLE)
    person = person_viewer("prf_1", key_id=made.key.id, origin=ORIGIN)
    viewer_token = core.access.viewer_token(person).token

    rotated = await core.access.rotation.rotate(ADMIN, made.key.id, timedelta())

    assert (await core.access.identify(rotated.token, ORIGIN)).key_id == made.key.id
    assert (await core.access.identify(viewer_token, ORIGIN)).key_id == made.key.id
    assert rotated.key.token == rotated.token


async def test_token_that_leaked_ends_at_once_without_an_overlap(core: Core) -> None:
    made = await _key(core)

    await core.access.rotation.rotate(ADMIN, made.key.id, timedelta())

    assert not await _opens(core, made.token)


async def test_longer_overlap_of_an_earlier_rotation_holds(core: Core, clock: FakeClock) -> None:
    first = await _key(core)
    second = await core.access.rotation.rotate(ADMIN, first.key.id, 2 * DAY)
    await core.access.rotation.rotate(ADMIN, first.key.id, DAY)

    clock.advance(DAY)

    assert [await _opens(core, each.token) for each in (first, second)] == [True, False]


async def test_token_that_leaked_while_it_overlaps_ends_at_once_too(core: Core) -> None:
    leaked = await _key(core)
    second = await core.access.rotation.rotate(ADMIN, leaked.key.id, DAY)

    third = await core.access.rotation.rotate(ADMIN, leaked.key.id, timedelta())

    assert [await _opens(core, each.token) for each in (leaked, second, third)] == [False, False, True]
    assert third.key.old_tokens == ()


async def test_rotation_counts_in_every_process(core: Core, clock: FakeClock) -> None:
    made = await _key(core)
    other = build_core(core.database, clock)
    await other.access.identify(made.token, None)

    rotated = await core.access.rotation.rotate(ADMIN, made.key.id, timedelta())
    await other.access.key_ring.refresh()

    assert [await _opens(other, each.token) for each in (made, rotated)] == [False, True]


async def test_of_two_rotations_at_once_one_is_told_of_the_other(core: Core) -> None:
    made = await _key(core)

    outcomes = await asyncio.gather(
        *(core.access.rotation.rotate(ADMIN, made.key.id, DAY) for _ in range(5)), return_exceptions=True
    )

    rotated = [each for each in outcomes if not isinstance(each, BaseException)]
    assert all(isinstance(each, ConflictError) for each in outcomes if isinstance(each, BaseException))
    assert [await _opens(core, each.token) for each in rotated] == [True] * len(rotated)
    assert await _opens(core, made.token)


async def test_revoking_ends_every_token_of_a_key(core: Core) -> None:
    made = await _key(core)
    rotated = await core.access.rotation.rotate(ADMIN, made.key.id, DAY)

    await core.access.revoke_key(ADMIN, made.key.id)

    assert [await _opens(core, each.token) for each in (made, rotated)] == [False, False]


async def test_new_token_is_stored_as_a_hash_alone(core: Core) -> None:
    made = await _key(core)

    rotated = await core.access.rotation.rotate(ADMIN, made.key.id, DAY)

    stored = str(await core.database["api_keys"].find_one({"_id": made.key.id}))
    assert rotated.token not in stored
    assert made.token not in stored


async def test_key_that_ended_is_not_rotated(core: Core, clock: FakeClock) -> None:
    revoked, expiring = await _key(core), await _key(core, expires_at=clock() + DAY)
    await core.access.revoke_key(ADMIN, revoked.key.id)
    clock.advance(DAY)

    for key_id in (revoked.key.id, expiring.key.id, KeyId("key_none")):
        with pytest.raises(NotFoundError):
            await core.access.rotation.rotate(ADMIN, key_id, DAY)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=366)])
async def test_overlap_has_bounds(core: Core, overlap: timedelta) -> None:
    made = await _key(core)

    with pytest.raises(InvalidInputError) as raised:
        await core.access.rotation.rotate(ADMIN, made.key.id, overlap)

    assert raised.value.field == "overlapSeconds"


@pytest.mark.parametrize(
    "viewer", [NOBODY, person_viewer("prf_1"), app_viewer(*(set(Scope) - {Scope.ADMIN}))]
)
async def test_only_admins_rotate(core: Core, viewer: Viewer) -> None:
    made = await _key(core)

    with pytest.raises(ForbiddenError):
        await core.access.rotation.rotate(viewer, made.key.id, DAY)


# Keys that expire


async def test_key_ends_when_it_was_said_to(core: Core, clock: FakeClock) -> None:
    made = await _key(core, expires_at=clock() + DAY)
    clock.advance(DAY - timedelta(milliseconds=1))
    before = await _opens(core, made.token)

    clock.advance(timedelta(milliseconds=1))

    assert before
    assert not await _opens(core, made.token)


async def test_viewer_tokens_end_with_their_key(core: Core, clock: FakeClock) -> None:
    made = await _key(core, KeyKind.PUBLISHABLE, expires_at=clock() + timedelta(minutes=5))
    person = person_viewer("prf_1", key_id=made.key.id, origin=ORIGIN)
    token = core.access.viewer_token(person).token

    clock.advance(timedelta(minutes=5))

    with pytest.raises(KeyInvalidError):
        await core.access.identify(token, ORIGIN)


async def test_key_expires_in_the_future(core: Core, clock: FakeClock) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await _key(core, expires_at=clock())

    assert raised.value.field == "expiresAt"


async def test_rotation_does_not_make_a_key_last_longer(core: Core, clock: FakeClock) -> None:
    made = await _key(core, expires_at=clock() + DAY)
    rotated = await core.access.rotation.rotate(ADMIN, made.key.id, 2 * DAY)

    clock.advance(DAY)

    assert [await _opens(core, each.token) for each in (made, rotated)] == [False, False]


async def test_key_from_before_keys_expired_is_read(core: Core) -> None:
    made = await _key(core)
    await core.database["api_keys"].update_one({}, {"$unset": {"expires_at": 1, "old_tokens": 1}})
    await core.access.key_ring.refresh()

    assert await _opens(core, made.token)


# When keys were last used


async def test_use_is_seen_at_once_here_and_elsewhere_once_it_is_written(
    core: Core, clock: FakeClock
) -> None:
    made = await _key(core)
    other = build_core(core.database, clock)
    await core.access.identify(made.token, None)
    here, elsewhere = [await each.access.find_key(ADMIN, made.key.id) for each in (core, other)]

    await core.access.uses.write()
    written = await other.access.keys(ADMIN, PageRequest())

    assert here is not None
    assert elsewhere is not None
    assert written is not None
    assert (here.last_used_at, elsewhere.last_used_at) == (clock(), None)
    assert [each.last_used_at for each in written.items] == [clock()]


async def test_requests_do_not_write_when_keys_were_used(core: Core) -> None:
    made = await _key(core)

    for _ in range(100):
        await core.access.identify(made.token, None)

    assert await core.database["api_key_uses"].count_documents({}) == 0


async def test_later_use_counts_whichever_process_writes_last(core: Core, clock: FakeClock) -> None:
    made = await _key(core)
    other = build_core(core.database, clock)
    await core.access.identify(made.token, None)
    clock.advance(DAY)
    await other.access.identify(made.token, None)

    await other.access.uses.write()
    await core.access.uses.write()

    assert await core.access.uses.last([made.key.id]) == {made.key.id: clock()}


async def test_wrong_token_is_no_use_of_a_key(core: Core) -> None:
    made = await _key(core)

    assert not await _opens(core, made.token + "x")
    assert await core.access.uses.last([made.key.id]) == {}
