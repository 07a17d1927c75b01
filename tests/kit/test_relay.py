"""The relay: at least once, and nothing that fails or is unknown stands in the way of the rest."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from server.kit.changes import Change, ChangeId
from server.kit.ids import new_id
from server.kit.jobs.model import JobId, JobState, NewJob
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.kit.relay import Relay
from server.kit.roster import Roster, RosterStore
from server.profiles.model import ProfileId
from server.profiles.store import ProfileStore
from tests.fakes import Crash, FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from server.kit.mongo import Database

LOCKED = OperationFailure("WriteConflict", 112, {"errorLabels": ["TransientTransactionError"]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted(Change):
    kind: ClassVar[str] = "test.greeted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented(Change):
    """Announced by a version that this one doesn't know."""

    kind: ClassVar[str] = "test.invented_later"


@pytest.fixture
async def profiles(database: Database) -> ProfileStore:
    store = ProfileStore(database)
    await store.create_indexes()
    return store


def relay(
    profiles: ProfileStore,
    clock: FakeClock,
    react: Callable[[Greeted], Awaitable[None]],
    *,
    at_once: int = 8,
) -> Relay:
    return Relay(outboxes=profiles, reactions={Greeted: (react,)}, clock=clock, at_once=at_once)


async def announce(
    profiles: ProfileStore, clock: FakeClock, profile_id: str, *kinds: type[Change]
) -> list[ChangeId]:
    changes = [
        kind(id=ChangeId(f"chg_{profile_id}_{n}"), at=clock(), profile_id=profile_id)
        for n, kind in enumerate(kinds)
    ]
    await profiles.insert(ProfileId(profile_id), (), clock(), changes)
    return [change.id for change in changes]


async def announced(database: Database, profile_id: str) -> list[str]:
    found = await database["profiles"].find_one({"_id": profile_id})
    assert found is not None
    return [entry["id"] for entry in found["outbox"]]


class Ear:
    """Hears of changes, and raises for those it is told to."""

    def __init__(self, *, deaf_to: Sequence[str] = (), error: Exception | None = None) -> None:
        self.heard: list[str] = []
        self.deaf_to = set(deaf_to)
        self._error = error or ValueError()

    async def __call__(self, change: Greeted) -> None:
        if change.id in self.deaf_to:
            raise self._error
        self.heard.append(change.id)


