"""The worker: every job comes to one of its ends, whatever its handler does."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from server.kit.clock import system_clock
from server.kit.jobs.model import Done, GiveUp, Job, JobId, JobResult, JobState, NewJob, RetryLater
from server.kit.jobs.service import LEASE, JobQueue
from server.kit.jobs.store import JobStore
from server.kit.mongo import ConnectionFailure
from server.kit.relay import Relay
from server.profiles.store import ProfileStore
from server.worker import Worker
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.kit.clock import Clock
    from server.kit.mongo import Database

JOB = JobId("job_1")


class Handler:
    """Does what it is told, and remembers what it was told."""

    def __init__(self, work: Callable[[Job], Awaitable[JobResult]]) -> None:
        self._work = work
        self.retried_at: list[datetime] = []
        self.given_up_for: list[str] = []
        self.reasons: list[tuple[JobId, str]] = []

    async def run(self, job: Job) -> JobResult:
        return await self._work(job)

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        self.retried_at.append(at)
        self.reasons.append((job.id, reason))

    async def given_up(self, job: Job, reason: str) -> None:
        self.given_up_for.append(reason)
        self.reasons.append((job.id, reason))


@pytest.fixture
async def jobs(database: Database) -> JobStore:
    store = JobStore(database)
    await store.create_indexes()
    await ProfileStore(database).create_indexes()
    return store


def queue_of(jobs: JobStore, clock: Clock, *, lease: timedelta = LEASE) -> JobQueue:
    return JobQueue(store=jobs, clock=clock, lease=lease, draw=lambda: 1.0)


def worker_of(
    database: Database, queue: JobQueue, handler: Handler, *, patience: timedelta = timedelta(seconds=5)
) -> Worker:
    relay = Relay(outboxes=ProfileStore(database), reactions={}, clock=system_clock)
    return Worker(name="ada", relay=relay, queue=queue, handlers={"greet": handler}, patience=patience)


def always(result: JobResult) -> Handler:
    async def work(_: Job) -> JobResult:
        return result

    return Handler(work)


async def state_of(jobs: JobStore) -> tuple[JobState, str | None]:
    job = await jobs.find(JOB)
    assert job is not None
    return job.state, job.reason


async def test_job_that_is_done_is_finished(database: Database, jobs: JobStore) -> None:
    queue = queue_of(jobs, FakeClock())
    await queue.enqueue(NewJob(id=JOB, kind="greet"))

    await worker_of(database, queue, always(Done())).drain()

    assert await state_of(jobs) == (JobState.DONE, None)


async def test_passing_failure_is_retried_and_told(database: Database, jobs: JobStore) -> None:
    clock = FakeClock()
    queue = queue_of(jobs, clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    handler = always(RetryLater(reason="It is down."))

    await worker_of(database, queue, handler).drain()

    assert await state_of(jobs) == (JobState.QUEUED, "It is down.")
    assert handler.reasons == [(JOB, "It is down.")]
    assert handler.retried_at == [clock() + timedelta(seconds=30)]


async def test_source_may_say_when_to_come_back(database: Database, jobs: JobStore) -> None:
    clock = FakeClock()
    queue = queue_of(jobs, clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    handler = always(RetryLater(reason="It is busy.", after=timedelta(hours=2)))

    await worker_of(database, queue, handler).drain()

    assert handler.retried_at == [clock() + timedelta(hours=2)]


async def test_bug_in_a_handler_is_a_failure_that_may_pass(database: Database, jobs: JobStore) -> None:
    async def fail(_: Job) -> JobResult:
        raise ZeroDivisionError

    queue = queue_of(jobs, FakeClock())
    await queue.enqueue(NewJob(id=JOB, kind="greet"))

    await worker_of(database, queue, Handler(fail)).drain()

    assert await state_of(jobs) == (JobState.QUEUED, "It failed with ZeroDivisionError.")


async def test_failure_for_good_is_a_dead_letter_and_told(database: Database, jobs: JobStore) -> None:
    queue = queue_of(jobs, FakeClock())
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    handler = always(GiveUp(reason="It can't be done."))

    await worker_of(database, queue, handler).drain()

    assert await state_of(jobs) == (JobState.DEAD, "It can't be done.")
    assert handler.given_up_for == ["It can't be done."]


async def test_last_attempt_ends_as_a_dead_letter(database: Database, jobs: JobStore) -> None:
    clock = FakeClock()
    queue = queue_of(jobs, clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet", max_attempts=3))
    handler = always(RetryLater(reason="It is down."))
    worker = worker_of(database, queue, handler)

    for _ in range(3):
        await worker.drain()
        clock.advance(timedelta(hours=6))

    assert await state_of(jobs) == (JobState.DEAD, "It is down.")
    assert len(handler.retried_at) == 2
    assert handler.given_up_for == ["It is down."]


async def test_poison_is_not_run_once_more(database: Database, jobs: JobStore) -> None:
    clock = FakeClock()
    queue = queue_of(jobs, clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet", max_attempts=2))
    for _ in range(2):  # workers that it took down
        await queue.claim({"greet"}, "bob")
        clock.advance(LEASE)
    handler = always(Done())

    await worker_of(database, queue, handler).drain()

    state, reason = await state_of(jobs)
    assert state is JobState.DEAD
    assert reason == handler.given_up_for[0]


async def test_handler_that_cannot_be_told_keeps_no_job_from_its_end(
    database: Database, jobs: JobStore
) -> None:
    class Deaf(Handler):
        async def given_up(self, job: Job, reason: str) -> None:
            raise ZeroDivisionError(job.id, reason)

    async def give_up(_: Job) -> JobResult:
        return GiveUp(reason="It can't be done.")

    queue = queue_of(jobs, FakeClock())
    await queue.enqueue(NewJob(id=JOB, kind="greet"))

    await worker_of(database, queue, Deaf(give_up)).drain()

    assert await state_of(jobs) == (JobState.DEAD, "It can't be done.")


async def test_database_that_went_away_is_not_the_fault_of_the_job(
    database: Database, jobs: JobStore
) -> None:
    attempts: list[int] = []

    async def interrupted(job: Job) -> JobResult:
        attempts.append(job.attempts)
        if len(attempts) < 10:
            raise ConnectionFailure
        return Done()

    queue = queue_of(jobs, FakeClock())
    await queue.enqueue(NewJob(id=JOB, kind="greet"))

    await worker_of(database, queue, Handler(interrupted)).drain()

    assert attempts == [1] * 10
    assert await state_of(jobs) == (JobState.DONE, None)


async def test_handler_that_hangs_is_stopped(database: Database, jobs: JobStore) -> None:
    async def hang(_: Job) -> JobResult:
        await asyncio.Event().wait()
        return Done()

    queue = queue_of(jobs, FakeClock())
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    relay = Relay(outboxes=ProfileStore(database), reactions={}, clock=system_clock)
    limit = timedelta(milliseconds=10)

    worker = Worker(name="ada", relay=relay, queue=queue, handlers={"greet": Handler(hang)}, time_limit=limit)
    await worker.drain()

    state, reason = await state_of(jobs)
    assert state is JobState.QUEUED
    assert reason is not None
    assert "longer" in reason


async def test_long_job_keeps_its_lease_by_heartbeats(database: Database, jobs: JobStore) -> None:
    has_beaten = asyncio.Event()

    class Counting(JobQueue):
        async def heartbeat(self, job: Job) -> bool:
            is_held = await super().heartbeat(job)
            has_beaten.set()
            return is_held

    async def wait_for_it(_: Job) -> JobResult:
        await has_beaten.wait()
        return Done()

    queue = Counting(store=jobs, clock=system_clock, lease=timedelta(milliseconds=300))
    await queue.enqueue(NewJob(id=JOB, kind="greet"))

    await worker_of(database, queue, Handler(wait_for_it)).drain()

    job = await jobs.find(JOB)
    assert job is not None
    assert (job.state, job.fence) == (JobState.DONE, 1)


async def test_worker_that_lost_its_lease_stops_and_writes_nothing(
    database: Database, jobs: JobStore
) -> None:
    clock = FakeClock()
    queue = queue_of(jobs, clock, lease=timedelta(milliseconds=90))
    was_cancelled = asyncio.Event()

    async def stall(_: Job) -> JobResult:
        clock.advance(timedelta(seconds=1))
        assert await queue.claim({"greet"}, "bob") is not None
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()
        return Done()

    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    await worker_of(database, queue, Handler(stall)).drain()

    job = await jobs.find(JOB)
    assert job is not None
    assert was_cancelled.is_set()
    assert (job.state, job.fence) == (JobState.LEASED, 2)


async def test_running_worker_hears_of_a_job_and_ends_when_told(database: Database, jobs: JobStore) -> None:
    ran = asyncio.Event()

    async def note(_: Job) -> JobResult:
        ran.set()
        return Done()

    queue = queue_of(jobs, system_clock)
    worker = worker_of(database, queue, Handler(note))

    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(database))
        await queue.enqueue(NewJob(id=JOB, kind="greet"))
        await ran.wait()
        worker.stop()

    assert await state_of(jobs) == (JobState.DONE, None)


async def test_jobs_run_beside_each_other(database: Database, jobs: JobStore) -> None:
    meeting = asyncio.Barrier(4)  # three jobs and this test

    async def meet(_: Job) -> JobResult:
        await meeting.wait()
        return Done()

    queue = queue_of(jobs, system_clock)
    worker = worker_of(database, queue, Handler(meet))
    for n in range(3):
        await queue.enqueue(NewJob(id=JobId(f"job_{n}"), kind="greet"))

    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(database))
        await meeting.wait()
        worker.stop()

    assert await jobs.count("greet", JobState.DONE) == 3


async def test_stopping_worker_lets_the_job_in_hand_end(database: Database, jobs: JobStore) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    async def work(_: Job) -> JobResult:
        started.set()
        await may_end.wait()
        return Done()

    queue = queue_of(jobs, system_clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    worker = worker_of(database, queue, Handler(work))

    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(database))
        await started.wait()
        worker.stop()
        may_end.set()

    assert await state_of(jobs) == (JobState.DONE, None)


async def test_stopping_worker_hands_back_what_takes_too_long(database: Database, jobs: JobStore) -> None:
    started = asyncio.Event()

    async def work(_: Job) -> JobResult:
        started.set()
        await asyncio.Event().wait()
        return Done()

    queue = queue_of(jobs, system_clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    worker = worker_of(database, queue, Handler(work), patience=timedelta(milliseconds=10))

    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(database))
        await started.wait()
        worker.stop()

    again = await queue.claim({"greet"}, "bob")
    assert again is not None
    assert again.attempts == 1
