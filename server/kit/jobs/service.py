"""The queue: puts jobs in, leases them out, and takes back what became of them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.jobs.lanes import kind_of, next_lane
from server.kit.jobs.model import JobState
from server.kit.jobs.retrying import RetrySchedule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobId, NewJob, RetryLater, Wait
    from server.kit.jobs.periodic import Periodic
    from server.kit.jobs.store import JobStore

MOST_COUNTED = 10_000  # jobs of a lane
_REMEMBERED = 16  # claims for which the lanes that were due are believed to be so still
LONGEST_PAUSE = timedelta(minutes=1)  # of a lane: then a job finds out whether it has to wait still
LEASE = timedelta(seconds=60)  # far above clock skew under NTP; prolonged while the job runs


class JobQueue:
    """Durable jobs, at least once each; what they write is written once, since it is guarded by the fence.

    Methods that take a leased job return False where its lease was lost: stop then, and write nothing more.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        clock: Clock,
        lease: timedelta = LEASE,
        longest_pause: timedelta = LONGEST_PAUSE,
        retries: RetrySchedule | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._clock = clock
        self.lease = lease
        self._longest_pause = longest_pause
        self._retries = retries or RetrySchedule()
        self._draw = draw
        self._lanes: list[str] = []
        self._claims_left = 0
        self._paused: dict[str, datetime] = {}

    async def enqueue(self, job: NewJob) -> bool:
        """Queue a job; False where it is known already (by id, or by its dedupe key while live)."""
        return await self._store.insert(job, self._clock())

    async def bring_round(self, periodic: Periodic) -> bool:
        """Queue the job of the present stretch; False where somebody did, or where the last is not done."""
        return await self.enqueue(periodic.due(self._clock()))

    async def claim(self, kinds: Collection[str], worker: str) -> Job | None:
        """Lease a job of these kinds that is due; None where none is. See lanes.py for which.

        Kinds that this version doesn't know wait for one that does.
        """
        while lanes := await self._due(kinds):
            lane = next_lane(lanes, self._draw(), self._draw())
            now = self._clock()
            job = await self._store.lease(lane, worker, now, now + self.lease)
            if job is not None:
                return job
            self._lanes = [each for each in self._lanes if each != lane]
        return None

    def rest(self) -> timedelta | None:
        """Return how long it is until a lane that is paused moves on; None where none is."""
        soonest = min(self._paused.values(), default=None)
        return None if soonest is None else max(soonest - self._clock(), timedelta(0))

    def pause(self, lane: str, until: datetime) -> None:
        """Claim no job of this lane before then; this process alone knows."""
        self._paused[lane] = until

    async def depths(self) -> list[tuple[str, int, timedelta]]:
        """Return of each kind how many jobs are not done, and how long the first has been due.

        Of each lane it counts up to 10,000, so that a long queue is not made longer by looking at it.
        """
        now, found = self._clock(), dict[str, tuple[int, timedelta]]()
        for lane in await self._store.due_lanes(None):
            count, first = await self._store.waiting(lane, MOST_COUNTED)
            jobs, age = found.get(kind_of(lane), (0, timedelta()))
            found[kind_of(lane)] = (jobs + count, max(age, now - (first or now)))
        return [(kind, jobs, age) for kind, (jobs, age) in found.items()]

    async def heartbeat(self, job: Job) -> bool:
        """Prolong the lease."""
        return await self._store.extend(job, self._clock() + self.lease)

    async def finish(self, job: Job) -> bool:
        """Note that the job is done."""
        return await self._store.close(job, JobState.DONE, None, self._clock())

    def next_run(self, job: Job, result: RetryLater) -> datetime:
        """Return when a job that failed now should be tried again."""
        delay = result.after
        if delay is None:
            delay = self._retries.delay(job.attempts, self._draw())
        return self._clock() + delay

    async def retry(self, job: Job, reason: str, at: datetime) -> bool:
        """Put the job back, to be tried again at `at`."""
        return await self._store.put_back(job, at, reason, is_counted=True)

    async def park(self, job: Job, reason: str) -> bool:
        """Make the job a dead letter."""
        return await self._store.close(job, JobState.DEAD, reason, self._clock())

    async def wait(self, job: Job, result: Wait) -> bool:
        """Put the job back until later, as if it had never been started."""
        at = self._clock() + result.after
        if result.is_shared:
            self.pause(job.lane, min(at, self._clock() + self._longest_pause))
        return await self._store.put_back(job, at, result.reason, is_counted=False)

    async def hand_back(self, job: Job) -> bool:
        """Put the job back at once, as if it had never been started."""
        return await self._store.put_back(job, self._clock(), job.reason, is_counted=False)

    async def find(self, job_id: JobId) -> Job | None:
        """Return a job."""
        return await self._store.find(job_id)

    async def count_waiting(self, lanes: Collection[str]) -> int:
        """Return how many jobs of these lanes have not ended."""
        return await self._store.count_live(lanes)

    async def dead(self, before: str | None, limit: int) -> list[Job]:
        """Return the latest dead letters, or those before this one."""
        return await self._store.dead(before, limit)

    async def revive(self, job: Job) -> bool:
        """Queue a dead letter as if it were new; False where that is so already."""
        return await self._store.revive(job, self._clock())

    async def _due(self, kinds: Collection[str]) -> list[str]:
        """Return the lanes to claim from; which are due is looked up now and then, and when none is left."""
        self._claims_left -= 1
        lanes = self._open_to(kinds) if self._claims_left > 0 else []
        if not lanes:
            self._lanes = await self._store.due_lanes(self._clock())
            self._claims_left = _REMEMBERED
            lanes = self._open_to(kinds)
        return lanes

    def _open_to(self, kinds: Collection[str]) -> list[str]:
        now = self._clock()
        self._paused = {lane: until for lane, until in self._paused.items() if until > now}
        return [lane for lane in self._lanes if kind_of(lane) in kinds and lane not in self._paused]
