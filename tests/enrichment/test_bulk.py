"""Look-ups of many: estimated before, capped, halted, called off, and made once whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import NOBODY, Scope, Viewer, ViewerKind
from server.enrichment.bulk import BulkRuns
from server.enrichment.errors import UnknownEnricherError
from server.enrichment.model import EnrichmentState, Limits, ReasonCode
from server.enrichment.overseeing import RUN_IN_BULK, RunState
from server.enrichment.running_in_bulk import RunningInBulk
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from server.kit.jobs.service import LEASE
from server.kit.paging import PageRequest
from server.profiles.errors import UnknownAttributeError
from server.profiles.reading import Reading
from server.profiles.search_store import SearchStore
from tests.enrichment.stage import Oracle, Stage, provider, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Enricher, Result
    from server.enrichment.overseeing import BulkRun
    from server.profiles.model import Value
    from server.worker import Worker

ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset(Scope), key_id=None)
ACME = {"attribute": {"key": "email", "operator": "equals", "values": ["user-3@acme.com"]}}


def bulk(stage: Stage) -> BulkRuns:
    return BulkRuns(
        store=stage.runs,
        reading=reading(stage),
        people=stage.people,
        queue=stage.queue,
        enrichers=stage.configured,
        clock=stage.clock,
    )


def reading(stage: Stage) -> Reading:
    return Reading(
        store=SearchStore(stage.database),
        attributes=stage.attributes,
        consents=stage.consents,
        clock=stage.clock,
    )


def worker(stage: Stage) -> Worker:
    """Return a worker that makes look-ups and runs in bulk, and plans nothing by itself."""
    running = RunningInBulk(
        store=stage.runs,
        reading=reading(stage),
        enrichment=stage.enrichment,
        queue=stage.queue,
        enrichers=stage.configured,
        clock=stage.clock,
    )
    return stage.worker(handlers={RUN_IN_BULK: running}, is_planning=False)


async def crowd(stage: Stage, count: int = 10) -> None:
    for n in range(count):
        await stage.person(n, email=f"user-{n}@acme.com")


async def through(stage: Stage, run_id: str) -> BulkRun:
    """Work until the run has ended, or nothing moves any more."""
    for _ in range(20):
        await worker(stage).drain()
        stage.clock.advance(timedelta(seconds=6))
    found = await stage.runs.find(run_id)
    assert found is not None
    return found


def priced(look_up: Oracle, cost: int = 2, **overrides: Any) -> Enricher:  # noqa: ANN401 - any field
    return provider(look_up=look_up, limits=Limits(cost=cost), **overrides)


async def test_run_looks_everybody_up_once_and_ends(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(priced(oracle))
    await crowd(stage, 60)

    begun = await bulk(stage).start(ADMIN, ["oracle"], None, None)
    run = await through(stage, begun.run.id)

    assert run.state is RunState.DONE
    assert (run.profiles_seen, run.look_ups_queued, run.cost) == (60, 60, 120)
    assert len(oracle.asked) == 60
    assert run.finished_at is not None


async def test_run_is_about_those_who_fit_and_need_it(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(priced(oracle))
    await crowd(stage)
    first = await through(stage, (await bulk(stage).start(ADMIN, ["oracle"], ACME, None)).run.id)

    second = await through(stage, (await bulk(stage).start(ADMIN, ["oracle"], None, None)).run.id)

    assert (first.profiles_seen, first.look_ups_queued) == (1, 1)
    assert (second.profiles_seen, second.look_ups_queued) == (10, 9)


async def test_estimate_is_what_the_run_then_comes_to(stage: Stage) -> None:
    stage = stage.with_enrichers(priced(Oracle(title("Countess")), cost=3))
    await crowd(stage)
    await stage.person(99, name="Nobody's address")

    estimate = await bulk(stage).estimate(ADMIN, ["oracle"], None)
    run = await through(stage, (await bulk(stage).start(ADMIN, ["oracle"], None, None)).run.id)

    assert estimate is not None
    assert (estimate.profiles, estimate.look_ups, estimate.cost) == (11, 10, 30)
    assert estimate.is_exact
    assert (run.look_ups_queued, run.cost) == (estimate.look_ups, estimate.cost)


async def test_estimate_counts_every_step_of_a_group(stage: Stage) -> None:
    first = priced(Oracle(title("Clerk")), 2, group="who", position=1)
    second = replace(priced(Oracle(title("Clerk")), 5, group="who", position=2), key="second")
    stage = stage.with_enrichers(first, second)
    await crowd(stage, 3)

    estimate = await bulk(stage).estimate(ADMIN, ["oracle"], None)

    assert estimate is not None
    assert (estimate.look_ups, estimate.cost) == (3, 21)


async def test_run_never_costs_more_than_it_may(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(priced(oracle, cost=2))
    await crowd(stage)

    begun = await bulk(stage).start(ADMIN, ["oracle"], None, 7)
    run = await through(stage, begun.run.id)

    assert (run.state, run.is_capped, run.cost) == (RunState.DONE, True, 6)
    assert len(oracle.asked) == 3


async def test_paused_run_looks_nobody_up_until_it_is_resumed(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(priced(oracle))
    await crowd(stage)
    runs = bulk(stage)
    begun = await runs.start(ADMIN, ["oracle"], None, None)
    job = await stage.queue.claim({RUN_IN_BULK}, "ada")
    assert job is not None
    stage.clock.advance(LEASE)

    paused = await runs.pause(ADMIN, begun.run.id)
    await through(stage, begun.run.id)
    while_paused = len(oracle.asked)
    await runs.resume(ADMIN, begun.run.id)
    run = await through(stage, begun.run.id)

    assert paused.run.state is RunState.PAUSED
    assert while_paused == 0
    assert (run.state, len(oracle.asked)) == (RunState.DONE, 10)


async def test_run_that_is_paused_in_the_middle_asks_about_nobody_else(stage: Stage) -> None:
    runs: list[BulkRuns] = []

    class Pausing(Oracle):
        async def __call__(self, inputs: Mapping[str, Value]) -> Result:
            result = await super().__call__(inputs)
            if len(self.asked) == 3:
                await runs[0].pause(ADMIN, begun.run.id)
            return result

    oracle = Pausing(title("Countess"))
    stage = stage.with_enrichers(priced(oracle))
    runs.append(bulk(stage))
    await crowd(stage)

    begun = await runs[0].start(ADMIN, ["oracle"], None, None)
    await through(stage, begun.run.id)
    halted = await runs[0].find(ADMIN, begun.run.id)
    await runs[0].resume(ADMIN, begun.run.id)
    stage.clock.advance(timedelta(minutes=1))
    await through(stage, begun.run.id)

    assert halted is not None
    assert (halted.run.state, halted.look_ups_waiting) == (RunState.PAUSED, 7)
    assert len(oracle.asked) == 10


async def test_cancelled_run_calls_off_what_waits_and_keeps_what_was_found(stage: Stage) -> None:
    runs: list[BulkRuns] = []

    class Cancelling(Oracle):
        async def __call__(self, inputs: Mapping[str, Value]) -> Result:
            result = await super().__call__(inputs)
            if len(self.asked) == 3:
                await runs[0].cancel(ADMIN, begun.run.id)
            return result

    oracle = Cancelling(title("Countess"))
    stage = stage.with_enrichers(priced(oracle))
    runs.append(bulk(stage))
    people = [await stage.person(n, email=f"user-{n}@acme.com") for n in range(10)]

    begun = await runs[0].start(ADMIN, ["oracle"], None, None)
    run = await through(stage, begun.run.id)

    states = [(await stage.all_shown(each.id))["oracle"] for each in people]
    assert run.state is RunState.CANCELLED
    assert len(oracle.asked) == 3
    assert states.count((EnrichmentState.SUCCEEDED, None)) == 3
    assert states.count((EnrichmentState.CANCELLED, ReasonCode.CANCELLED)) == 7


async def test_run_whose_worker_ended_goes_on_and_costs_no_more_for_it(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(priced(oracle, cost=1))
    await crowd(stage)
    begun = await bulk(stage).start(ADMIN, ["oracle"], None, 12)
    run = await stage.runs.find(begun.run.id)
    assert run is not None

    is_reserved = await stage.runs.reserve(run, 5)  # and there the process ends
    after = await through(stage, begun.run.id)

    assert is_reserved
    assert after.cost <= 12
    assert len(oracle.asked) == 7


async def test_bad_requests_say_what_is_wrong(stage: Stage) -> None:
    runs = bulk(stage.with_enrichers(priced(Oracle(title("Countess")))))

    with pytest.raises(InvalidInputError, match="at least one enricher"):
        await runs.start(ADMIN, [], None, None)
    with pytest.raises(InvalidInputError, match="at least 1"):
        await runs.start(ADMIN, ["oracle"], None, 0)
    with pytest.raises(UnknownEnricherError, match="'clearbit'"):
        await runs.start(ADMIN, ["clearbit"], None, None)
    with pytest.raises(UnknownAttributeError, match="'shoes'"):
        await runs.start(ADMIN, ["oracle"], {"attribute": {"key": "shoes", "operator": "exists"}}, None)
    with pytest.raises(NotFoundError):
        await runs.pause(ADMIN, "run_none")
    with pytest.raises(ForbiddenError):
        await runs.start(NOBODY, ["oracle"], None, None)


async def test_run_that_has_ended_can_be_neither_paused_nor_called_off(stage: Stage) -> None:
    stage = stage.with_enrichers(priced(Oracle(title("Countess"))))
    begun = await bulk(stage).start(ADMIN, ["oracle"], None, None)
    await through(stage, begun.run.id)

    with pytest.raises(ConflictError, match="done"):
        await bulk(stage).cancel(ADMIN, begun.run.id)


async def test_runs_are_listed_for_admins_alone_the_latest_first(stage: Stage) -> None:
    stage = stage.with_enrichers(priced(Oracle(title("Countess"))))
    ids = [(await bulk(stage).start(ADMIN, ["oracle"], None, None)).run.id for _ in range(3)]

    page = await bulk(stage).page(ADMIN, PageRequest(first=2))

    assert page is not None
    assert [each.run.id for each in page.items] == [ids[2], ids[1]]
    assert await bulk(stage).page(NOBODY, PageRequest(first=2)) is None
    assert await bulk(stage).find(NOBODY, ids[0]) is None
    assert await bulk(stage).estimate(NOBODY, ["oracle"], None) is None
    assert await bulk(stage).estimate(ADMIN, ["oracle", "nobody"], None) is None
