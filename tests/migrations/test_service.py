"""Migrating a real database: what is planned, done, interrupted, kept from others, and told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.kit.migrating import Migration
from server.kit.mongo import IndexModel
from server.migrations.errors import MigrationError
from server.migrations.model import Act, IndexStep, RewriteStep
from server.migrations.service import LEASE, Migrations
from server.migrations.store import MigrationStore
from server.services.migrations import build_migrations
from server.services.stores import build_stores
from tests.api import settings_for
from tests.kit.test_jobs import KINDS, new_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.kit.mongo import Database
    from tests.fakes import FakeClock

PEOPLE = 2_500
SHOUT = Migration(
    key="2026-01-shout",
    collection="people",
    why="Names are in capitals now.",
    pending={"loud": None},
    rewrite=[{"$set": {"loud": {"$toUpper": "$name"}}}, {"$unset": "name"}],
)


class InterruptedByTestError(Exception):
    """Somebody pulled the plug."""


def _migrations(
    database: Database, clock: FakeClock, *registry: Migration, holder: str = "one:1", unique: bool = False
) -> Migrations:
    async def create(recorder: Database) -> None:
        await recorder["people"].create_indexes([IndexModel("loud", unique=unique)])

    return Migrations(
        store=MigrationStore(database), create=create, registry=registry, clock=clock, holder=holder
    )


def _say_nothing(_step: object, _documents: int) -> None:
    """Nobody listens."""


def _stopping_after(count: int) -> Callable[[object, int], None]:
    def tell(step: object, documents: int) -> None:
        if isinstance(step, RewriteStep) and documents >= count:
            raise InterruptedByTestError

    return tell


async def _people(database: Database, count: int = PEOPLE) -> None:
    await database["people"].insert_many([{"_id": f"prf_{n:05}", "name": f"ada {n}"} for n in range(count)])


async def test_plan_says_what_would_be_done_and_does_nothing(database: Database, clock: FakeClock) -> None:
    await _people(database)
    await database["people"].create_index("gone")

    plan = await _migrations(database, clock, SHOUT).plan()

    assert [(each.act, each.name, each.documents) for each in plan.indexes] == [
        (Act.BUILD, "loud_1", PEOPLE),
        (Act.LEAVE, "gone_1", PEOPLE),
    ]
    assert [(each.migration.key, each.documents) for each in plan.rewrites] == [("2026-01-shout", PEOPLE)]
    assert plan.rewrites[0].lasts > timedelta()
    assert await database["people"].count_documents({"loud": None}) == PEOPLE
    assert set(await database["people"].index_information()) == {"_id_", "gone_1"}


async def test_migrating_does_the_plan_once(database: Database, clock: FakeClock) -> None:
    told: list[tuple[str, int]] = []
    await _people(database)
    migrations = _migrations(database, clock, SHOUT)

    def tell(step: IndexStep | RewriteStep, documents: int) -> None:
        told.append((_name(step), documents))

    await migrations.run(tell)
    again = await migrations.plan()

    assert told == [
        ("loud_1", PEOPLE),
        ("2026-01-shout", 1_000),
        ("2026-01-shout", 2_000),
        ("2026-01-shout", PEOPLE),
    ]
    assert await database["people"].find_one({"_id": "prf_00007"}) == {"_id": "prf_00007", "loud": "ADA 7"}
    assert (again.indexes, again.rewrites) == ([], [])


async def test_interrupted_migration_goes_on_and_rewrites_nothing_twice(
    database: Database, clock: FakeClock
) -> None:
    counted = Migration(
        key="2026-02-count",
        collection="people",
        why="Somebody counts.",
        pending={
            "name": {"$gt": ""}
        },  # also of those that were rewritten: the position alone keeps them apart
        rewrite=[{"$set": {"times": {"$add": [{"$ifNull": ["$times", 0]}, 1]}}}],
    )
    await _people(database)
    migrations = _migrations(database, clock, counted)

    with pytest.raises(InterruptedByTestError):
        await migrations.run(_stopping_after(1_000))
    with pytest.raises(MigrationError, match="An earlier version still writes what 2026-02-count rewrites"):
        await migrations.run(_say_nothing)

    assert await database["people"].count_documents({"times": 1}) == PEOPLE


async def test_what_an_earlier_version_wrote_meanwhile_is_rewritten_the_next_time(
    database: Database, clock: FakeClock
) -> None:
    await _people(database)
    people = database["people"]
    migrations = _migrations(database, clock, SHOUT)
    with pytest.raises(InterruptedByTestError):
        await migrations.run(_stopping_after(2_000))
    await people.insert_one({"_id": "prf_00000a", "name": "of the earlier version"})

    with pytest.raises(MigrationError, match="run `acquaint migrate` once more when it no longer runs"):
        await migrations.run(_say_nothing)
    left = await migrations.due()
    await migrations.run(_say_nothing)

    assert left.missing == ["2026-01-shout"]
    assert (await migrations.due()).missing == []
    assert await people.count_documents({"loud": None}) == 0


async def test_one_process_migrates_at_a_time_and_a_killed_one_lets_go_by_itself(
    database: Database, clock: FakeClock
) -> None:
    await _people(database, 10)
    store = MigrationStore(database)
    await store.lock("other:7", clock(), clock() + LEASE)
    migrations = _migrations(database, clock, SHOUT)

    with pytest.raises(MigrationError, match="other:7 is migrating this database just now"):
        await migrations.run(_say_nothing)
    clock.advance(LEASE)
    await migrations.run(_say_nothing)

    assert (await migrations.due()).missing == []


async def test_processes_that_are_set_up_at_once_wait_for_each_other(
    database: Database, clock: FakeClock
) -> None:
    await _people(database)
    several = [_migrations(database, clock, SHOUT, holder=f"host:{n}") for n in range(4)]

    plans = await asyncio.gather(*(each.run(_say_nothing, waits=True) for each in several))

    assert sum(len(each.rewrites) for each in plans) == 1
    assert await database["people"].count_documents({"loud": None}) == 0


async def test_unique_index_over_duplicates_is_told_without_their_values(
    database: Database, clock: FakeClock
) -> None:
    await database["people"].insert_many([{"loud": "ADA"}, {"loud": "ADA"}])

    with pytest.raises(
        MigrationError, match="index of loud can't be built: two documents of people"
    ) as raised:
        await _migrations(database, clock, unique=True).run(_say_nothing)

    assert "ADA" not in raised.value.message


async def test_index_is_changed_and_dropped_as_planned(database: Database, clock: FakeClock) -> None:
    async def create(recorder: Database) -> None:
        await recorder["log"].create_indexes(
            [IndexModel("at", expireAfterSeconds=60), IndexModel("by", sparse=True), IndexModel("to")]
        )

    log = database["log"]
    await log.create_index("at", expireAfterSeconds=30)
    await log.create_index("by")
    await log.create_index("old")
    migrations = Migrations(
        store=MigrationStore(database), create=create, registry=(), clock=clock, holder="one:1"
    )

    await migrations.run(_say_nothing, drops=True)

    found = await log.index_information()
    assert found["at_1"]["expireAfterSeconds"] == 60
    assert found["by_1"]["sparse"]
    assert found.keys() == {"_id_", "at_1", "by_1", "to_1"}


async def test_migrations_run_in_the_order_of_their_keys(database: Database, clock: FakeClock) -> None:
    later, earlier = (
        Migration(key=key, collection="people", why="", pending={"no": 1}, rewrite=[])
        for key in ("2026-05-b", "2025-11-a")
    )

    plan = await _migrations(database, clock, later, earlier).plan()

    assert [each.migration.key for each in plan.rewrites] == ["2025-11-a", "2026-05-b"]


async def test_migration_of_a_later_version_is_noticed(database: Database, clock: FakeClock) -> None:
    await _migrations(database, clock, SHOUT).run(_say_nothing)

    due = await _migrations(database, clock).due()

    assert due.unknown == ["2026-01-shout"]


async def test_process_says_at_its_start_what_is_due(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    await _migrations(database, clock).tell_due()
    nothing = caplog.text
    await _migrations(database, clock, SHOUT).tell_due()
    await _migrations(database, clock, SHOUT).run(_say_nothing)
    await _migrations(database, clock).tell_due()

    assert nothing == ""
    assert caplog.messages[0] == "documents wait to be migrated, run `acquaint migrate`: 2026-01-shout"
    assert caplog.messages[-1] == "a later version migrated this database: 2026-01-shout"


async def test_what_our_stores_create_is_what_they_plan(database: Database, clock: FakeClock) -> None:
    settings = settings_for("mongodb://127.0.0.1:1", database.name)
    await build_stores(settings, database).create_indexes()

    plan = await build_migrations(settings, database, clock).plan()

    assert plan.indexes == []


async def test_database_that_was_migrated_is_what_our_stores_create(
    database: Database, clock: FakeClock
) -> None:
    settings = settings_for("mongodb://127.0.0.1:1", database.name)
    migrations = build_migrations(settings, database, clock)

    await migrations.run(_say_nothing)
    before = {
        name: await database[name].index_information() for name in await database.list_collection_names()
    }
    await build_stores(settings, database).create_indexes()

    assert before == {name: await database[name].index_information() for name in before}
    assert (await migrations.due()).missing == []


async def test_job_of_a_version_without_lanes_is_taken_once_it_is_migrated(
    database: Database, clock: FakeClock
) -> None:
    queue = JobQueue(store=JobStore(database), clock=clock, lease=LEASE, draw=lambda: 1.0)
    await queue.enqueue(new_job())
    await database["jobs"].update_many({}, {"$unset": {"lane": ""}})
    before = await queue.claim(KINDS, "ada")

    settings = settings_for("mongodb://127.0.0.1:1", database.name)
    await build_migrations(settings, database, clock).run(_say_nothing)

    assert before is None
    assert await queue.claim(KINDS, "ada") is not None


async def test_identities_of_the_version_before_are_filled_in_and_its_index_goes_last(
    database: Database, clock: FakeClock
) -> None:
    await _as_before(database)
    profiles, identities = database["profiles"], database["identities"]
    await profiles.insert_many([_known_by("prf_1", "user_id|ada", "email|ada"), _known_by("prf_2")])
    migrations = build_migrations(settings_for("mongodb://127.0.0.1:1", database.name), database, clock)

    await migrations.run(_say_nothing)
    beside = await profiles.index_information()
    await profiles.update_one({"_id": "prf_1"}, {"$pull": {"identity_keys": "email|ada"}})
    await profiles.update_one({"_id": "prf_2"}, {"$push": {"identity_keys": "email|ada"}})
    await profiles.insert_one(_known_by("prf_0", "user_id|bob"))
    await identities.insert_one({"_id": "user_id|erased", "profile_id": "prf_erased"})
    told: list[str] = []
    await migrations.run(lambda step, _: told.append(_name(step)), drops=True)

    assert {"identity", "known_by"} <= beside.keys()
    assert told == ["2026-11-identities", "2026-11-identities-given-up", "identity"]
    assert "identity" not in await profiles.index_information()
    assert {each["_id"]: each["profile_id"] async for each in identities.find()} == {
        "user_id|ada": "prf_1",
        "email|ada": "prf_2",
        "user_id|bob": "prf_0",
    }
    assert (await migrations.plan(drops=True)).rewrites == []


async def test_filling_that_was_interrupted_beside_two_versions_begins_anew_before_the_index_goes(
    database: Database, clock: FakeClock
) -> None:
    await _as_before(database)
    people = [_known_by(f"prf_{n:05}", f"user_id|{n}") for n in range(1, 1_500)]
    await database["profiles"].insert_many(people)
    migrations = build_migrations(settings_for("mongodb://127.0.0.1:1", database.name), database, clock)

    with pytest.raises(InterruptedByTestError):
        await migrations.run(_stopping_after(1_000))
    left = await migrations.due()
    await database["profiles"].insert_one(_known_by("prf_00000", "user_id|late"))
    await migrations.run(_say_nothing, drops=True)

    assert "2026-11-identities" in left.missing
    assert await database["identities"].count_documents({}) == 1_500
    assert await database["identities"].find_one({"_id": "user_id|late"}) is not None


async def _as_before(database: Database) -> None:
    """Make the index by which the version before told people apart."""
    await database["profiles"].create_index(
        "identity_keys",
        name="identity",
        unique=True,
        partialFilterExpression={"identity_keys": {"$gt": ""}},
    )


def _known_by(profile_id: str, *keys: str) -> dict[str, object]:
    return {"_id": profile_id, "identity_keys": list(keys), "merged_into": None, "outbox": []}


def _name(step: IndexStep | RewriteStep) -> str:
    return step.name if isinstance(step, IndexStep) else step.migration.key