async def test_delivered_change_is_taken_off(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    ids = await announce(profiles, clock, "prf_1", Greeted, Greeted)
    ear = Ear()
    each = relay(profiles, clock, ear)

    assert await each.deliver()

    assert ear.heard == ids
    assert await announced(database, "prf_1") == []
    assert not await each.deliver()


async def test_change_delivered_twice_has_one_effect(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    jobs = JobStore(database)
    await jobs.create_indexes()
    queue = JobQueue(store=jobs, clock=clock)

    async def enqueue(change: Greeted) -> None:
        await queue.enqueue(NewJob(id=JobId(f"job_{change.id}"), kind="greet"))

    class Crashing(ProfileStore):
        async def clear_outboxes(self, taken: Sequence[tuple[ProfileId, Sequence[str]]]) -> None:
            raise Crash(taken)

    await announce(profiles, clock, "prf_1", Greeted)
    with pytest.raises(Crash):
        await relay(Crashing(database), clock, enqueue).deliver()

    await relay(profiles, clock, enqueue).deliver()

    assert await jobs.count("greet", JobState.QUEUED) == 1
    assert await announced(database, "prf_1") == []


async def test_round_that_failed_ends_nothing_but_itself(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    class Away(ProfileStore):
        is_away = True

        async def clear_outboxes(self, taken: Sequence[tuple[ProfileId, Sequence[str]]]) -> None:
            if self.is_away:
                raise AutoReconnect("connection closed")
            await super().clear_outboxes(taken)

    (kept,) = await announce(profiles, clock, "prf_1", Greeted)
    store, ear = Away(database), Ear()
    each = relay(store, clock, ear)

    with pytest.raises(AutoReconnect):
        await each.deliver()
    store.is_away = False

    # Else the next time limit that runs out in this task ends it: the worker would relay nothing any more.
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert await each.deliver()
    assert ear.heard == [kept, kept]
    assert await announced(database, "prf_1") == []


class Stop:
    """Hears of changes, and lets the reaction to some of them last until told."""

    def __init__(self, *slow: str) -> None:
        self.heard: list[str] = []
        self.may = asyncio.Event()
        self._slow = slow

    async def __call__(self, change: Greeted) -> None:
        self.heard.append(change.id)
        if not self._slow or change.id in self._slow:
            await self.may.wait()


async def test_reaction_that_takes_long_keeps_nothing_else_waiting(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    slow = [(await announce(profiles, clock, f"prf_{n}", Greeted))[0] for n in range(7)]
    stop = Stop(*slow)
    each = relay(profiles, clock, stop, at_once=8)
    await each.deliver(within=0)
    clock.advance(timedelta(seconds=1))
    (later,) = await announce(profiles, clock, "prf_late", Greeted)

    while await announced(database, "prf_late"):
        assert await each.deliver(within=0.01)

    assert sorted(stop.heard) == sorted([*slow, later])
    assert [await announced(database, f"prf_{n}") for n in range(7)] == [[each] for each in slow]
    stop.may.set()
    await each.end()
    assert [await announced(database, f"prf_{n}") for n in range(7)] == [[]] * 7


async def test_relay_that_could_not_take_everything_says_so(profiles: ProfileStore, clock: FakeClock) -> None:
    for n in range(3):
        await announce(profiles, clock, f"prf_{n}", Greeted)
    each = relay(profiles, clock, Ear(), at_once=2)

    said = []
    while await each.deliver():
        said.append(each.was_full)

    assert said == [True, False]


async def test_relays_beside_each_other_have_each_their_share(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    for _ in range(60):
        await announce(profiles, clock, new_id("prf", clock()), Greeted)
    store = RosterStore(database)
    ears = {"ada": Ear(), "bob": Ear()}
    for name in ears:
        await store.report(name)
    relays = [
        Relay(outboxes=profiles, reactions={Greeted: (ear,)}, clock=clock, shares=Roster(store, name))
        for name, ear in ears.items()
    ]

    while [True for each in relays if await each.deliver()]:
        pass

    heard = [change for ear in ears.values() for change in ear.heard]
    assert len(heard) == len(set(heard)) == 60
    assert all(ear.heard for ear in ears.values())


async def test_relay_that_ended_leaves_everything_to_the_others(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    store, ear = RosterStore(database), Ear()
    ended, other = (
        Relay(outboxes=profiles, reactions={Greeted: (ear,)}, clock=clock, shares=Roster(store, name))
        for name in ("ada", "bob")
    )
    await ended.deliver()
    changes = [(await announce(profiles, clock, new_id("prf", clock()), Greeted))[0] for _ in range(60)]

    await ended.end()
    while await other.deliver():
        pass

    assert sorted(ear.heard) == sorted(changes)


async def test_unknown_kind_stays_for_a_newer_version(
    profiles: ProfileStore, clock: FakeClock, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    known, unknown = await announce(profiles, clock, "prf_1", Greeted, Invented)
    ear = Ear()

    with caplog.at_level(logging.WARNING):
        await relay(profiles, clock, ear).deliver()

    assert ear.heard == [known]
    assert await announced(database, "prf_1") == [unknown]
    assert "test.invented_later" in caplog.text


async def test_unknown_kinds_do_not_crowd_out_the_known(profiles: ProfileStore, clock: FakeClock) -> None:
    for n in range(20):
        await announce(profiles, clock, f"prf_{n}", Invented)
    clock.advance(timedelta(seconds=1))
    (late,) = await announce(profiles, clock, "prf_late", Greeted)
    ear = Ear()

    await relay(profiles, clock, ear, at_once=2).deliver()

    assert ear.heard == [late]


async def test_failing_reaction_neither_loses_nor_blocks_others(
    profiles: ProfileStore, clock: FakeClock, database: Database
) -> None:
    bad, good = await announce(profiles, clock, "prf_1", Greeted, Greeted)
    (other,) = await announce(profiles, clock, "prf_2", Greeted)
    ear = Ear(deaf_to=[bad])

    await relay(profiles, clock, ear).deliver()

    assert sorted(ear.heard) == sorted([good, other])
    assert await announced(database, "prf_1") == [bad]


async def test_failing_change_rests_and_is_tried_again(profiles: ProfileStore, clock: FakeClock) -> None:
    (bad,) = await announce(profiles, clock, "prf_1", Greeted)
    ear = Ear(deaf_to=[bad])
    each = relay(profiles, clock, ear)
    await each.deliver()
    ear.deaf_to.clear()

    await each.deliver()
    while_resting = list(ear.heard)
    clock.advance(timedelta(seconds=1))
    await each.deliver()

    assert while_resting == []
    assert ear.heard == [bad]


@pytest.mark.parametrize("error", [ValueError(), LOCKED])
async def test_failing_changes_do_not_crowd_out_later_ones(
    profiles: ProfileStore, clock: FakeClock, error: Exception
) -> None:
    bad = [(await announce(profiles, clock, f"prf_{n:02}", Greeted))[0] for n in range(10)]
    clock.advance(timedelta(seconds=1))
    (late,) = await announce(profiles, clock, "prf_late", Greeted)
    ear = Ear(deaf_to=bad, error=error)
    each = relay(profiles, clock, ear, at_once=2)

    for _ in range(6):
        await each.deliver()

    assert ear.heard == [late]


async def test_pending_changes_are_read_in_order_without_a_sort(
    profiles: ProfileStore, clock: FakeClock
) -> None:
    for n in range(5):
        await announce(profiles, clock, f"prf_{9 - n}", Greeted)
        clock.advance(timedelta(seconds=1))

    pending = await profiles.pending_outboxes(3, kinds=[Greeted.kind], resting=[])

    assert [profile_id for profile_id, _ in pending] == ["prf_9", "prf_8", "prf_7"]
