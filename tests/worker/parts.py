"""What the tests of the worker are made of."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from server.kit.clock import system_clock
from server.kit.jobs.model import Job, JobId, JobResult, JobState
from server.kit.jobs.service import LEASE, JobQueue
from server.kit.relay import Relay
from server.profiles.store import ProfileStore
from server.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.kit.clock import Clock
    from server.kit.jobs.store import JobStore
    from server.kit.mongo import Database
    from server.kit.relay import Reactions

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


def queue_of(jobs: JobStore, clock: Clock, *, lease: timedelta = LEASE) -> JobQueue:
    return JobQueue(store=jobs, clock=clock, lease=lease, draw=lambda: 1.0)


def worker_of(
    database: Database,
    queue: JobQueue,
    handler: Handler,
    *,
    patience: timedelta = timedelta(seconds=5),
    reactions: Reactions = MappingProxyType({}),
) -> Worker:
    relay = Relay(outboxes=ProfileStore(database), reactions=reactions, clock=system_clock)
    return Worker(name="ada", relay=relay, queue=queue, handlers={"greet": handler}, patience=patience)


def always(result: JobResult) -> Handler:
    async def work(_: Job) -> JobResult:
        return result

    return Handler(work)


async def state_of(jobs: JobStore) -> tuple[JobState, str | None]:
    job = await jobs.find(JOB)
    assert job is not None
    return job.state, job.reason
