"""An identity is one person's, whatever happens at once: no unique index of profiles says so any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.kit.errors import ExpectedError
from server.kit.mongo import DuplicateKeyError, PyMongoError, bounded, is_outage
from server.profiles.errors import IdentityTakenError
from server.profiles.model import IdentityRef, Profile, ProfileId, ProfileUpdate
from server.profiles.owner_store import OwnerStore
from server.profiles.store import ProfileStore
from server.profiles.uniting import Uniting
from tests.core import Core, build_core
from tests.factories.access import ADMIN
from tests.factories.profiles import account, browser, identity, profile, user
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.kit.mongo import Database

    Act = Callable[["Process", IdentityRef, IdentityRef], Awaitable[object]]

REFS = (user("u-1"), user("u-2"), account("ada"), browser("b-1"))


class Process:
    """One of several on a database."""

    def __init__(self, database: Database) -> None:
        clock = FakeClock()
        self.core = build_core(database, clock)
        self.store = ProfileStore(database)
        self.uniting = Uniting(store=self.store, catalogue=self.core.attributes.catalogue, clock=clock)

    async def who(self, ref: IdentityRef) -> Profile:
        """Return who it is by now; raise where it is nobody."""
        return await self.core.profiles.addressed(ref, may_create=False)


async def _arrive(process: Process, ref: IdentityRef, _: IdentityRef) -> None:
    await process.core.profiles.recognise(ref)


async def _link(process: Process, ref: IdentityRef, other: IdentityRef) -> None:
    person = await process.who(ref)
    await process.core.profiles.write(person.id, ProfileUpdate(identities=(ref, other)))


async def _unlink(process: Process, ref: IdentityRef, other: IdentityRef) -> None:
    person = await process.who(ref)
    await process.core.profiles.write(person.id, ProfileUpdate(removed=tuple({ref, other})))


async def _merge(process: Process, ref: IdentityRef, other: IdentityRef) -> None:
    both = [(await process.who(each)).id for each in (ref, other)]
    await process.uniting.merge(ADMIN, both)


async def _split(process: Process, ref: IdentityRef, _: IdentityRef) -> None:
    person = await process.who(ref)
    gone = (await process.uniting.merges_of(ADMIN, person))[0].gone_id
    await process.uniting.split(ADMIN, gone, keep_apart=False)


async def _erase(process: Process, ref: IdentityRef, _: IdentityRef) -> None:
    person = await process.who(ref)
    await process.store.remove(person.id, person.version)


async def _anonymise(process: Process, ref: IdentityRef, _: IdentityRef) -> None:
    await process.core.profiles.erasure.anonymise(await process.who(ref))


async def _do(process: Process, act: Act, ref: IdentityRef, other: IdentityRef) -> None:
    with suppress(ExpectedError, IndexError):  # refused, or there is nobody and nothing to split
        await act(process, ref, other)


async def _listed(database: Database) -> dict[str, list[str]]:
    """Return who says to be known by what."""
    listed: dict[str, list[str]] = {}
    async for each in database["profiles"].find():
        for key in each["identity_keys"]:
            listed.setdefault(key, []).append(each["_id"])
    return listed


async def _entries(database: Database) -> dict[str, list[str]]:
    return {each["_id"]: [each["profile_id"]] async for each in database["identities"].find()}


acts = st.sampled_from([_arrive, _arrive, _link, _link, _unlink, _merge, _merge, _split, _erase, _anonymise])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(acts, st.sampled_from(REFS), st.sampled_from(REFS)), min_size=4, max_size=14))
async def test_whatever_happens_at_once_each_identity_is_one_persons_and_nobody_elses(
    core: Core, did: list[tuple[Act, IdentityRef, IdentityRef]]
) -> None:
    database = core.database
    for name in ("profiles", "identities", "merge_log"):
        await database[name].delete_many({})
    processes = [Process(database) for _ in range(2)]
    for ref in REFS:
        await core.profiles.recognise(ref)

    await asyncio.gather(*(_do(processes[n % 2], *what) for n, what in enumerate(did)))

    listed = await _listed(database)
    assert all(len(people) == 1 for people in listed.values())
    assert await _entries(database) == listed


async def test_what_two_processes_link_at_once_only_one_links(core: Core) -> None:
    for n in range(10):
        people = [await core.profiles.recognise(browser(f"{n}-{each}")) for each in range(6)]
        cores = [core, build_core(core.database, FakeClock())]
        update = ProfileUpdate(identities=(account(f"a-{n}"),))
        # As a version without entries left it, which took the account from the first of them.
        left = {"_id": account(f"a-{n}").key, "profile_id": people[0].id}
        await core.database["identities"].insert_one(left)

        done = await asyncio.gather(
            *(cores[at % 2].profiles.write(each.id, update) for at, each in enumerate(people)),
            return_exceptions=True,
        )

        assert sorted(type(each).__name__ for each in done) == ["IdentityTakenError"] * 5 + ["Profile"]


async def test_entry_whose_profile_was_never_written_keeps_nobody_out(core: Core) -> None:
    await core.database["identities"].insert_one({"_id": user().key, "profile_id": "prf_never_written"})

    created = await core.profiles.recognise(user())

    assert await _entries(core.database) == {user().key: [created.id]}
    assert await core.profiles.recognise(user()) == created


async def test_identity_that_was_given_up_is_free_for_somebody_else(core: Core) -> None:
    first = await core.profiles.recognise(user())
    await core.profiles.write(first.id, ProfileUpdate(identities=(account(),)))
    await core.profiles.write(first.id, ProfileUpdate(removed=(account(),)))
    other = await core.profiles.recognise(browser())

    await core.profiles.write(other.id, ProfileUpdate(identities=(account(),)))

    assert await _entries(core.database) == {
        user().key: [first.id],
        account().key: [other.id],
        browser().key: [other.id],
    }


async def test_what_is_taken_off_one_person_stays_anothers(core: Core) -> None:
    owner = await core.profiles.recognise(account())
    other = await core.profiles.recognise(user())

    await core.profiles.write(other.id, ProfileUpdate(removed=(account(),)))

    assert await core.profiles.find_by_identity(account()) == owner
    assert (await _entries(core.database))[account().key] == [owner.id]


async def test_split_leaves_an_identity_with_whom_it_recognises_by_now(core: Core) -> None:
    process = Process(core.database)
    kept, gone = [await core.profiles.recognise(each) for each in (user("u-1"), user("u-2"))]
    await process.uniting.merge(ADMIN, [kept.id, gone.id])
    await core.profiles.write(kept.id, ProfileUpdate(removed=(user("u-2"),)))
    third = await core.profiles.recognise(user("u-2"))

    back, _ = await process.uniting.split(ADMIN, gone.id, keep_apart=False)

    assert await core.profiles.find_by_identity(user("u-2")) == third
    assert back.identities == ()
    assert await _entries(core.database) == await _listed(core.database)


async def test_of_a_batch_of_new_people_only_those_are_left_out_whom_somebody_has_met(core: Core) -> None:
    store = ProfileStore(core.database)
    await core.profiles.recognise(user("u-2"))
    batch = [
        profile(id=ProfileId(f"prf_{n}"), identities=(identity(user(f"u-{n}")), identity(account(f"a-{n}"))))
        for n in range(1, 4)
    ]

    stored = await store.insert_many([store.draft(each, {}) for each in batch])

    assert stored == {"prf_1", "prf_3"}
    assert await core.profiles.find_by_identity(account("a-2")) is None
    assert await _entries(core.database) == await _listed(core.database)


async def test_profile_of_a_version_without_entries_is_found_and_filled_in(core: Core) -> None:
    there = [await core.profiles.recognise(each) for each in REFS]
    owners = OwnerStore(core.database)
    await core.database["identities"].delete_many({})
    await core.database["identities"].insert_one({"_id": REFS[0].key, "profile_id": "prf_before"})

    found = [await core.profiles.find_by_identity(each) for each in REFS]
    for _ in range(2):
        await owners.fill([each.id for each in there])

    assert found == there
    assert await _entries(core.database) == await _listed(core.database)


async def test_who_is_held_up_by_a_process_that_died_is_told_in_time_and_recognised_later(core: Core) -> None:
    owners = OwnerStore(core.database)
    async with await core.database.client.start_session() as dead:
        dead.start_transaction()
        await owners.give([user().key], ProfileId("prf_never_written"), dead)

        with pytest.raises(PyMongoError) as raised, bounded(1.0):
            await core.profiles.recognise(user())
        await dead.abort_transaction()

    created = await core.profiles.recognise(user())
    assert is_outage(raised.value)
    assert await _entries(core.database) == {user().key: [created.id]}


async def test_entries_of_whom_a_version_without_them_erased_are_cleared_and_no_others(core: Core) -> None:
    await core.profiles.recognise(user())
    gone = await core.profiles.recognise(account())
    other = await core.profiles.recognise(browser())
    await core.profiles.write(other.id, ProfileUpdate(identities=(user("u-9"),)))
    await core.database["profiles"].delete_one({"_id": gone.id})
    await core.database["profiles"].update_one({"_id": other.id}, {"$pull": {"identity_keys": browser().key}})

    await OwnerStore(core.database).clear(list(await _entries(core.database)))

    assert await _entries(core.database) == await _listed(core.database)
    assert len(await _entries(core.database)) == 2


async def test_unique_index_of_the_version_before_refuses_as_the_entries_do(core: Core) -> None:
    await core.database["profiles"].create_index(
        "identity_keys",
        name="identity",
        unique=True,
        partialFilterExpression={"identity_keys": {"$gt": ""}},
    )
    owner, other = [await core.profiles.recognise(each) for each in (user(), browser())]
    await core.database["identities"].delete_many({})

    with pytest.raises(IdentityTakenError):
        await core.profiles.write(other.id, ProfileUpdate(identities=(user(),)))
    with pytest.raises(IdentityTakenError):
        await core.profiles.create((user(),))

    assert await core.profiles.find_by_identity(user()) == owner
    with pytest.raises(DuplicateKeyError):  # the index is what it is taken for
        await core.database["profiles"].insert_one({"identity_keys": [user().key]})
