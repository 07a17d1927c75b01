"""What a source may be asked: rate, places, budgets and the breaker, whoever asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.enrichment.meter_store import TRIPS_AFTER, MeterStore
from server.enrichment.metering import Grant, Meters, Refusal
from server.enrichment.model import (
    EnricherKind,
    Finding,
    Found,
    Limits,
    NoMatch,
    OutcomeClass,
    ReasonCode,
    Trouble,
)
from server.kit.instruments import Instruments
from server.kit.jobs.model import Job, JobId, JobState
from tests.enrichment.stage import enricher
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from server.enrichment.model import Enricher, Result
    from server.kit.mongo import Database

FOUND = Found(findings=(Finding(key="job_title", value="Countess"),))
DOWN = Trouble(reason="HTTP 503")
SECOND = timedelta(seconds=1)


def source(revision: int = 1, **limits: object) -> Enricher:
    made = replace(enricher(), kind=EnricherKind.HTTP, revision=revision)
    return replace(made, limits=Limits(**limits))  # type: ignore[arg-type] # a factory's overrides


@pytest.fixture
def meters(database: Database, clock: FakeClock) -> Meters:
    return Meters(store=MeterStore(database), clock=clock)


_numbers = iter(range(1_000_000))


def job() -> Job:
    return Job(
        id=JobId(f"job_{next(_numbers)}"),
        kind="enrich",
        lane="1:enrich:oracle",
        payload={},
        profile_id=None,
        state=JobState.LEASED,
        run_at=datetime(2026, 3, 14, tzinfo=UTC),
        fence=1,
        attempts=1,
        max_attempts=5,
        reason=None,
        created_at=datetime(2026, 3, 14, tzinfo=UTC),
        finished_at=None,
    )


async def granted(meters: Meters, of: Enricher) -> Grant:
    grant = await meters.reserve(of, job())
    assert isinstance(grant, Grant)
    return grant


async def refusal(meters: Meters, of: Enricher) -> Refusal:
    refused = await meters.reserve(of, job())
    assert isinstance(refused, Refusal)
    return refused


async def call(meters: Meters, of: Enricher, result: Result, until: datetime | None = None) -> None:
    await meters.settle(of, await granted(meters, of), result, until)


async def test_what_leaves_no_process_is_not_metered(meters: Meters, database: Database) -> None:
    assert await meters.reserve(enricher(), job()) is None
    assert await database["enricher_meters"].count_documents({}) == 0


async def test_calls_and_what_they_cost_are_counted(database: Database, clock: FakeClock) -> None:
    instruments = Instruments()
    meters = Meters(store=MeterStore(database), clock=clock, instruments=instruments)
    of = source(cost=3)

    await call(meters, of, FOUND)
    await call(meters, of, DOWN)

    told = instruments.text().decode()
    assert f'acquaint_look_ups_total{{enricher="{of.key}",outcome="match"}} 1.0' in told
    assert f'acquaint_look_ups_total{{enricher="{of.key}",outcome="transient"}} 1.0' in told
    assert f'acquaint_look_up_cost_total{{enricher="{of.key}"}} 3.0' in told


async def test_calls_come_no_faster_than_the_rate(meters: Meters, clock: FakeClock) -> None:
    of = source(rate_per_second=2)
    for _ in range(2):
        await granted(meters, of)

    refused = await refusal(meters, of)
    clock.advance(refused.until - clock())

    assert refused == Refusal(code=None, until=refused.until)
    await granted(meters, of)
    await refusal(meters, of)


async def test_source_that_is_busy_is_asked_half_as_fast_and_then_faster_again(
    meters: Meters, clock: FakeClock, database: Database
) -> None:
    of = source(rate_per_second=10)

    await call(meters, of, Trouble(reason="HTTP 429", kind=OutcomeClass.THROTTLED), clock() + SECOND)
    stopped = await refusal(meters, of)
    clock.advance(SECOND)
    slowed = await database["enricher_meters"].find_one({"_id": "oracle"})
    for _ in range(8):
        await call(meters, of, FOUND)
    sped_up = await database["enricher_meters"].find_one({"_id": "oracle"})

    assert stopped == Refusal(code=ReasonCode.THROTTLED, until=clock())
    assert slowed is not None
    assert sped_up is not None
    assert (slowed["slack"], sped_up["slack"]) == (0.5, 1.0)


async def test_only_so_many_calls_are_under_way(meters: Meters) -> None:
    of = source(concurrency=2)
    first, _ = await granted(meters, of), await granted(meters, of)
    refused = await refusal(meters, of)

    await meters.settle(of, first, FOUND, None)

    assert refused.code is None
    await granted(meters, of)


async def test_place_of_a_worker_that_ended_is_free_again(meters: Meters, clock: FakeClock) -> None:
    of = source(concurrency=1, timeout=timedelta(seconds=20))
    await granted(meters, of)
    refused = await refusal(meters, of)

    clock.advance(timedelta(seconds=51))

    assert refused.code is None
    await granted(meters, of)


async def test_budget_is_taken_before_the_call_and_given_back_where_it_was_free(meters: Meters) -> None:
    of = source(budget_per_day=2)
    await call(meters, of, NoMatch())
    await call(meters, of, DOWN)
    await call(meters, of, FOUND)
    pending = await granted(meters, of)

    refused = await refusal(meters, of)
    await meters.settle(of, pending, NoMatch(), None)

    assert refused == Refusal(code=ReasonCode.BUDGET, until=datetime(2026, 3, 15, tzinfo=UTC))
    await granted(meters, of)


async def test_call_of_which_no_use_was_made_costs_nothing(meters: Meters) -> None:
    of = source(budget_per_day=1)

    await meters.release(await granted(meters, of))

    await granted(meters, of)


async def test_budget_of_a_day_is_new_the_next_and_that_of_a_month_is_not(
    meters: Meters, clock: FakeClock
) -> None:
    of = source(budget_per_day=1, budget_per_month=2)
    await call(meters, of, FOUND)
    clock.advance(timedelta(days=1))
    await call(meters, of, FOUND)
    clock.advance(timedelta(days=1))

    refused = await refusal(meters, of)

    assert refused == Refusal(code=ReasonCode.BUDGET, until=datetime(2026, 4, 1, tzinfo=UTC))


async def test_what_a_source_says_about_cost_counts_for_more_than_the_table(meters: Meters) -> None:
    of = source(budget_per_day=1)

    await call(meters, of, Trouble(reason="It timed out.", is_billed=True))

    assert (await refusal(meters, of)).code is ReasonCode.BUDGET


async def test_breaker_trips_on_failures_in_a_row_and_lets_one_call_through_to_see(
    meters: Meters, clock: FakeClock
) -> None:
    of = source()
    for _ in range(TRIPS_AFTER):
        await call(meters, of, DOWN)
    tripped = await refusal(meters, of)

    clock.advance(timedelta(seconds=31))
    probe = await granted(meters, of)
    meanwhile = await refusal(meters, of)
    await meters.settle(of, probe, FOUND, None)

    assert tripped.code is ReasonCode.BREAKER
    assert tripped.until == clock() - SECOND
    assert meanwhile.code is ReasonCode.BREAKER
    await granted(meters, of)


async def test_breaker_that_trips_again_rests_longer(meters: Meters, clock: FakeClock) -> None:
    of = source()
    for _ in range(TRIPS_AFTER):
        await call(meters, of, DOWN)
    rests = []
    for _ in range(6):
        refused = await refusal(meters, of)
        rests.append((refused.until - clock()).total_seconds())
        clock.advance(refused.until - clock())
        await call(meters, of, DOWN)

    assert rests == [30, 60, 120, 240, 480, 600]


@pytest.mark.parametrize(
    "result",
    [
        NoMatch(),
        Trouble(reason="HTTP 402", kind=OutcomeClass.QUOTA),
        Trouble(reason="HTTP 429", kind=OutcomeClass.THROTTLED),
        Trouble(reason="HTTP 202", kind=OutcomeClass.PENDING),
        Trouble(reason="HTML", kind=OutcomeClass.CONTRACT),
    ],
)
async def test_breaker_counts_no_answer_that_a_source_gave(meters: Meters, result: Result) -> None:
    of = source()
    for _ in range(TRIPS_AFTER - 1):
        await call(meters, of, DOWN)
    await call(meters, of, result)
    for _ in range(TRIPS_AFTER - 1):
        await call(meters, of, DOWN)

    await granted(meters, of)


async def test_source_that_is_set_up_wrong_rests_until_it_is_set_up_anew(
    meters: Meters, clock: FakeClock
) -> None:
    wrong = Trouble(reason="HTTP 401", kind=OutcomeClass.CONFIG)
    await call(meters, source(), wrong, clock() + timedelta(hours=1))

    refused = await refusal(meters, source())

    assert refused.code is ReasonCode.CONFIGURATION
    await granted(meters, source(revision=2))


async def test_reopened_source_is_asked_at_once(meters: Meters, clock: FakeClock, database: Database) -> None:
    await call(meters, source(), Trouble(reason="402", kind=OutcomeClass.QUOTA), clock() + timedelta(days=20))
    refused = await refusal(meters, source())

    await MeterStore(database).reopen("oracle")

    assert refused.code is ReasonCode.QUOTA
    await granted(meters, source())


async def test_counts_of_a_day_tell_what_came_of_the_calls(meters: Meters, database: Database) -> None:
    of = source(cost=3)
    for result in (FOUND, FOUND, NoMatch(), DOWN):
        await call(meters, of, result)

    meter = (await MeterStore(database).all(["oracle"]))["oracle"]

    counted = {"calls": 4, "match": 2, "no_match": 1, "transient": 1, "spent": 6}
    assert meter["days"] == {"2026-03-14": counted}
    assert (meter["calls"], meter["day_spent"], meter["holders"]) == (4, 6, [])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    askers=st.integers(1, 12),
    budget=st.integers(0, 10),
    places=st.integers(1, 10),
    frees=st.lists(st.booleans(), min_size=12, max_size=12),
)
async def test_askers_at_once_share_places_and_budget(
    database: Database, askers: int, budget: int, places: int, frees: list[bool]
) -> None:
    await database["enricher_meters"].delete_many({})
    meters = Meters(store=MeterStore(database), clock=FakeClock())
    of = source(budget_per_day=budget, concurrency=places)

    first = await asyncio.gather(*(meters.reserve(of, job()) for _ in range(askers)))
    grants = [each for each in first if isinstance(each, Grant)]
    results = [NoMatch() if is_free else FOUND for is_free in frees]
    await asyncio.gather(*(meters.settle(of, grant, results[n], None) for n, grant in enumerate(grants)))
    meter = (await MeterStore(database).all(["oracle"]))["oracle"]

    assert len(grants) == min(askers, budget, places)
    assert meter["day_spent"] == sum(result is FOUND for result in results[: len(grants)])
    assert (meter["calls"], meter["holders"]) == (len(grants), [])
