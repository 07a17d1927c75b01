"""The queue: one lease at a time, nothing from zombies, nothing twice, nothing lost."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.jobs.lanes import next_lane
from server.kit.jobs.model import Job, JobId, JobState, NewJob, RetryLater, Urgency, Wait
from server.kit.jobs.retrying import RetrySchedule
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from tests.fakes import FakeClock

LEASE = timedelta(seconds=60)
KINDS = {"greet"}


@pytest.fixture
async def store(database: Database) -> JobStore:
    store = JobStore(database)
    await store.create_indexes()
    return store


@pytest.fixture
def queue(store: JobStore, clock: FakeClock) -> JobQueue:
    return JobQueue(store=store, clock=clock, lease=LEASE, draw=lambda: 1.0)


def new_job(
    job_id: str = "job_1",
    *,
    run_at: datetime | None = None,
    dedupe: str | None = None,
    max_attempts: int = 5,
    kind: str = "greet",
    topic: str = "",
    urgency: Urgency = Urgency.ORDINARY,
) -> NewJob:
    return NewJob(
        id=JobId(job_id),
        kind=kind,
        run_at=run_at,
        dedupe=dedupe,
        max_attempts=max_attempts,
        topic=topic,
        urgency=urgency,
    )


async def test_leased_job_is_nobody_elses(queue: JobQueue) -> None:
    await queue.enqueue(new_job())

    first, second = await queue.claim(KINDS, "ada"), await queue.claim(KINDS, "bob")

    assert first is not None
    assert (first.id, first.fence, first.attempts) == ("job_1", 1, 1)
    assert second is None


async def test_job_is_not_run_before_its_time(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job(run_at=clock() + timedelta(hours=1)))
    early = await queue.claim(KINDS, "ada")

    clock.advance(timedelta(hours=1))

    assert early is None
    assert await queue.claim(KINDS, "ada") is not None


async def test_job_that_is_due_longest_comes_first(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job("job_late", run_at=clock() - timedelta(seconds=1)))
    await queue.enqueue(new_job("job_early", run_at=clock() - timedelta(seconds=2)))

    claimed = await queue.claim(KINDS, "ada")

    assert claimed is not None
    assert claimed.id == "job_early"


async def test_kind_that_a_worker_does_not_know_waits_for_another(queue: JobQueue) -> None:
    await queue.enqueue(new_job(kind="from_the_future"))

    assert await queue.claim(KINDS, "ada") is None
    assert await queue.claim({"from_the_future"}, "bob") is not None


async def test_expired_lease_hands_the_job_on_and_refuses_the_zombie(
    queue: JobQueue, store: JobStore, clock: FakeClock
) -> None:
    await queue.enqueue(new_job())
    zombie = await queue.claim(KINDS, "ada")
    clock.advance(LEASE)
    heir = await queue.claim(KINDS, "bob")
    assert zombie is not None
    assert heir is not None

    refused = [
        await queue.heartbeat(zombie),
        await queue.finish(zombie),
        await queue.park(zombie, "no"),
        await queue.hand_back(zombie),
        await queue.retry(zombie, "no", clock()),
    ]

    assert refused == [False] * 5
    assert heir.fence == zombie.fence + 1
    assert await queue.finish(heir)
    done = await store.find(heir.id)
    assert done is not None
    assert done.state is JobState.DONE


async def test_heartbeat_keeps_the_lease(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job())
    job = await queue.claim(KINDS, "ada")
    assert job is not None

    clock.advance(LEASE - timedelta(seconds=1))
    assert await queue.heartbeat(job)
    clock.advance(LEASE - timedelta(seconds=1))

    assert await queue.claim(KINDS, "bob") is None


async def test_one_id_is_one_job_even_after_its_end(queue: JobQueue) -> None:
    first = await queue.enqueue(new_job())
    job = await queue.claim(KINDS, "ada")
    assert job is not None
    await queue.finish(job)

    again = await queue.enqueue(new_job())

    assert (first, again) == (True, False)
    assert await queue.claim(KINDS, "ada") is None


async def test_of_one_dedupe_key_one_job_is_live(queue: JobQueue) -> None:
    await queue.enqueue(new_job("job_1", dedupe="same"))
    while_live = await queue.enqueue(new_job("job_2", dedupe="same"))
    job = await queue.claim(KINDS, "ada")
    assert job is not None
    while_leased = await queue.enqueue(new_job("job_3", dedupe="same"))
    await queue.finish(job)

    afterwards = await queue.enqueue(new_job("job_4", dedupe="same"))

    assert (while_live, while_leased, afterwards) == (False, False, True)


async def test_jobs_without_a_dedupe_key_do_not_exclude_each_other(queue: JobQueue) -> None:
    assert await queue.enqueue(new_job("job_1"))
    assert await queue.enqueue(new_job("job_2"))


async def test_retry_waits_and_counts(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job())
    job = await queue.claim(KINDS, "ada")
    assert job is not None
    at = queue.next_run(job, RetryLater(reason="down"))
    await queue.retry(job, "down", at)

    early = await queue.claim(KINDS, "ada")
    clock.advance(timedelta(seconds=30))
    again = await queue.claim(KINDS, "ada")

    assert early is None
    assert again is not None
    assert (again.attempts, again.fence, again.reason) == (2, 2, "down")


async def test_job_that_was_handed_back_runs_at_once_as_if_never_started(queue: JobQueue) -> None:
    await queue.enqueue(new_job())
    job = await queue.claim(KINDS, "ada")
    assert job is not None
    await queue.hand_back(job)

    again = await queue.claim(KINDS, "bob")

    assert again is not None
    assert (again.attempts, again.fence) == (1, 2)


async def test_poison_shows_in_the_attempts_that_never_ended(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job(max_attempts=3))
    exhausted = []
    for _ in range(4):
        job = await queue.claim(KINDS, "ada")
        assert job is not None
        exhausted.append(job.is_exhausted)
        clock.advance(LEASE)

    assert exhausted == [False, False, False, True]


async def test_dead_letter_keeps_its_reason(queue: JobQueue, store: JobStore, clock: FakeClock) -> None:
    await queue.enqueue(new_job())
    job = await queue.claim(KINDS, "ada")
    assert job is not None
    await queue.park(job, "It can't be done.")

    dead = await store.find(job.id)

    assert dead is not None
    assert (dead.state, dead.reason, dead.finished_at) == (JobState.DEAD, "It can't be done.", clock())
    assert await queue.claim(KINDS, "ada") is None


async def test_claim_looks_at_as_many_jobs_as_there_are_lanes(queue: JobQueue, database: Database) -> None:
    for n in range(60):
        await queue.enqueue(new_job(f"job_{n}", topic="ab"[n % 2]))
    await database.command("profile", 2)

    await queue.claim(KINDS, "ada")

    await database.command("profile", 0)
    looked_at = [each async for each in database["system.profile"].find({"ns": f"{database.name}.jobs"})]
    await database.drop_collection("system.profile")
    assert sum(each["keysExamined"] for each in looked_at) <= 2 * len(looked_at)
    assert len(looked_at) == len("ab") + 2


async def test_many_jobs_of_one_topic_leave_another_its_turn(store: JobStore, clock: FakeClock) -> None:
    queue = JobQueue(store=store, clock=clock, lease=LEASE, draw=random.Random(1).random)  # noqa: S311
    for n in range(100):
        await queue.enqueue(new_job(f"job_large_{n}", topic="large"))
    for n in range(10):
        await queue.enqueue(new_job(f"job_small_{n}", topic="small"))

    claimed = [await queue.claim(KINDS, "ada") for _ in range(40)]

    assert sum(job is not None and job.id.startswith("job_small") for job in claimed) == 10


async def test_urgent_jobs_come_first_but_never_alone(store: JobStore, clock: FakeClock) -> None:
    queue = JobQueue(store=store, clock=clock, lease=LEASE, draw=random.Random(1).random)  # noqa: S311
    for n in range(80):
        await queue.enqueue(new_job(f"job_urgent_{n}", urgency=Urgency.INTERACTIVE))
        await queue.enqueue(new_job(f"job_bulk_{n}", urgency=Urgency.BULK))

    claimed = [await queue.claim(KINDS, "ada") for _ in range(60)]

    bulk = sum(job is not None and job.urgency is Urgency.BULK for job in claimed)
    assert 0 < bulk < 15


async def test_lane_that_is_paused_waits_and_the_others_go_on(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job("job_1", topic="slow"))
    await queue.enqueue(new_job("job_2", topic="slow"))
    await queue.enqueue(new_job("job_3", topic="quick"))
    slow = await claim_of(queue, "slow")
    await queue.wait(slow, Wait(reason="It rests.", after=timedelta(minutes=5)))

    quick = await queue.claim(KINDS, "ada")
    nobody = await queue.claim(KINDS, "ada")
    clock.advance(timedelta(minutes=5))
    afterwards = await queue.claim(KINDS, "ada")

    assert quick is not None
    assert quick.id == "job_3"
    assert nobody is None
    assert afterwards is not None


async def test_waiting_is_no_attempt(queue: JobQueue, clock: FakeClock) -> None:
    await queue.enqueue(new_job(max_attempts=1))
    for _ in range(5):
        job = await queue.claim(KINDS, "ada")
        assert job is not None
        assert not job.is_exhausted
        await queue.wait(job, Wait(reason="It rests.", after=timedelta(minutes=5)))
        clock.advance(timedelta(minutes=5))


@given(
    lanes=st.lists(st.sampled_from(["0:a:", "1:a:", "1:a:x", "3:b:"]), min_size=1, unique=True),
    turn=st.floats(0, 1),
    place=st.floats(0, 1),
)
def test_next_lane_is_one_of_them_and_urgent_except_in_turns_for_anybody(
    lanes: list[str], turn: float, place: float
) -> None:
    lane = next_lane(lanes, turn, place)

    assert lane in lanes
    assert turn < 1 / 8 or lane[0] == min(each[0] for each in lanes)


async def claim_of(queue: JobQueue, topic: str) -> Job:
    """Claim until a job of this topic comes, and hand the others back."""
    while True:
        job = await queue.claim(KINDS, "ada")
        assert job is not None
        if job.lane.endswith(topic):
            return job
        await queue.hand_back(job)


@given(attempts=st.integers(1, 10_000), draw=st.floats(0, 1))
def test_retry_delay_stays_between_nothing_and_its_ceiling(attempts: int, draw: float) -> None:
    schedule = RetrySchedule()

    delay = schedule.delay(attempts, draw)

    assert timedelta(0) <= delay <= schedule.ceiling


def test_retry_delay_grows_fourfold_from_thirty_seconds() -> None:
    schedule = RetrySchedule()

    longest = [schedule.delay(attempts, 1.0).total_seconds() for attempts in range(1, 8)]

    assert longest == [30, 120, 480, 1920, 7680, 21600, 21600]
