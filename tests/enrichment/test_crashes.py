"""Workers that end or stall at any point: every effect once, nothing from zombies, nothing lost."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.enrichment.model import ENRICH, EnrichmentState, Finding, Found
from server.enrichment.states import state_of
from server.kit.jobs.model import JobState
from server.kit.jobs.service import LEASE
from server.kit.jobs.store import JobStore
from server.profiles.store import ProfileStore
from tests.enrichment.stage import Stage, build_stage, enricher
from tests.fakes import Crash, FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.enrichment.model import Result
    from server.kit.jobs.model import Job
    from server.kit.mongo import Database
    from server.profiles.model import ClaimId, Profile, ProfileId, ProfileUpdate, Value
    from server.profiles.resolving import Rank

PEOPLE = 100
WORKERS = 4
ROUNDS = 200  # far more than it takes


@dataclass
class Fate:
    """Decides by a seed who ends or stalls where, once it has begun; counts that, and the effects."""

    chance: random.Random
    clock: FakeClock
    has_begun: bool = False
    crashes: int = 0
    stalls: int = 0
    refused: int = 0
    effects: dict[str, int] = field(default_factory=dict)

    def strike(self) -> None:
        """End the process, now and then."""
        if self.has_begun and self.chance.random() < 0.03:
            self.crashes += 1
            raise Crash

    async def stall(self) -> None:
        """Let every lease run out, now and then, and the others go on meanwhile."""
        if self.chance.random() < 0.1:
            self.stalls += 1
            self.clock.advance(LEASE)
            await asyncio.sleep(self.chance.random() / 20)

    def note(self, profile_id: ProfileId, update: ProfileUpdate, written: Profile | None) -> None:
        """Count an effect, or a write that was refused."""
        if self.has_begun and written is None:
            self.refused += 1
        elif self.has_begun and update.claims:
            self.effects[profile_id] = self.effects.get(profile_id, 0) + 1


class MortalProfiles(ProfileStore):
    """Its process may end before a write, or after it and before anybody heard of it."""

    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate = fate

    async def update(
        self, profile_id: ProfileId, update: ProfileUpdate, ranks: Mapping[ClaimId, Rank], now: datetime
    ) -> Profile | None:
        self._fate.strike()
        written = await super().update(profile_id, update, ranks, now)
        self._fate.note(profile_id, update, written)
        self._fate.strike()
        return written

    async def clear_outbox(self, profile_id: ProfileId, change_ids: Sequence[str]) -> None:
        self._fate.strike()
        await super().clear_outbox(profile_id, change_ids)
        self._fate.strike()


class MortalJobs(JobStore):
    """The same for jobs."""

    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate = fate

    async def lease(self, *args: Any) -> Job | None:  # noqa: ANN401 - whatever it takes
        job = await super().lease(*args)
        self._fate.strike()
        return job

    async def close(self, *args: Any) -> bool:  # noqa: ANN401 - whatever it takes
        self._fate.strike()
        is_closed = await super().close(*args)
        self._fate.strike()
        return is_closed


async def doomed_stage(database: Database, fate: Fate) -> Stage:
    """Return a stage in a world where processes end and stall."""

    async def look_up(_: Mapping[str, Value]) -> Result:
        await fate.stall()
        fate.strike()
        return Found(findings=(Finding(key="job_title", value="Countess"),))

    return await build_stage(
        database,
        clock=fate.clock,
        profile_store=MortalProfiles(database, fate),
        jobs=MortalJobs(database, fate),
        enrichers=[enricher(look_up=look_up)],
    )


async def live(stage: Stage, name: str) -> None:
    """Work until there is nothing to do or the process ends."""
    try:
        await stage.worker(name).drain()
    except* Crash:
        pass


async def live_until_all_is_done(stage: Stage) -> None:
    for _ in range(ROUNDS):
        async with asyncio.TaskGroup() as group:
            for n in range(WORKERS):
                group.create_task(live(stage, f"worker-{n}"))
        stage.clock.advance(timedelta(minutes=10))
        if await is_all_done(stage):
            return
    pytest.fail("work was left over")


async def is_all_done(stage: Stage) -> bool:
    live_jobs = [await stage.jobs.count(ENRICH, state) for state in (JobState.QUEUED, JobState.LEASED)]
    kinds = ["profile.attributes_changed", "enrichment.requested"]
    announced = await stage.profile_store.pending_outboxes(1, kinds=kinds, resting=[])
    return sum(live_jobs) == 0 and not announced


@pytest.mark.parametrize("seed", range(4))
async def test_crashes_and_stalls_leave_every_effect_once(database: Database, seed: int) -> None:
    fate = Fate(chance=random.Random(seed), clock=FakeClock())  # noqa: S311 - repeatable, not secret
    stage = await doomed_stage(database, fate)
    people = [(await stage.person(n, email=f"user-{n}@acme.com")).id for n in range(PEOPLE)]
    fate.has_begun = True

    await live_until_all_is_done(stage)

    states = {person: state_of(await stage.profile(person), "oracle") for person in people}
    succeeded = {
        person for person, each in states.items() if each and each.state is EnrichmentState.SUCCEEDED
    }
    failed = {person for person, each in states.items() if each and each.state is EnrichmentState.FAILED}
    assert succeeded | failed == set(people)
    assert fate.effects == dict.fromkeys(succeeded, 1)
    assert len(failed) <= PEOPLE / 20
    assert min(fate.crashes, fate.stalls, fate.refused) > 0
