"""Merging and splitting by hand: who survives, what comes back, and what racing merges leave."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import Scope
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.paging import PageRequest
from server.profiles.errors import MergeRefusedError
from server.profiles.model import PERSON, ProfileId, ProfileUpdate
from server.profiles.store import ProfileStore
from server.profiles.uniting import Uniting
from tests.core import build_core
from tests.factories.access import ADMIN, app_viewer
from tests.factories.profiles import account, browser, claim, spec, user

if TYPE_CHECKING:
    from server.profiles.model import IdentityRef, Profile
    from tests.core import Core
    from tests.fakes import FakeClock
    from tests.profiles.claims_world import ClaimsWorld


@pytest.fixture
def uniting(core: Core, clock: FakeClock) -> Uniting:
    return Uniting(store=ProfileStore(core.database), catalogue=core.attributes.catalogue, clock=clock)


async def person(core: Core, ref: IdentityRef, **values: str) -> ProfileId:
    """Return a profile with this identity and one claim of the person for each value."""
    profile = await core.profiles.recognise(ref)
    claims = tuple(
        claim(value, attribute_id=f"att_{key}", id=f"clm_{value}") for key, value in values.items()
    )
    await core.profiles.write(profile.id, ProfileUpdate(claims=claims))
    return profile.id


async def stored(core: Core, profile_id: ProfileId) -> Profile:
    found = await core.profiles.find(profile_id)
    assert found is not None
    return found


def said(profile: Profile) -> set[object]:
    return {each.value for claims in profile.claims.values() for each in claims}


async def test_survivor_does_not_depend_on_the_order_of_the_ids(
    core: Core, uniting: Uniting, clock: FakeClock
) -> None:
    anonymous = await person(core, browser(), city="Oslo")
    clock.advance(timedelta(seconds=1))
    younger = await person(core, user("u-1"), role="ops")

    merged = await uniting.merge(ADMIN, [anonymous, younger])

    assert merged.id == younger
    assert said(merged) == {"Oslo", "ops"}
    assert (await stored(core, anonymous)).merged_into == younger


async def test_merging_again_changes_nothing(core: Core, uniting: Uniting) -> None:
    ids = [await person(core, user("u-1")), await person(core, user("u-2"))]
    once = await uniting.merge(ADMIN, ids)

    again = await uniting.merge(ADMIN, ids[::-1])

    assert (again.id, again.version) == (once.id, once.version)
    assert await uniting.merges_of(ADMIN, again) == await uniting.merges_of(ADMIN, once)


async def test_ids_lead_straight_to_the_last_survivor(core: Core, uniting: Uniting, clock: FakeClock) -> None:
    first = await person(core, user("u-1"))
    clock.advance(timedelta(seconds=1))
    second = await person(core, user("u-2"))
    clock.advance(timedelta(seconds=1))
    third = await person(core, user("u-3"))
    await uniting.merge(ADMIN, [second, third])

    await uniting.merge(ADMIN, [first, third])

    assert (await stored(core, third)).merged_into == first
    assert (await stored(core, second)).merged_into == first


async def test_split_gives_back_exactly_what_each_had(core: Core, uniting: Uniting, clock: FakeClock) -> None:
    kept = await person(core, user("u-1"), role="ops", city="Oslo")
    clock.advance(timedelta(seconds=1))
    gone = await person(core, account(), role="sales", size="11-50")
    before = await stored(core, kept), await stored(core, gone)
    await uniting.merge(ADMIN, [kept, gone])
    clock.advance(timedelta(seconds=1))

    back, left = await uniting.split(ADMIN, gone, keep_apart=False)

    assert (back.claims, back.identities) == (before[1].claims, before[1].identities)
    assert (left.claims, left.identities) == (before[0].claims, before[0].identities)
    assert (left.visits, left.logins) == (before[0].visits, before[0].logins)
    assert await core.profiles.find_by_identity(account()) == back


async def test_what_was_said_after_the_merge_stays_where_it_was_said(
    core: Core, uniting: Uniting, clock: FakeClock
) -> None:
    kept = await person(core, user("u-1"), city="Oslo")
    clock.advance(timedelta(seconds=1))
    gone = await person(core, account(), size="11-50")
    await uniting.merge(ADMIN, [kept, gone])
    await core.profiles.write(
        kept, ProfileUpdate(claims=(claim("new", attribute_id="att_goal", id="clm_new"),))
    )

    back, left = await uniting.split(ADMIN, gone, keep_apart=False)

    assert said(left) == {"Oslo", "new"}
    assert said(back) == {"11-50"}


async def test_what_was_unlinked_after_the_merge_stays_unlinked(core: Core, uniting: Uniting) -> None:
    gone, kept = await person(core, browser()), await person(core, user("u-1"))
    await core.profiles.write(gone, ProfileUpdate(identities=(browser("b-2"),)))
    await uniting.merge(ADMIN, [kept, gone])
    await core.profiles.write(kept, ProfileUpdate(removed=(browser("b-2"), user("u-1"))))

    back, left = await uniting.split(ADMIN, gone, keep_apart=False)

    assert [each.ref for each in back.identities] == [browser()]
    assert left.identities == ()
    assert await core.profiles.find_by_identity(browser("b-2")) is None


@pytest.mark.parametrize("is_inner_first", [True, False])
async def test_merges_into_one_another_are_taken_back_in_any_order(
    core: Core, uniting: Uniting, clock: FakeClock, *, is_inner_first: bool
) -> None:
    ids = []
    for number, city in enumerate(("Oslo", "Rome", "Bonn")):
        ids.append(await person(core, user(f"u-{number}"), **{f"city_{number}": city}))
        clock.advance(timedelta(seconds=1))
    first, second, third = ids
    before = [await stored(core, each) for each in ids]
    await uniting.merge(ADMIN, [second, third])
    await uniting.merge(ADMIN, [first, second])

    for each in (third, second) if is_inner_first else (second, third):
        await uniting.split(ADMIN, each, keep_apart=False)

    for profile in before:
        assert await core.profiles.find_by_identity(profile.identities[0].ref) == await core.profiles.find(
            profile.id
        )
        assert (await stored(core, profile.id)).claims == profile.claims


async def test_id_leads_to_the_profile_that_is_back_and_took_it_in(
    core: Core, uniting: Uniting, clock: FakeClock
) -> None:
    ids = []
    for number in range(4):
        ids.append(await person(core, user(f"u-{number}")))
        clock.advance(timedelta(seconds=1))
    first, second, third, fourth = ids
    for pair in ((third, fourth), (second, third), (first, second)):
        await uniting.merge(ADMIN, pair)

    await uniting.split(ADMIN, second, keep_apart=False)

    assert [(await stored(core, each)).merged_into for each in ids] == [None, None, second, second]


async def test_profiles_kept_apart_are_not_merged_again(core: Core, uniting: Uniting) -> None:
    ids = [await person(core, user("u-1")), await person(core, user("u-2"))]
    survivor = await uniting.merge(ADMIN, ids)
    (gone,) = set(ids) - {survivor.id}
    await uniting.split(ADMIN, gone, keep_apart=True)

    with pytest.raises(MergeRefusedError):
        await uniting.merge(ADMIN, ids)


async def test_a_merge_that_was_taken_back_can_be_made_again(core: Core, uniting: Uniting) -> None:
    ids = [await person(core, user("u-1"), city="Oslo"), await person(core, user("u-2"), role="ops")]
    survivor = await uniting.merge(ADMIN, ids)
    (gone,) = set(ids) - {survivor.id}
    await uniting.split(ADMIN, gone, keep_apart=False)

    assert said(await uniting.merge(ADMIN, ids)) == {"Oslo", "ops"}


async def test_bad_requests_say_so_and_write_nothing(core: Core, uniting: Uniting) -> None:
    one = await person(core, user("u-1"))

    with pytest.raises(NotFoundError):
        await uniting.merge(ADMIN, [one, ProfileId("prf_missing")])
    with pytest.raises(InvalidInputError):
        await uniting.merge(ADMIN, [one, one])
    with pytest.raises(InvalidInputError):
        await uniting.merge(ADMIN, [ProfileId(f"prf_{number}") for number in range(51)])
    with pytest.raises(NotFoundError):
        await uniting.split(ADMIN, one, keep_apart=False)
    with pytest.raises(ForbiddenError):
        await uniting.merge(app_viewer(Scope.PROFILES_WRITE), [one, one])
    assert (await stored(core, one)).merged_into is None


async def test_claim_that_a_merge_has_no_room_for_is_in_the_history_until_a_split(
    claims_world: ClaimsWorld, core: Core, uniting: Uniting, clock: FakeClock
) -> None:
    title = await core.attributes.define(ADMIN, spec("job_title"))
    kept, gone = [(await claims_world.person(number)).id for number in (1, 2)]
    await claims_world.say(gone, title, "Clerk", PERSON)
    await claims_world.say(kept, title, "Chief", PERSON)

    merged = await uniting.merge(ADMIN, [kept, gone])
    await claims_world.worker.drain()
    remembered = await core.claiming.history(merged, title, PageRequest(first=10, after=None))
    back, left = await uniting.split(ADMIN, gone, keep_apart=False)
    forgotten = [
        await core.claiming.history(each, title, PageRequest(first=10, after=None)) for each in (back, left)
    ]

    assert said(merged) == {"Chief"}
    assert [past.claim.value for past in remembered.items] == ["Clerk"]
    assert (said(back), said(left)) == ({"Clerk"}, {"Chief"})
    assert [page.items for page in forgotten] == [(), ()]


@pytest.mark.parametrize("seed", range(12))
async def test_racing_merges_and_writes_leave_no_dead_id_no_cycle_and_no_lost_claim(
    core: Core, clock: FakeClock, seed: int
) -> None:
    """Merges and writes over the same people, 12 at a time, in two processes: naive code loses this race.

    Writes go by identity as apps send them, to whoever the person is by then.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable is what it should be
    titles = [await core.attributes.define(ADMIN, spec(f"title_{number}")) for number in range(20)]
    cores = [core, build_core(core.database, clock)]
    unitings = [
        Uniting(store=ProfileStore(each.database), catalogue=each.attributes.catalogue, clock=clock)
        for each in cores
    ]
    ids = [await person(core, user(f"u-{number}"), **{f"k{number}": f"v{number}"}) for number in range(16)]
    pairs = [chance.sample(ids, 2) for _ in range(16)]
    at_once = asyncio.Semaphore(12)

    async def merge(number: int, pair: list[ProfileId]) -> None:
        async with at_once:
            await unitings[number % 2].merge(ADMIN, pair)

    async def write(number: int, whom: int) -> None:
        values = {titles[number].key: f"w{number}"}
        async with at_once:
            await cores[number % 2].claiming.set_attributes(
                ADMIN, user(f"u-{whom}"), values, may_create=False
            )

    writes = {number: chance.randrange(16) for number in range(20)}
    work = [merge(*each) for each in enumerate(pairs)] + [write(*each) for each in writes.items()]
    chance.shuffle(work)
    await asyncio.gather(*work)

    found = {profile_id: await stored(core, profile_id) for profile_id in ids}
    for component in components(ids, pairs):
        (survivor,) = (each for each in component if found[each].merged_into is None)
        people = {ids.index(each) for each in component}
        written = {f"w{number}" for number, whom in writes.items() if whom in people}
        assert all(found[each].merged_into == survivor for each in component - {survivor})
        assert said(found[survivor]) == {f"v{each}" for each in people} | written
        assert len(found[survivor].identities) == len(component)


def components(ids: list[ProfileId], pairs: list[list[ProfileId]]) -> list[set[ProfileId]]:
    """Return what belongs together, worked out without the code under test."""
    together = [{each} for each in ids]
    for left, right in pairs:
        joined = [each for each in together if left in each or right in each]
        together = [each for each in together if each not in joined] + [set().union(*joined)]
    return together
