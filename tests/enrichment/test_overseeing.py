"""What admins see and mend: how sources do, work that came to nothing, and who is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope, Viewer, ViewerKind
from server.enrichment.dead_letters import DeadLetters
from server.enrichment.health import Overseeing
from server.enrichment.model import ENRICH, EnrichmentState, Limits, OutcomeClass, ReasonCode, Trouble
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from server.kit.jobs.model import JobId, JobState, NewJob
from server.kit.paging import PageRequest
from tests.enrichment.stage import APP, Oracle, Stage, provider, title

if TYPE_CHECKING:
    from server.enrichment.overseeing import DeadLetter, EnricherHealth

ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset(Scope))
PERSON = Viewer(kind=ViewerKind.PERSON)


def overseeing(stage: Stage) -> Overseeing:
    return Overseeing(
        meters=stage.meters, suppressions=stage.suppressions, enrichers=stage.configured, clock=stage.clock
    )


def dead_letters(stage: Stage) -> DeadLetters:
    return DeadLetters(profiles=stage.profiles, queue=stage.queue, clock=stage.clock)


async def health(stage: Stage) -> EnricherHealth:
    found = await overseeing(stage).health(ADMIN)
    assert found is not None
    (only,) = found
    return only


async def letters(stage: Stage) -> list[DeadLetter]:
    page = await dead_letters(stage).page(ADMIN, PageRequest(first=10))
    assert page is not None
    return list(page.items)


async def test_health_tells_what_came_of_the_calls_and_what_they_cost(stage: Stage) -> None:
    oracle = Oracle(title("Countess"), title("Clerk"), Trouble(reason="503"))
    limits = Limits(cost=3, budget_per_day=100)
    stage = stage.with_enrichers(provider(look_up=oracle, limits=limits))
    for n in range(3):
        await stage.person(n, email=f"user-{n}@acme.com")
    await stage.worker().drain()

    found = await health(stage)

    assert found.outcomes == {"match": 2, "transient": 1}
    assert (found.calls, found.calls_under_way, found.spent_today, found.spent_this_month) == (3, 0, 6, 6)
    assert (found.blocked_by, found.pace) == (None, 1.0)


async def test_health_of_the_next_week_and_month_begins_anew(stage: Stage) -> None:
    stage = stage.with_enrichers(provider(look_up=Oracle(title("Countess"))))
    await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    stage.clock.advance(timedelta(days=20))

    found = await health(stage)
    assert (found.outcomes, found.spent_today, found.spent_this_month) == ({}, 0, 0)


async def test_health_shows_what_is_wrong_with_the_configuration_and_reopening_mends_it(stage: Stage) -> None:
    oracle = Oracle(Trouble(reason="It refuses the key.", kind=OutcomeClass.CONFIG), title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    await stage.person(1, email="ada@acme.com")
    await stage.worker().drain()
    broken = await health(stage)

    reopened = await overseeing(stage).reopen(ADMIN, "oracle")
    stage.clock.advance(timedelta(minutes=1))
    other = await stage.person(2, email="bob@acme.com")
    await stage.worker().drain()

    assert (broken.blocked_by, broken.last_error) == (ReasonCode.CONFIGURATION, "It refuses the key.")
    assert broken.blocked_until == stage.clock() + timedelta(minutes=59)
    assert reopened.blocked_by is None
    assert (await stage.shown(other.id)).state is EnrichmentState.SUCCEEDED


async def test_health_shows_a_spent_budget_and_a_tripped_breaker(stage: Stage) -> None:
    poor = stage.with_enrichers(
        provider("poor", Oracle(title("x")), limits=Limits(budget_per_day=0)),
    )
    await poor.person(1, email="ada@acme.com")
    await poor.worker().drain()
    spent = await health(poor)
    down = stage.with_enrichers(provider("down", Oracle(Trouble(reason="503"))))
    for n in range(2, 8):
        await down.person(n, email=f"user-{n}@acme.com")
    await down.worker().drain()

    tripped = await health(down)

    assert spent.blocked_by is ReasonCode.BUDGET
    assert tripped.blocked_by is ReasonCode.BREAKER
    assert tripped.calls == 5


async def test_dead_letter_is_seen_and_begun_once_more(stage: Stage) -> None:
    oracle = Oracle(*[Trouble(reason="HTTP 503")] * 5, title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    for _ in range(5):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=3))
    (dead,) = await letters(stage)

    await dead_letters(stage).requeue(ADMIN, dead.id)
    waiting = (await stage.shown(person.id)).state
    stage.clock.advance(timedelta(minutes=10))
    await stage.worker().drain()

    assert (dead.kind, dead.subject, dead.reason, dead.attempts) == (ENRICH, "oracle", "HTTP 503", 5)
    assert waiting is EnrichmentState.QUEUED
    assert (await stage.shown(person.id)).state is EnrichmentState.SUCCEEDED
    assert await letters(stage) == []


async def test_dead_letter_in_whose_place_another_was_made_is_not_repeated(stage: Stage) -> None:
    oracle = Oracle(*[Trouble(reason="HTML", kind=OutcomeClass.CONTRACT)] * 2, title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    for _ in range(2):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=1))
    (dead,) = await letters(stage)
    await stage.enrichment.request(APP, person.id)
    await stage.worker().drain()

    with pytest.raises(ConflictError):
        await dead_letters(stage).requeue(ADMIN, dead.id)

    assert (await stage.shown(person.id)).state is EnrichmentState.SUCCEEDED


async def test_dead_letter_of_any_kind_gets_all_its_attempts_again(stage: Stage) -> None:
    await stage.queue.enqueue(NewJob(id=JobId("job_1"), kind="greet", max_attempts=1))
    job = await stage.queue.claim({"greet"}, "ada")
    assert job is not None
    await stage.queue.park(job, "It can't be done.")

    await dead_letters(stage).requeue(ADMIN, "job_1")

    again = await stage.queue.claim({"greet"}, "ada")
    assert again is not None
    assert (again.attempts, again.fence) == (1, 2)


async def test_dead_letters_are_paged_the_latest_first(stage: Stage) -> None:
    for n in range(3):
        await stage.queue.enqueue(NewJob(id=JobId(f"job_{n}"), kind="greet"))
        job = await stage.queue.claim({"greet"}, "ada")
        assert job is not None
        await stage.queue.park(job, "It can't be done.")

    first = await dead_letters(stage).page(ADMIN, PageRequest(first=2))
    second = await dead_letters(stage).page(ADMIN, PageRequest(first=2, after="job_1"))

    assert first is not None
    assert second is not None
    assert [each.id for each in first.items] == ["job_2", "job_1"]
    assert ([each.id for each in second.items], first.has_next, second.has_next) == (["job_0"], True, False)


async def test_live_job_is_no_dead_letter(stage: Stage) -> None:
    await stage.queue.enqueue(NewJob(id=JobId("job_1"), kind="greet"))

    with pytest.raises(NotFoundError):
        await dead_letters(stage).requeue(ADMIN, "job_1")

    assert await stage.jobs.count("greet", JobState.QUEUED) == 1


async def test_admins_alone_oversee(stage: Stage) -> None:
    oversight, dead = overseeing(stage), dead_letters(stage)

    for viewer in (NOBODY, APP, PERSON):
        assert await oversight.health(viewer) is None
        assert await dead.page(viewer, PageRequest()) is None
        with pytest.raises(ForbiddenError):
            await oversight.reopen(viewer, "email_domain")
        with pytest.raises(ForbiddenError):
            await oversight.suppress(viewer, "ada@acme.com")
        with pytest.raises(ForbiddenError):
            await oversight.lift(viewer, "ada@acme.com")
        with pytest.raises(ForbiddenError):
            await dead.requeue(viewer, "job_1")


async def test_suppressing_takes_an_address_and_lifting_one_that_is_there(stage: Stage) -> None:
    oversight = overseeing(stage)

    with pytest.raises(InvalidInputError, match="no e-mail address"):
        await oversight.suppress(ADMIN, "ada")
    with pytest.raises(NotFoundError):
        await oversight.lift(ADMIN, "ada@acme.com")
    await oversight.suppress(ADMIN, "ada@acme.com")
    await oversight.lift(ADMIN, "ADA@acme.com")


async def test_people_see_where_it_stands_and_a_plain_reason(stage: Stage) -> None:
    oracle = Oracle(Trouble(reason="HTTP 402", kind=OutcomeClass.QUOTA))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    viewer = Viewer(kind=ViewerKind.PERSON, profile_id=person.id)

    (own,) = await stage.enrichment.enrichments_of(viewer, await stage.profile(person.id))
    (full,) = await stage.enrichment.enrichments_of(APP, await stage.profile(person.id))

    assert own.reason is not None
    assert full.reason is not None
    assert (own.state, own.reason.code) == (EnrichmentState.BLOCKED, ReasonCode.TEMPORARY_PROBLEM)
    assert (own.attempts, own.last_run_at, own.next_attempt_at) == (None, None, None)
    assert (full.reason.code, full.attempts) == (ReasonCode.QUOTA, 1)
