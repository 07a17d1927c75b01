"""A worker holds what it leased, lets go of what it lost, and hands back what it cannot end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.changes import ChangeId
from server.kit.clock import system_clock
from server.kit.jobs.model import Done, Job, JobId, JobResult, JobState, NewJob
from server.kit.jobs.service import JobQueue
from server.profiles.changes import ProfileCreated
from server.profiles.model import ProfileId
from server.profiles.store import ProfileStore
from tests.fakes import FakeClock
from tests.worker.parts import JOB, Handler, always, queue_of, state_of, worker_of

if TYPE_CHECKING:
    from server.kit.jobs.store import JobStore
    from server.kit.mongo import Database


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


async def test_stopping_worker_ends_what_follows_from_a_change_in_hand(
    database: Database, jobs: JobStore
) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    async def react(_: ProfileCreated) -> None:
        started.set()
        await may_end.wait()

    profiles, now = ProfileStore(database), system_clock()
    created = ProfileCreated(id=ChangeId("chg_1"), at=now, profile_id="prf_1")
    await profiles.insert(ProfileId("prf_1"), (), now, [created])
    worker = worker_of(
        database, queue_of(jobs, system_clock), always(Done()), reactions={ProfileCreated: (react,)}
    )

    running = asyncio.create_task(worker.run(database))
    await started.wait()
    worker.stop()
    ended_before, _ = await asyncio.wait([running], timeout=0.5)
    may_end.set()
    await running

    assert not ended_before
    assert await profiles.pending_outboxes(1, kinds=[ProfileCreated.kind], resting=[]) == []


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
