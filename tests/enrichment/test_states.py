"""Where a look-up stands after whatever a source may answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.enrichment.model import (
    ENRICH,
    EnrichmentState,
    Finding,
    Found,
    Limits,
    MergePolicy,
    NoMatch,
    OutcomeClass,
    ReasonCode,
    Skip,
    Trigger,
    Trouble,
)
from server.enrichment.states import state_of
from server.kit.jobs.model import JobState
from server.profiles.conditions import CountIs
from tests.enrichment.stage import APP, Oracle, Stage, provider, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Result
    from server.profiles.model import Value

S, R = EnrichmentState, ReasonCode


def trouble(kind: OutcomeClass, **more: object) -> Trouble:
    return Trouble(reason="The source said so.", kind=kind, **more)  # type: ignore[arg-type] # a factory's overrides


def said(value: str, *, confidence: float = 1.0) -> Found:
    return Found(findings=(Finding(key="job_title", value=value, confidence=confidence),))


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (title("Countess"), S.SUCCEEDED, None),
        (NoMatch(), S.NO_MATCH, None),
        (Skip(code=R.INVALID_INPUT), S.SKIPPED, R.INVALID_INPUT),
        (
            Found(findings=(Finding(key="job_title", value="x", confidence=0.1),)),
            S.REJECTED,
            R.LOW_CONFIDENCE,
        ),
        (title("x" * 9999), S.REJECTED, R.NOTHING_USABLE),
        (trouble(OutcomeClass.LEGAL), S.SUPPRESSED, R.SUPPRESSED),
        (trouble(OutcomeClass.PENDING), S.AWAITING_PROVIDER, R.AWAITING_ANSWER),
        (trouble(OutcomeClass.TRANSIENT), S.RETRY_SCHEDULED, R.TEMPORARY_PROBLEM),
        (trouble(OutcomeClass.THROTTLED), S.RETRY_SCHEDULED, R.THROTTLED),
        (trouble(OutcomeClass.CONTRACT), S.RETRY_SCHEDULED, R.BAD_ANSWER),
        (trouble(OutcomeClass.QUOTA), S.BLOCKED, R.QUOTA),
        (trouble(OutcomeClass.CONFIG), S.BLOCKED, R.CONFIGURATION),
    ],
)
async def test_answer_shows_as_what_it_means(
    stage: Stage, answer: Result, state: EnrichmentState, code: ReasonCode | None
) -> None:
    stage = stage.with_enrichers(provider(look_up=Oracle(answer), min_confidence=0.5))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert (await stage.all_shown(person.id))["oracle"] == (state, code)


async def test_spent_budget_and_tripped_breaker_show_as_blocked(stage: Stage) -> None:
    limits = Limits(budget_per_day=0)
    stage = stage.with_enrichers(provider(look_up=Oracle(title("Countess")), limits=limits))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert (await stage.shown(person.id)).state is S.BLOCKED
    assert (await stage.all_shown(person.id))["oracle"][1] is R.BUDGET


async def test_blocked_look_up_goes_on_when_the_source_may_be_asked_again(stage: Stage) -> None:
    oracle = Oracle(trouble(OutcomeClass.QUOTA, after=timedelta(hours=3)), title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    for _ in range(3):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=1))

    await stage.worker().drain()

    shown = await stage.shown(person.id)
    assert (shown.state, shown.attempts) == (S.SUCCEEDED, 1)
    assert len(oracle.asked) == 2


async def test_source_that_never_ends_what_it_works_on_is_timed_out(stage: Stage) -> None:
    oracle = Oracle(trouble(OutcomeClass.PENDING))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")

    for _ in range(8):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=6))

    assert (await stage.all_shown(person.id))["oracle"] == (S.FAILED, R.TIMED_OUT)
    assert len(oracle.asked) == 7
    assert await stage.jobs.count(ENRICH, JobState.DEAD) == 1


async def test_call_back_ends_what_was_awaited_once(stage: Stage) -> None:
    oracle = Oracle(trouble(OutcomeClass.PENDING, reference="ref-1"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    look_ups = stage.look_ups

    wrong = await look_ups.called_back(person.id, "oracle", "ref-2", title("Clerk"))
    right = await look_ups.called_back(person.id, "oracle", "ref-1", title("Countess"))
    again = await look_ups.called_back(person.id, "oracle", "ref-1", title("Clerk"))
    stage.clock.advance(timedelta(hours=1))
    await stage.worker().drain()

    assert (wrong, right, again) == (False, True, False)
    assert (await stage.values(person.id))["job_title"] == "Countess"
    assert len(oracle.asked) == 1


async def test_source_that_takes_too_long_is_asked_again(stage: Stage) -> None:
    class Slow(Oracle):
        async def __call__(self, inputs: Mapping[str, Value]) -> Result:
            result = await super().__call__(inputs)
            if len(self.asked) == 1:
                await asyncio.Event().wait()
            return result

    limits = Limits(timeout=timedelta(milliseconds=20))
    stage = stage.with_enrichers(provider(look_up=Slow(title("Countess")), limits=limits))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    waiting = (await stage.shown(person.id)).state

    stage.clock.advance(timedelta(minutes=1))
    await stage.worker().drain()

    assert waiting is S.RETRY_SCHEDULED
    assert (await stage.shown(person.id)).state is S.SUCCEEDED


async def test_nothing_found_stands_twice_as_long_each_time_until_the_input_changes(stage: Stage) -> None:
    oracle = Oracle(NoMatch())
    of = provider(look_up=oracle, no_match_ttl=timedelta(days=30))
    stage = stage.with_enrichers(of)
    person = await stage.person(email="ada@acme.com")
    stands = []
    for _ in range(5):
        await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
        await stage.worker().drain()
        expires_at = (await stage.shown(person.id)).expires_at
        assert expires_at is not None
        stands.append((expires_at - stage.clock()).days)
        stage.clock.advance(expires_at - stage.clock())

    await stage.say(person.id, email="ada@analytical.com")
    await stage.worker().drain()

    assert stands == [30, 60, 120, 180, 180]
    state = state_of(await stage.profile(person.id), "oracle")
    assert state is not None
    assert state.expires_at == stage.clock() + timedelta(days=30)


async def test_look_up_that_is_called_off_writes_nothing(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    async def call_off(_: Mapping[str, Value]) -> Result:
        await stage.enrichment.cancel(APP, person.id, ["oracle"])
        return title("Countess")

    stage = stage.with_enrichers(provider(look_up=call_off))
    await stage.worker().drain()

    assert (await stage.all_shown(person.id))["oracle"] == (S.CANCELLED, R.CANCELLED)
    assert "job_title" not in await stage.values(person.id)


async def test_source_that_is_switched_off_meanwhile_is_not_asked(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)

    stage = stage.with_enrichers(provider(look_up=oracle, is_enabled=False))
    await stage.worker().drain()

    assert (await stage.all_shown(person.id))["oracle"] == (S.CANCELLED, R.DISABLED)
    assert oracle.asked == []


async def test_condition_says_about_whom_a_source_is_asked(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle, condition=CountIs("logins", at_least=1)))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert (await stage.all_shown(person.id))["oracle"] == (S.SKIPPED, R.CONDITION_NOT_MET)
    assert oracle.asked == []


async def test_stale_results_are_refreshed_on_any_occasion(stage: Stage) -> None:
    oracle = Oracle(title("Clerk"), title("Countess"))
    of = provider(look_up=oracle, triggers=frozenset({Trigger.SIGN_UP}), refresh=True)
    stage = stage.with_enrichers(of)
    person = await stage.person(email="ada@acme.com")
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_UP)
    await stage.worker().drain()

    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
    await stage.worker().drain()
    before = len(oracle.asked)
    stage.clock.advance(timedelta(days=31))
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
    await stage.worker().drain()

    assert (before, len(oracle.asked)) == (1, 2)
    assert (await stage.values(person.id))["job_title"] == "Countess"


@pytest.mark.parametrize(
    ("policy", "said", "claimed"),
    [
        (MergePolicy.PREFER, "Clerk", True),
        (MergePolicy.FILL_MISSING, "Clerk", False),
        (MergePolicy.SUGGEST, "Clerk", True),
        (MergePolicy.PREFER, None, True),
        (MergePolicy.FILL_MISSING, None, True),
        (MergePolicy.SUGGEST, None, False),
    ],
)
async def test_policy_decides_what_is_kept_beside_other_sources(
    stage: Stage, policy: MergePolicy, said: str | None, *, claimed: bool
) -> None:
    stage = stage.with_enrichers(provider(look_up=Oracle(title("Countess")), merge=policy))
    person = await stage.person(email="ada@acme.com")
    if said is not None:
        await stage.say(person.id, job_title=said)

    await stage.worker().drain()

    shown = await stage.shown(person.id)
    assert shown.state is S.SUCCEEDED
    assert shown.attributes_set == (("job_title",) if claimed else ())
