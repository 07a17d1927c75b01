"""Every job comes to one of its ends, whatever its handler does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError, WTimeoutError

from server.kit.clock import system_clock
from server.kit.jobs.model import Done, GiveUp, Job, JobResult, JobState, NewJob, RetryLater
from server.kit.jobs.service import LEASE, JobQueue
from server.kit.relay import Relay
from server.profiles.store import ProfileStore
from server.worker import Worker
from tests.fakes import FakeClock
from tests.worker.parts import JOB, Handler, always, queue_of, state_of, worker_of

if TYPE_CHECKING:
    from server.kit.jobs.store import JobStore
    from server.kit.mongo import Database


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


@pytest.mark.parametrize("outage", [ConnectionFailure("away"), WTimeoutError("no majority", 64)])
async def test_database_that_went_away_is_not_the_fault_of_the_job(
    database: Database, jobs: JobStore, outage: PyMongoError
) -> None:
    attempts: list[int] = []

    async def interrupted(job: Job) -> JobResult:
        attempts.append(job.attempts)
        if len(attempts) < 10:
            raise outage
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


async def test_what_keeps_a_job_from_its_end_is_logged_without_the_value_that_it_names(
    database: Database, jobs: JobStore, caplog: pytest.LogCaptureFixture
) -> None:
    tried = asyncio.Event()

    class Refusing(JobQueue):
        async def finish(self, job: Job) -> bool:
            tried.set()
            raise DuplicateKeyError(f'E11000 dup key: {{ _id: "{job.id}", email: "ada@acme.com" }}')

    queue = Refusing(store=jobs, clock=system_clock)
    await queue.enqueue(NewJob(id=JOB, kind="greet"))
    worker = worker_of(database, queue, always(Done()))

    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(database))
        await tried.wait()
        worker.stop()

    assert f"job {JOB} is left to its lease: DuplicateKeyError" in caplog.messages
