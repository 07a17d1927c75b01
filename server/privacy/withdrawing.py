"""Erases what rested on a consent that was taken back, where the purpose says so; hidden it was at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.jobs.model import Done, RetryLater
from server.privacy.erasing import settling
from server.privacy.model import Part
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.jobs.service import JobQueue
    from server.privacy.holding_store import HoldingStore
    from server.profiles.model import Profile
    from server.profiles.service import Profiles

    # Of these profiles, about attributes of these ids.
    ForgetRaw = Callable[[Sequence[str], AbstractSet[str]], Awaitable[None]]

_TRIES = 10  # against writes to the same profile in the same instant


class Withdrawing:
    """Runs the jobs of kind WITHDRAW. `forget_raw` drops what sign-ins said about attributes, as it came."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        holdings: HoldingStore,
        forget_raw: ForgetRaw,
        queue: JobQueue,
        clock: Clock,
    ) -> None:
        self._forget_raw = forget_raw
        self._profiles = profiles
        self._holdings = holdings
        self._queue = queue
        self._clock = clock

    async def run(self, job: Job) -> JobResult:
        """Erase, unless the person grants it again; and later once more what was under way meanwhile.

        The profile comes first: what it gives up goes to the history like any claim that ended, and from
        there with the second run.
        """
        purpose: str = job.payload["purpose"]
        for _ in range(_TRIES):
            profile = await self._profiles.find_living(ProfileId(job.profile_id or ""))
            if profile is None or await self._is_allowed_again(profile, purpose):
                return Done()
            if await self._profiles.erasure.withdraw(profile, purpose) is not None:
                return await self._forget(job, profile, purpose)
        return RetryLater(reason="The profile keeps changing.")

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it: everything is hidden already."""

    async def given_up(self, job: Job, reason: str) -> None:
        """Everything is hidden already; the log and the dead letter tell an operator."""

    async def _forget(self, job: Job, profile: Profile, purpose: str) -> JobResult:
        attribute_ids = await self._profiles.erasure.attributes_of(purpose)
        part = Part(attribute_ids=frozenset(attribute_ids), purpose=purpose)
        known = await self._profiles.lineage(profile.id)
        await self._holdings.forget(known, part)
        await self._forget_raw(known, attribute_ids)
        if "again" not in job.payload:
            await self._queue.enqueue(settling(job, self._clock()))
        return Done()

    async def _is_allowed_again(self, profile: Profile, purpose: str) -> bool:
        said = profile.consents.get(purpose)
        return said is None or await self._profiles.may_use(profile, purpose)
