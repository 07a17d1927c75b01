"""Works an attribute's new precedence into all profiles, so that searches find by the value that wins now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.jobs.model import Done, HandBack, JobId, NewJob
from server.profiles.model import AttributeId, ProfileId

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.watching import Watched
    from server.profiles.catalogue import Catalogue
    from server.profiles.model import AttributeDefinition
    from server.profiles.sweep_store import SweepStore

RERANK = "rerank_attribute"
_SETTLING = timedelta(seconds=10)  # until every process ranks by the new precedence: it polls every five
_STRETCH = timedelta(minutes=1)  # of work under one lease
_BATCH = 1_000  # profiles


def rerank_job(definition: AttributeDefinition, now: datetime) -> NewJob:
    """Return the job that follows from this version of a definition."""
    return NewJob(
        id=JobId(f"job_rerank_{definition.id}_{definition.version}"),
        kind=RERANK,
        payload={"attribute_id": definition.id},
        run_at=now + _SETTLING,
    )


class Reranking:
    """Runs these jobs: batch by batch in the order of ids, each batch one idempotent statement."""

    def __init__(self, *, store: SweepStore, catalogue: Watched[Catalogue], clock: Clock) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    async def run(self, job: Job) -> JobResult:
        """Go on from where the last run of this job ended."""
        await self._catalogue.refresh()
        definition = (await self._catalogue.current()).by_id[AttributeId(job.payload["attribute_id"])]
        until = self._clock() + _STRETCH
        after: ProfileId | None = await self._store.cursor(job.id)
        while self._clock() < until:
            last = await self._store.rerank(definition.id, definition.precedence, after, _BATCH)
            if last is None:
                await self._store.forget_cursor(job.id)
                return Done()
            await self._store.set_cursor(job.id, last)
            after = last
        return HandBack()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it."""

    async def given_up(self, job: Job, reason: str) -> None:
        """Nobody waits to hear of it: the worker's log has it."""
