"""The same person is the same profile, however many requests see them first at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.profiles.changes import ProfileCreated
from server.profiles.errors import IdentityTakenError
from server.profiles.model import IdentityRef, ProfileId, ProfileUpdate
from tests.core import Core, build_core
from tests.factories.profiles import account, browser, user

if TYPE_CHECKING:
    from tests.fakes import FakeClock


async def test_person_is_created_at_first_sight_and_announced(core: Core, clock: FakeClock) -> None:
    created = await core.profiles.recognise(user())

    assert [each.ref for each in created.identities] == [user()]
    assert (created.created_at, created.updated_at, created.version) == (clock(), clock(), 1)
    assert (created.visits, created.logins, created.claims) == (0, 0, {})
    assert [entry["kind"] for entry in await core.outbox(created.id)] == [ProfileCreated.kind]


async def test_person_is_recognised_the_second_time(core: Core) -> None:
    first = await core.profiles.recognise(user())

    assert await core.profiles.recognise(user()) == first
    assert await core.profiles.find_by_identity(user()) == first
    assert await core.profiles.find(first.id) == first


async def test_twenty_who_see_a_person_first_see_one_profile(core: Core, clock: FakeClock) -> None:
    cores = [core, build_core(core.database, clock)]

    found = await asyncio.gather(*(cores[n % 2].profiles.recognise(account()) for n in range(20)))

    assert len({each.id for each in found}) == 1
    assert await core.database["profiles"].count_documents({}) == 1
    assert len(await core.outbox(found[0].id)) == 1


@pytest.mark.parametrize(
    "other",
    [
        browser("same"),
        user("Same"),
        user("same "),
        account("same", issuer="https://other.example.com"),
        account("same|x", issuer="https://id.example.com"),
        user("https://id.example.com|same"),
    ],
    ids=lambda ref: ref.key,
)
async def test_who_only_looks_alike_is_somebody_else(core: Core, other: IdentityRef) -> None:
    ours = [await core.profiles.recognise(ref) for ref in (user("same"), account("same"))]

    assert (await core.profiles.recognise(other)).id not in {each.id for each in ours}


async def test_identity_that_begins_with_a_dollar_is_kept_as_it_is(core: Core) -> None:
    created = await core.profiles.recognise(browser())

    await core.profiles.write(created.id, ProfileUpdate(identities=(user("$outbox"),)))

    found = await core.profiles.find_by_identity(user("$outbox"))
    assert found is not None
    assert found.id == created.id
    assert {each.ref for each in found.identities} == {browser(), user("$outbox")}


async def test_identity_belongs_to_one_profile_only(core: Core) -> None:
    await core.profiles.recognise(user())
    other = await core.profiles.recognise(browser())

    with pytest.raises(IdentityTakenError):
        await core.profiles.create((account(), user()))
    with pytest.raises(IdentityTakenError):
        await core.profiles.write(other.id, ProfileUpdate(identities=(user(),), increment={"logins": 1}))

    assert await core.profiles.find(other.id) == other
    assert await core.profiles.find_by_identity(account()) is None


async def test_profiles_without_identities_do_not_collide(core: Core) -> None:
    one, other = await core.profiles.create(()), await core.profiles.create(())

    assert one.id != other.id
    assert not one.is_identified


async def test_identity_seen_again_keeps_its_first_time(core: Core, clock: FakeClock) -> None:
    created = await core.profiles.recognise(user())
    first_seen = clock()
    clock.now = clock.now.replace(year=2027)

    written = await core.profiles.write(created.id, ProfileUpdate(identities=(user(), account())))

    assert written is not None
    seen = {each.ref: (each.first_seen_at, each.last_seen_at) for each in written.identities}
    assert seen == {user(): (first_seen, clock()), account(): (clock(), clock())}


async def test_unknown_people_are_nobody(core: Core) -> None:
    assert await core.profiles.find_by_identity(user()) is None
    assert await core.profiles.find(ProfileId("prf_made_up")) is None
    assert await core.profiles.find_living(ProfileId("prf_made_up")) is None
    assert await core.profiles.find_many([ProfileId("prf_made_up")]) == []
