"""Workers that end or stall at any point: every effect once, nothing from zombies, lost or starved."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.enrichment.meter_store import MeterStore
from server.enrichment.model import ENRICH, EnrichmentState, Finding, Found, Limits
from server.enrichment.states import state_of
from server.kit.jobs.model import JobState
from server.kit.jobs.service import LEASE
from server.kit.jobs.store import JobStore
from server.profiles.store import ProfileStore
from tests.enrichment.stage import APP, Stage, build_stage, provider
from tests.fakes import Crash, FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.enrichment.model import Enricher, Result
    from server.kit.jobs.model import Job
    from server.kit.mongo import Database
    from server.profiles.model import ClaimId, Profile, ProfileId, ProfileUpdate, Value
    from server.profiles.resolving import Rank

PEOPLE = 280  # of a large run
FEW = 20  # of a small one
POISONED = 3  # whose look-up ends every process that makes it
BUDGET = 900
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
    effects: dict[tuple[str, str], int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    leases: list[str] = field(default_factory=list)

    def strike(self) -> None:
        """End the process, now and then."""
        if self.has_begun and self.chance.random() < 0.006:  # at each of a dozen points of a look-up
            self.crashes += 1
            raise Crash

    async def stall(self) -> None:
        """Let every lease run out, now and then, and the others go on meanwhile."""
        if self.chance.random() < 0.05:
            self.stalls += 1
            self.clock.advance(LEASE)
            await asyncio.sleep(self.chance.random() / 20)

    def note(self, profile_id: ProfileId, update: ProfileUpdate, written: Profile | None) -> None:
        """Count an effect, or a write that was refused."""
        if self.has_begun and written is None:
            self.refused += 1
        for claim in update.claims if self.has_begun and written is not None else ():
            effect = (profile_id, claim.source.slug)
            self.effects[effect] = self.effects.get(effect, 0) + 1


class Harmless(random.Random):
    """Strikes nobody."""

    def random(self) -> float:
        return 1.0


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

    async def clear_outboxes(self, taken: Sequence[tuple[ProfileId, Sequence[str]]]) -> None:
        self._fate.strike()
        await super().clear_outboxes(taken)
        self._fate.strike()


class MortalJobs(JobStore):
    """The same for jobs."""

    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate = fate

    async def lease(self, *args: Any) -> Job | None:  # noqa: ANN401 - whatever it takes
        job = await super().lease(*args)
        if job is not None and job.fence == 1:
            self._fate.leases.append(job.payload["enricher"])
        self._fate.strike()
        return job

    async def close(self, *args: Any) -> bool:  # noqa: ANN401 - whatever it takes
        self._fate.strike()
        is_closed = await super().close(*args)
        self._fate.strike()
        return is_closed


class MortalMeters(MeterStore):
    """The same for what sources are asked."""

    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate = fate

    async def reserve(self, *args: Any) -> Any:  # noqa: ANN401 - whatever it takes
        self._fate.strike()
        reserved = await super().reserve(*args)
        self._fate.strike()
        return reserved

    async def settle(self, *args: Any) -> None:  # noqa: ANN401 - whatever it takes
        self._fate.strike()
        await super().settle(*args)
        self._fate.strike()


def doomed_source(key: str, fate: Fate, attribute: str) -> Enricher:
    """Return a source that some wait for in vain."""

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        if inputs["email"] in POISON:
            raise Crash
        fate.calls[key] = fate.calls.get(key, 0) + 1
        await fate.stall()
        fate.strike()
        return Found(findings=(Finding(key=attribute, value="Countess"),))

    limits = Limits(budget_per_month=BUDGET, concurrency=10 * WORKERS)
    return provider(key, look_up, limits=limits, outputs=frozenset({attribute}))


async def doomed_stage(database: Database, fate: Fate) -> Stage:
    """Return a stage in a world where processes end and stall."""
    return await build_stage(
        database,
        clock=fate.clock,
        profile_store=MortalProfiles(database, fate),
        jobs=MortalJobs(database, fate),
        meters=MortalMeters(database, fate),
        enrichers=[doomed_source("large", fate, "job_title"), doomed_source("small", fate, "company_name")],
        draw=fate.chance.random,
    )


async def live(stage: Stage, name: str) -> None:
    """Work until there is nothing to do or the process ends."""
    try:
        await stage.worker(name, is_planning=False).drain()
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


POISON = frozenset(f"poison-{n}@acme.com" for n in range(POISONED))


@pytest.mark.parametrize("seed", range(6))
async def test_crashes_and_stalls_leave_every_effect_once(database: Database, seed: int) -> None:
    fate = Fate(chance=random.Random(seed), clock=FakeClock())  # noqa: S311 - repeatable, not secret
    stage = await doomed_stage(database, fate)
    addresses = [*(f"user-{n}@acme.com" for n in range(PEOPLE - POISONED)), *sorted(POISON)]
    people = [(await stage.person(n, email=email)).id for n, email in enumerate(addresses)]
    await queue_all(stage, people, "large")
    await queue_all(stage, people[:FEW], "small")
    fate.has_begun = True

    await live_until_all_is_done(stage)

    states = {
        (person, f"enricher:{key}"): state.state
        for person in people
        for key in ("large", "small")
        if (state := state_of(await stage.profile(person), key)) is not None
    }
    succeeded = {each for each, state in states.items() if state is EnrichmentState.SUCCEEDED}
    failed = {each for each, state in states.items() if state is EnrichmentState.FAILED}
    assert len(states) == PEOPLE + FEW
    assert succeeded | failed == set(states)
    assert fate.effects == dict.fromkeys(succeeded, 1)
    assert failed >= {(person, "enricher:large") for person in people[-POISONED:]}
    assert len(failed) <= POISONED + (PEOPLE + FEW) / 20
    assert await stage.jobs.count(ENRICH, JobState.DEAD) == len(failed)
    assert min(fate.crashes, fate.stalls) > 0
    await assert_nothing_was_asked_unpaid(stage, fate)
    assert_the_small_run_was_not_starved(fate)


async def test_worker_that_wakes_after_another_did_its_work_writes_nothing(database: Database) -> None:
    fate = Fate(chance=Harmless(), clock=FakeClock())
    answers = iter(["Clerk", "Countess"])

    async def sleep_through_the_lease(_: Mapping[str, Value]) -> Result:
        answer = next(answers)
        if answer == "Clerk":
            fate.clock.advance(LEASE)
            await stage.worker("heir").drain()
        return Found(findings=(Finding(key="job_title", value=answer),))

    stage = await build_stage(
        database,
        clock=fate.clock,
        profile_store=MortalProfiles(database, fate),
        enrichers=[provider(look_up=sleep_through_the_lease)],
    )
    person = await stage.person(email="ada@acme.com")
    await stage.enrichment.request(APP, person.id)
    fate.has_begun = True

    await stage.worker("zombie").drain()

    assert (await stage.values(person.id))["job_title"] == "Countess"
    assert fate.effects == {(person.id, "enricher:oracle"): 1}
    assert fate.refused > 0
    meter = (await stage.meters.all(["oracle"]))["oracle"]
    assert (meter["calls"], meter["day_spent"]) == (2, 2)


async def queue_all(stage: Stage, people: Sequence[ProfileId], key: str) -> None:
    """Queue these look-ups, and let the relay make their jobs."""
    for person in people:
        await stage.enrichment.request(APP, person, [key])
    relay = stage.relay(is_planning=False)
    while await relay.deliver():
        pass


async def assert_nothing_was_asked_unpaid(stage: Stage, fate: Fate) -> None:
    meters = await stage.meters.all(["large", "small"])
    for key, meter in meters.items():
        assert fate.calls[key] <= meter["calls"]
        assert meter["month_spent"] <= min(meter["calls"], BUDGET)


def assert_the_small_run_was_not_starved(fate: Fate) -> None:
    """A fair share would be every other lease: all twenty among the first forty or so of three hundred."""
    last = max(place for place, key in enumerate(fate.leases) if key == "small")

    assert len(fate.leases) == PEOPLE + FEW
    assert last < 5 * FEW
