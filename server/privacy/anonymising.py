"""Makes one person anonymous: what could tell who they are goes everywhere, what is left still counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.jobs.model import Done, RetryLater
from server.privacy.erasing import settling
from server.privacy.model import Part, RequestId, RequestState
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.jobs.service import JobQueue
    from server.privacy.holding_store import HoldingStore
    from server.privacy.model import PrivacyRequest
    from server.privacy.store import PrivacyStore
    from server.profiles.service import Profiles

_TRIES = 10  # against writes to the same profile in the same instant


class Anonymising:
    """Runs the jobs of kind ANONYMISE."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        store: PrivacyStore,
        holdings: HoldingStore,
        queue: JobQueue,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._store = store
        self._holdings = holdings
        self._queue = queue
        self._clock = clock

    async def run(self, job: Job) -> JobResult:
        """Anonymise; and later once more, for what was under way, such as the history of what just went."""
        request = await self._store.find(RequestId(job.payload["request"]))
        if request is None:
            return Done()
        known = await self._anonymise_profile(request)
        if known is None:
            return RetryLater(reason="The profile keeps changing.")
        part = Part(attribute_ids=frozenset(await self._profiles.erasure.personal_attributes()))
        await self._holdings.anonymise(known, part)
        now = self._clock()
        if "again" in job.payload:
            await self._store.settle(request.id, now)
        else:
            await self._queue.enqueue(settling(job, now))
            await self._store.finish(request.id, RequestState.DONE, now)
        return Done()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it."""

    async def given_up(self, job: Job, reason: str) -> None:  # noqa: ARG002 - the worker logs it
        """Show that it failed; whoever asked asks again."""
        await self._store.finish(RequestId(job.payload["request"]), RequestState.FAILED, self._clock())

    async def _anonymise_profile(self, request: PrivacyRequest) -> Sequence[str] | None:
        for _ in range(_TRIES):
            profile = await self._profiles.find_living(ProfileId(request.profile_id))
            if profile is None:
                return request.profile_ids
            noted = await self._store.add_profiles(request.id, await self._profiles.lineage(profile.id))
            if await self._profiles.erasure.anonymise(profile) is not None:
                return request.profile_ids if noted is None else noted.profile_ids
        return None
