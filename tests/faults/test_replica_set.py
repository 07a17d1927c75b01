"""A replica set that loses members: what was acknowledged is there, and nothing is that was not whole.

A short run of each of the cheapest faults; `make faults` runs all of them, and longer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.events.changes import EventTracked
from server.events.store import EventStore
from server.kit.changes import ChangeId
from server.kit.clock import system_clock
from server.kit.mongo import PyMongoError, ReadConcern, bounded, connect, open_database, undecoded
from tests.faults.auditing import Verdict
from tests.faults.running import run_once, staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.stage import Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two APIs and two workers on three mongods that hold elections soon."""
    with staged(tmp_path_factory.mktemp("stage"), "primary_killed", election_seconds=2) as stage:
        yield stage


@pytest.mark.parametrize("fault", ["primary_killed", "api_killed", "worker_killed"])
def test_nothing_is_lost_doubled_or_done_by_half(stage: Stage, fault: str) -> None:
    run = run_once(stage, fault, seed=1, some=15)

    assert run.verdict == Verdict(lost=(), doubled=(), torn=())
    assert run.acknowledged >= 30


async def test_what_no_majority_has_is_not_taken_for_done(stage: Stage) -> None:
    replica_set = stage.replica_set
    await asyncio.to_thread(replica_set.wait_until_whole)
    behind = await asyncio.to_thread(replica_set.secondaries)
    client = connect(replica_set.url)
    database = open_database(client, "majority")
    store = EventStore(database)
    await store.append(event("before"))

    for each in behind:
        each.run("fsync", lock=True)
    try:
        with bounded(1), pytest.raises(PyMongoError):
            await store.append(event("unconfirmed"))
        on_the_primary = database["events"].with_options(read_concern=ReadConcern("local"))
        written = await on_the_primary.find_one({"_id": "unconfirmed"})
        seen = await store.has("unconfirmed")
    finally:
        for each in behind:
            each.run("fsyncUnlock")
        client.close()

    assert written is not None
    assert not seen


async def test_write_that_its_primary_gave_up_is_done_by_the_next_one_and_once(stage: Stage) -> None:
    replica_set = stage.replica_set
    await asyncio.to_thread(replica_set.wait_until_whole)
    primary, behind = replica_set.primary(), await asyncio.to_thread(replica_set.secondaries)
    client = connect(replica_set.url)
    counts = open_database(client, "majority")["counts"]
    on_the_primary = counts.with_options(read_concern=ReadConcern("local"))
    await counts.insert_one({"_id": "count", "n": 0})

    for each in behind:
        each.run("fsync", lock=True)
    try:
        writing = asyncio.ensure_future(
            undecoded(counts).find_one_and_update({"_id": "count"}, {"$inc": {"n": 1}}, return_document=True)
        )
        while not await on_the_primary.find_one({"n": 1}):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        await asyncio.to_thread(primary.run, "replSetStepDown", 5, secondaryCatchUpPeriodSecs=0, force=True)
    finally:
        for each in behind:
            each.run("fsyncUnlock")
    written = await writing
    client.close()

    assert written["n"] == 1


def event(event_id: str) -> EventTracked:
    """Return something that happened."""
    now = system_clock()
    return EventTracked(
        id=ChangeId("chg_1"),
        at=now,
        profile_id="prf_1",
        event_id=event_id,
        name="bought",
        happened_at=now,
        properties={},
        actor=None,
    )
