"""Goes through the profiles of a bulk run, no faster than its look-ups are made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.bulk import lanes_of, matching, most_cost, place_after
from server.enrichment.overseeing import RunState
from server.kit.jobs.model import Done, HandBack, Wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.enrichment.model import Enricher, Enrichers
    from server.enrichment.overseeing import BulkRun
    from server.enrichment.run_store import RunStore
    from server.enrichment.service import Enrichments
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.jobs.service import JobQueue
    from server.profiles.model import Profile
    from server.profiles.reading import Reading

_STRETCH = timedelta(minutes=1)  # of work under one lease
_PAGE = 50  # profiles
_MOST_WAITING = 500  # look-ups: so many may still be made after a run was paused, at most
_REST = timedelta(seconds=5)


class RunningInBulk:
    """Runs the jobs of kind RUN_IN_BULK."""

    def __init__(
        self,
        *,
        store: RunStore,
        reading: Reading,
        enrichment: Enrichments,
        queue: JobQueue,
        enrichers: Enrichers,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reading = reading
        self._enrichment = enrichment
        self._queue = queue
        self._enrichers = enrichers
        self._clock = clock

    async def run(self, job: Job) -> JobResult:
        """Go on from where the last run of this job ended."""
        until = self._clock() + _STRETCH
        has_queued = False
        while self._clock() < until:
            run = await self._store.find(job.payload["run"])
            if run is None or run.state is not RunState.RUNNING:
                return Done()
            waiting = await self._queue.count_waiting(lanes_of(run))
            if waiting >= _MOST_WAITING:
                return _UNDER_WAY
            if not await self._step(run):
                return _UNDER_WAY if has_queued or waiting else await self._end(run)
            has_queued = True
        return HandBack()

    async def retry_scheduled(self, job: Job, reason: str, at: object) -> None:
        """It still runs, as far as anybody who waits needs to know."""

    async def given_up(self, job: Job, reason: str) -> None:  # noqa: ARG002 - the handler's signature
        """Halt it: an admin who resumes it lets it try again."""
        await self._store.move(job.payload["run"], {RunState.RUNNING}, RunState.PAUSED, None)

    async def _step(self, run: BulkRun) -> bool:
        """Queue what is worth it for the next profiles; whether there may be more.

        What they may cost is set aside before, so that no crash lets a run cost more than it may.
        """
        known = self._enrichers()
        enrichers = [known[key] for key in run.enrichers if key in known]
        each_costs = sum(most_cost(each, known) for each in enrichers)
        size = (
            _PAGE if run.most_cost is None else min(_PAGE, (run.most_cost - run.cost) // max(each_costs, 1))
        )
        profiles = await matching(self._reading, run.condition, run.after, max(size, 1))
        if not profiles:
            return False
        if size < 1:
            await self._store.note_capped(run)
            return False
        if not await self._store.reserve(run, each_costs * len(profiles)):
            return True  # somebody is ahead, or halted the run: see where it stands
        look_ups, cost = await self._queued(run, profiles, enrichers)
        refund = each_costs * len(profiles) - cost
        await self._store.advance(
            run, place_after(profiles), profiles=len(profiles), look_ups=look_ups, refund=refund
        )
        return True

    async def _queued(
        self, run: BulkRun, profiles: Sequence[Profile], enrichers: Sequence[Enricher]
    ) -> tuple[int, int]:
        """Return how many look-ups were queued, and what they cost at most."""
        look_ups = cost = 0
        for profile in profiles:
            for each in await self._enrichment.plan_in_bulk(profile, enrichers, run.id):
                look_ups, cost = look_ups + 1, cost + most_cost(each, self._enrichers())
        return look_ups, cost

    async def _end(self, run: BulkRun) -> JobResult:
        """End the run: nothing is left to queue, and nothing under way."""
        await self._store.move(run.id, {RunState.RUNNING}, RunState.DONE, self._clock())
        return Done()


_UNDER_WAY = Wait(reason="Look-ups of the run are under way.", after=_REST, is_shared=False)
