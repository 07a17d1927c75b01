"""Erases one person everywhere: a job that may end anywhere and is simply run again.

The order is what makes that safe. What leads from one id of the person to another is noted before it goes;
what they were known by is noted before their profile goes; their profile goes first of all data, since
without it nothing more can be written about them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from server.kit.jobs.model import Done, JobId, NewJob, RetryLater
from server.privacy.model import ERASE, SETTLES_AFTER, RequestId, RequestState
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from server.access.revoking import Revocations
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.jobs.service import JobQueue
    from server.privacy.holding_store import HoldingStore
    from server.privacy.model import PrivacyRequest
    from server.privacy.store import PrivacyStore
    from server.profiles.service import Profiles

    # Tells others who may know the person too, by the id of the request and the ids that they had.
    Announce = Callable[[str, Sequence[str]], Awaitable[None]]

_log = logging.getLogger(__name__)
_TRIES = 10  # against writes to the same profile in the same instant


class Erasing:
    """Runs the jobs of kind ERASE."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        store: PrivacyStore,
        holdings: HoldingStore,
        revocations: Revocations,
        queue: JobQueue,
        clock: Clock,
        announce: Announce | None = None,
    ) -> None:
        self._profiles = profiles
        self._revocations = revocations
        self._store = store
        self._holdings = holdings
        self._queue = queue
        self._clock = clock
        self._announce = announce

    async def run(self, job: Job) -> JobResult:
        """Erase; and later once more what somebody was about to write meanwhile."""
        request = await self._store.find(RequestId(job.payload["request"]))
        if request is None:
            return Done()
        known = await self._remove_profile(request)
        if known is None:
            return RetryLater(reason="The profile keeps changing.")
        await self._revocations.revoke(known)
        await self._holdings.erase(known)
        if self._announce is not None:
            await self._announce(request.id, known)
        now = self._clock()
        if "again" in job.payload:
            await self._store.settle(request.id, now)
        else:
            await self._queue.enqueue(settling(job, now))
            await self._store.finish(request.id, RequestState.DONE, now)
        return Done()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it."""

    async def given_up(self, job: Job, reason: str) -> None:
        """Show that it failed; whoever asked asks again."""
        _log.error("erasure %s was given up: %s", job.payload["request"], reason)
        await self._store.finish(RequestId(job.payload["request"]), RequestState.FAILED, self._clock())

    async def erase_visitor(self, profile_id: str, before: datetime) -> None:
        """Erase who was never recognised, gone since `before`: there is nobody to keep from coming back."""
        known = await self._profiles.lineage(ProfileId(profile_id))
        await self._holdings.erase_visitor(profile_id, known, before)

    async def _remove_profile(self, request: PrivacyRequest) -> Sequence[str] | None:
        """Remove the person's profile, whatever it became meanwhile; return all ids they ever had."""
        for _ in range(_TRIES):
            profile = await self._profiles.find_living(ProfileId(request.profile_id))
            leading = await self._profiles.lineage(
                ProfileId(request.profile_id) if profile is None else profile.id
            )
            noted = await self._store.add_profiles(request.id, leading)
            known = leading if noted is None else noted.profile_ids
            if profile is None or await self._profiles.erasure.remove(profile, request.id):
                return known
        return None


def settling(job: Job, now: datetime) -> NewJob:
    """Return the job that does the same once more, when every write that was under way has ended."""
    return NewJob(
        id=JobId(f"{job.id}_again"),
        kind=job.kind,
        payload={**job.payload, "again": True},
        profile_id=job.profile_id,
        run_at=now + SETTLES_AFTER,
    )


def first_job(request: PrivacyRequest) -> NewJob:
    """Return the job of a request: one and the same however often it is asked for.

    The job of an erasure names no person: it has to outlive them.
    """
    kind = f"privacy_{request.kind.value}"
    return NewJob(
        id=JobId(f"job_{request.id}"),
        kind=kind,
        payload={"request": request.id},
        profile_id=None if kind == ERASE else request.profile_id,
    )
