"""Takes claims that have run out off the profiles, so that searches find nobody by what no longer counts.

Who reads one profile never sees such a claim, swept away or not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.jobs.model import Done
from server.profiles.model import ProfileUpdate

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.profiles.model import Profile
    from server.profiles.service import Profiles
    from server.profiles.sweep_store import SweepStore

EXPIRE = "expire_claims"
EVERY = timedelta(minutes=1)
_STRETCH = timedelta(seconds=50)  # then the next one goes on
_BATCH = 100  # profiles


class Expiring:
    """Runs the job that every minute brings."""

    def __init__(self, *, sweeps: SweepStore, profiles: Profiles, clock: Clock) -> None:
        self._sweeps = sweeps
        self._profiles = profiles
        self._clock = clock

    async def run(self, job: Job) -> JobResult:  # noqa: ARG002 - the moment is all it needs
        """Sweep what has run out by now."""
        now = self._clock()
        while self._clock() < now + _STRETCH:
            profiles = await self._sweeps.expired(now, _BATCH)
            swept = [await self._sweep(profile, now) for profile in profiles]
            if len(profiles) < _BATCH or not any(swept):
                break
        return Done()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it."""

    async def given_up(self, job: Job, reason: str) -> None:
        """Nobody waits to hear of it: the next minute brings another."""

    async def _sweep(self, profile: Profile, now: datetime) -> bool:
        """Retract what has run out; False where somebody wrote meanwhile: the next sweep looks again."""
        held = [claim for claims in profile.claims.values() for claim in claims]
        ends = [(claim, claim.expires_at) for claim in held if claim.expires_at is not None]
        update = ProfileUpdate(
            retracted=tuple(claim for claim, end in ends if end <= now),
            part={"expires_next": min((end for _, end in ends if end > now), default=None)},
            only_if={"version": profile.version},
        )
        return await self._profiles.write(profile.id, update) is not None
