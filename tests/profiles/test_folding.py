"""Two profiles become one in the database: both or neither, whatever else is written meanwhile."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from server.profiles.changes import ProfileMerged
from server.profiles.merging import folded
from server.profiles.model import Merge, MergeId, ProfileId, ProfileUpdate
from server.profiles.resolving import resolve_all
from server.profiles.store import ProfileStore
from tests.core import Core, build_core
from tests.factories.profiles import APP, account, browser, claim, user

if TYPE_CHECKING:
    from server.profiles.model import Claim, Profile
    from tests.fakes import FakeClock


async def two_profiles(core: Core) -> tuple[ProfileId, ProfileId]:
    """Return a known person and a browser."""
    known = await core.profiles.recognise(account())
    anonymous = await core.profiles.recognise(browser())
    return known.id, anonymous.id


async def tell(core: Core, profile_id: ProfileId, *claims: Claim) -> Profile | None:
    return await core.profiles.write(profile_id, ProfileUpdate(claims=claims))


def told(profile: Profile | None) -> set[object]:
    assert profile is not None
    return {each.value for about in profile.claims.values() for each in about}


async def test_browsers_answers_become_the_persons(core: Core) -> None:
    known, anonymous = await two_profiles(core)
    await tell(core, known, claim("ops", attribute_id="att_role"))
    await tell(core, anonymous, claim("11-50", attribute_id="att_size"))

    folded = await core.profiles.fold(known, anonymous)

    assert folded is not None
    assert folded.id == known
    assert told(folded) == {"ops", "11-50"}
    assert {each.ref for each in folded.identities} == {account(), browser()}


async def test_returned_profile_is_the_stored_one(core: Core, clock: FakeClock) -> None:
    known, anonymous = await two_profiles(core)
    clock.now = clock.now.replace(year=2027)

    folded = await core.profiles.fold(known, anonymous)

    assert folded == await core.profiles.find(known)
    assert folded is not None
    assert (folded.version, folded.updated_at) == (2, clock())


async def test_stored_values_are_true_after_a_fold(core: Core) -> None:
    known, anonymous = await two_profiles(core)
    await tell(core, known, claim("person"), claim("app", APP))
    await tell(core, anonymous, claim("app too", APP, attribute_id="att_b"))

    folded = await core.profiles.fold(known, anonymous)

    found = await core.database["profiles"].find_one({"_id": known})
    assert folded is not None
    assert found is not None
    assert {each["k"]: each["v"] for each in found["values"]} == resolve_all(folded.claims).values


async def test_fold_is_announced_and_nothing_announced_before_is_lost(core: Core) -> None:
    known, anonymous = await two_profiles(core)
    await tell(core, anonymous, claim())
    before = [*await core.outbox(known), *await core.outbox(anonymous)]

    await core.profiles.fold(known, anonymous)

    after = await core.outbox(known)
    assert after[:-1] == before
    assert (after[-1]["kind"], after[-1]["profile_id"], after[-1]["merged_id"]) == (
        ProfileMerged.kind,
        known,
        anonymous,
    )
    assert await core.outbox(anonymous) == []


async def test_merged_id_leads_to_the_person_for_ever(core: Core) -> None:
    chain = [(await core.profiles.recognise(browser(str(n)))).id for n in range(4)]
    for gone, into in pairwise(chain):
        await core.profiles.fold(into, gone)

    found = [await core.profiles.find_living(each) for each in chain]

    assert {each.id for each in found if each is not None} == {chain[-1]}
    assert all([(await core.profiles.find_by_identity(browser(str(n)))) == found[0] for n in range(4)])
    first = await core.profiles.find(chain[0])
    assert first is not None
    assert first.merged_into == chain[-1]


async def test_merged_profile_keeps_nothing_and_takes_nothing(core: Core) -> None:
    known, anonymous = await two_profiles(core)
    await tell(core, anonymous, claim())
    await core.profiles.fold(known, anonymous)

    refused = await tell(core, anonymous, claim("late", attribute_id="att_b"))

    gone = await core.profiles.find(anonymous)
    assert refused is None
    assert gone is not None
    assert (gone.claims, gone.identities) == ({}, ())
    assert await core.profiles.start_visit(gone, is_sign_in=False) is None
    assert await core.profiles.start_visit(gone, is_sign_in=True) is None
    assert told(await core.profiles.find(known)) == {"Engineer"}


async def test_person_is_not_folded_into_another(core: Core) -> None:
    ada, eve = await core.profiles.recognise(account("ada")), await core.profiles.recognise(user("eve"))

    assert await core.profiles.fold(ada.id, eve.id) is None

    assert await core.profiles.find(ada.id) == ada
    assert await core.profiles.find(eve.id) == eve


async def test_nobody_is_folded_into_nobody(core: Core) -> None:
    known, anonymous = await two_profiles(core)
    await core.profiles.fold(known, anonymous)

    assert await core.profiles.fold(known, anonymous) is None
    assert await core.profiles.fold(anonymous, known) is None
    assert await core.profiles.fold(known, known) is None
    assert await core.profiles.fold(known, ProfileId("prf_made_up")) is None
    assert await core.profiles.fold(ProfileId("prf_made_up"), known) is None


async def test_fold_that_races_with_itself_happens_once(core: Core, clock: FakeClock) -> None:
    known, anonymous = await two_profiles(core)
    await tell(core, anonymous, claim())
    cores = [core, build_core(core.database, clock)]

    folded = await asyncio.gather(*(cores[n % 2].profiles.fold(known, anonymous) for n in range(6)))

    assert sum(each is not None for each in folded) == 1
    kinds = [entry["kind"] for entry in await core.outbox(known)]
    assert kinds.count(ProfileMerged.kind) == 1


async def test_two_browsers_that_fold_into_each_other_do_not_vanish(core: Core) -> None:
    one, other = await core.profiles.recognise(browser("1")), await core.profiles.recognise(browser("2"))

    folded = await asyncio.gather(core.profiles.fold(one.id, other.id), core.profiles.fold(other.id, one.id))

    (kept,) = [each for each in folded if each is not None]
    assert {each.ref for each in kept.identities} == {browser("1"), browser("2")}
    assert [await core.profiles.find_living(each.id) for each in (one, other)] == [kept, kept]


async def test_several_browsers_fold_into_one_person_at_once(core: Core) -> None:
    known = await core.profiles.recognise(account())
    browsers = [await core.profiles.recognise(browser(str(n))) for n in range(5)]
    for n, each in enumerate(browsers):
        await tell(core, each.id, claim(n, attribute_id=f"att_{n}"))

    folded = await asyncio.gather(*(core.profiles.fold(known.id, each.id) for each in browsers))

    assert None not in folded
    assert told(await core.profiles.find(known.id)) == set(range(5))


async def test_no_claim_is_lost_when_writes_race_with_a_fold(core: Core, clock: FakeClock) -> None:
    known, anonymous = await two_profiles(core)
    cores = [core, build_core(core.database, clock)]

    async def keep_telling(n: int, at: ProfileId) -> None:
        written = await tell(cores[n % 2], at, claim(n, attribute_id=f"att_{n}"))
        if written is None:  # merged meanwhile: whoever writes asks where the person went
            living = await core.profiles.find_living(at)
            assert living is not None
            assert await tell(core, living.id, claim(n, attribute_id=f"att_{n}")) is not None

    writes = [keep_telling(n, known if n % 3 == 0 else anonymous) for n in range(30)]
    half = len(writes) // 2
    results = await asyncio.gather(*writes[:half], core.profiles.fold(known, anonymous), *writes[half:])

    found = await core.profiles.find_living(anonymous)
    assert results[half] is not None
    assert told(found) == set(range(30))
    changed = [each for each in await core.outbox(known) if each["kind"] == "profile.attributes_changed"]
    assert len(changed) == 30


@pytest.mark.parametrize("place", [0, 1], ids=["known", "anonymous"])
async def test_write_between_reading_and_merging_makes_it_start_over(
    core: Core, mongodb_url: str, clock: FakeClock, place: int
) -> None:
    ids = known, anonymous = await two_profiles(core)
    merge = Merge(id=MergeId("mrg_1"), kept_id=known, gone_id=anonymous, at=clock(), by=None)
    decisions: list[tuple[Profile, Profile]] = []

    with MongoClient[dict[str, Any]](mongodb_url) as somebody_else:
        profiles = somebody_else[core.database.name]["profiles"]

        def decide(kept: Profile, gone: Profile) -> Profile:
            if not decisions:
                profiles.update_one({"_id": ids[place]}, {"$inc": {"logins": 1}})
            decisions.append((kept, gone))
            return folded(kept, gone)

        merged = await ProfileStore(core.database).merges.merge(merge, decide, {})

    assert len(decisions) == 2
    assert merged is not None
    assert merged.logins == 1
    assert merged == await core.profiles.find(known)
