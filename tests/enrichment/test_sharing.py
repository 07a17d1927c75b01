"""Nobody pays twice: groups that stop when they are filled, and answers that are kept."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from server.enrichment.model import (
    EnrichmentState,
    Finding,
    Found,
    Limits,
    NoMatch,
    OutcomeClass,
    ReasonCode,
    Scope,
    Trouble,
)
from server.kit.jobs.service import LEASE
from server.profiles.model import SourceKind
from server.profiles.store import ProfileStore
from tests.enrichment.stage import APP, Oracle, Stage, build_stage, provider, title
from tests.fakes import Crash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher, Result
    from server.kit.mongo import Database
    from server.profiles.model import ClaimId, Profile, ProfileId, ProfileUpdate, Value
    from server.profiles.resolving import Rank

S, R = EnrichmentState, ReasonCode
TROUBLES = {"transient", "throttled", "pending", "quota", "config", "contract"}
WANTS = frozenset({"job_title"})
COMPANY = Found(findings=(Finding(key="company_name", value="Acme"),))


def step(position: int, look_up: Oracle, **overrides: object) -> Enricher:
    return provider(f"step_{position}", look_up, group="who", position=position, wants=WANTS, **overrides)


async def test_group_stops_when_it_is_filled(stage: Stage) -> None:
    oracles = [Oracle(NoMatch()), Oracle(title("Countess")), Oracle(title("Clerk"))]
    stage = stage.with_enrichers(*(step(n, oracle) for n, oracle in enumerate(oracles)))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert [len(oracle.asked) for oracle in oracles] == [1, 1, 0]
    assert (await stage.values(person.id))["job_title"] == "Countess"
    assert await stage.all_shown(person.id) == {
        "step_0": (S.NO_MATCH, None),
        "step_1": (S.SUCCEEDED, None),
        "step_2": (S.SKIPPED, R.ALREADY_KNOWN),
    }


async def test_group_is_not_begun_where_the_person_said_it_all(stage: Stage) -> None:
    oracle = Oracle(title("Clerk"))
    stage = stage.with_enrichers(step(0, oracle), step(1, oracle))
    await stage.person(email="ada@acme.com", job_title="Countess")

    await stage.worker().drain()

    assert oracle.asked == []


async def test_finding_that_is_not_sure_enough_does_not_fill(stage: Stage) -> None:
    unsure = Found(findings=(Finding(key="job_title", value="Clerk", confidence=0.3),))
    oracles = [Oracle(unsure), Oracle(title("Countess"))]
    stage = stage.with_enrichers(step(0, oracles[0]), step(1, oracles[1], min_confidence=0.5))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert [len(oracle.asked) for oracle in oracles] == [1, 1]
    assert (await stage.values(person.id))["job_title"] == "Countess"


async def test_group_goes_on_where_it_was_interrupted(stage: Stage) -> None:
    oracles = [Oracle(NoMatch()), Oracle(Trouble(reason="HTTP 503"), title("Countess"))]
    stage = stage.with_enrichers(*(step(n, oracle) for n, oracle in enumerate(oracles)))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    stage.clock.advance(timedelta(minutes=1))
    await stage.worker("bob").drain()

    assert [len(oracle.asked) for oracle in oracles] == [1, 2]
    assert (await stage.values(person.id))["job_title"] == "Countess"


@pytest.mark.parametrize("trouble", [OutcomeClass.QUOTA, OutcomeClass.CONFIG])
async def test_blocked_step_lets_the_next_one_have_a_go(stage: Stage, trouble: OutcomeClass) -> None:
    blocked = Oracle(Trouble(reason="402", kind=trouble))
    stage = stage.with_enrichers(step(0, blocked), step(1, Oracle(title("Countess"))))
    people = [await stage.person(n, email=f"user-{n}@acme.com") for n in range(5)]

    await stage.worker().drain()

    shown = [await stage.all_shown(each.id) for each in people]
    assert {each["step_0"][0] for each in shown} == {S.BLOCKED}
    assert {each["step_1"][0] for each in shown} == {S.SUCCEEDED}
    assert len(blocked.asked) == 1


async def test_failed_step_lets_the_next_one_have_a_go(stage: Stage) -> None:
    broken = Oracle(Trouble(reason="HTML", kind=OutcomeClass.CONTRACT))
    stage = stage.with_enrichers(step(0, broken), step(1, Oracle(title("Countess"))))
    person = await stage.person(email="ada@acme.com")
    for _ in range(2):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=1))

    states = await stage.all_shown(person.id)

    assert states == {"step_0": (S.FAILED, R.BAD_ANSWER), "step_1": (S.SUCCEEDED, None)}


async def test_blocked_step_is_not_asked_any_more_once_another_filled_the_group(stage: Stage) -> None:
    blocked = Oracle(Trouble(reason="402", kind=OutcomeClass.QUOTA, after=timedelta(hours=1)))
    stage = stage.with_enrichers(step(0, blocked), step(1, Oracle(title("Countess"))))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    stage.clock.advance(timedelta(hours=2))
    await stage.worker().drain()

    assert len(blocked.asked) == 1
    assert (await stage.all_shown(person.id))["step_0"] == (S.SKIPPED, R.ALREADY_KNOWN)


async def test_what_one_step_finds_is_where_the_next_may_start(stage: Stage) -> None:
    domain = Found(findings=(Finding(key="company_domain", value="acme.com"),))
    finds, starts = Oracle(domain), Oracle(title("Countess"))
    stage = stage.with_enrichers(
        step(0, finds, outputs=frozenset({"company_domain"})), step(1, starts, inputs=("company_domain",))
    )
    await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert starts.asked == [{"company_domain": "acme.com"}]


def company(oracle: Oracle, **overrides: object) -> Enricher:
    return provider(
        "firmo",
        oracle,
        scope=Scope.COMPANY,
        inputs=("company_domain",),
        outputs=frozenset({"company_name"}),
        **overrides,
    )


async def test_company_is_paid_for_once_whoever_works_there(stage: Stage, database: Database) -> None:
    oracle = Oracle(COMPANY)
    stage = stage.with_enrichers(company(oracle))
    people = [await stage.person(n, company_domain="acme.com") for n in range(20)]

    await stage.worker().drain()

    names = [(await stage.values(each.id))["company_name"] for each in people]
    kept = await database["look_up_results"].find_one({})
    meter = (await stage.meters.all(["firmo"]))["firmo"]
    assert names == ["Acme"] * 20
    assert (len(oracle.asked), meter["calls"]) == (1, 1)
    assert kept is not None
    assert kept["profile_id"] is None
    assert "acme.com" not in str(kept["_id"])


async def test_that_a_company_is_unknown_is_kept_too(stage: Stage) -> None:
    oracle = Oracle(NoMatch())
    stage = stage.with_enrichers(company(oracle))
    people = [await stage.person(n, company_domain="acme.com") for n in range(3)]

    await stage.worker().drain()

    assert len(oracle.asked) == 1
    assert {(await stage.shown(each.id)).state for each in people} == {S.NO_MATCH}


async def test_kept_answer_ends_with_its_time_and_with_the_revision(stage: Stage) -> None:
    oracle = Oracle(COMPANY)
    stage = stage.with_enrichers(company(oracle, ttl=timedelta(days=10)))
    first = await stage.person(1, company_domain="acme.com")
    await stage.worker().drain()
    stage.clock.advance(timedelta(days=4))
    second = await stage.person(2, company_domain="acme.com")
    await stage.worker().drain()
    ends = [(await stage.shown(each.id)).expires_at for each in (first, second)]
    before = len(oracle.asked)

    await stage.with_enrichers(company(oracle, revision=2)).person(3, company_domain="acme.com")
    await stage.with_enrichers(company(oracle, revision=2)).worker().drain()

    assert ends[0] == ends[1]
    assert (before, len(oracle.asked)) == (1, 2)


async def test_forced_request_asks_the_source_itself(stage: Stage) -> None:
    oracle = Oracle(COMPANY)
    stage = stage.with_enrichers(company(oracle))
    person = await stage.person(1, company_domain="acme.com")
    await stage.worker().drain()

    await stage.enrichment.request(APP, person.id, force=True)
    await stage.worker().drain()

    assert len(oracle.asked) == 2


class EndsOnce(ProfileStore):
    """Its process ends the first time that it is about to write what a source found."""

    has_ended = False

    async def update(
        self, profile_id: ProfileId, update: ProfileUpdate, ranks: Mapping[ClaimId, Rank], now: datetime
    ) -> Profile | None:
        if not self.has_ended and any(each.source.kind is SourceKind.ENRICHER for each in update.claims):
            self.has_ended = True
            raise Crash
        return await super().update(profile_id, update, ranks, now)


async def test_answer_is_not_paid_for_again_after_a_crash(database: Database) -> None:
    oracle = Oracle(title("Countess"))
    of = provider(look_up=oracle, limits=Limits(budget_per_day=1))
    stage = await build_stage(database, enrichers=[of], profile_store=EndsOnce(database))
    person = await stage.person(email="ada@acme.com")
    with pytest.raises(BaseExceptionGroup):
        await stage.worker().drain()

    stage.clock.advance(LEASE)
    await stage.worker("bob").drain()

    assert len(oracle.asked) == 1
    assert (await stage.values(person.id))["job_title"] == "Countess"


class Moody(Oracle):
    """A source that answers as it likes, and counts what it bills for."""

    def __init__(self, *answers: Result) -> None:
        super().__init__(*answers)
        self.moods = cycle(answers)
        self.billed = 0

    async def __call__(self, inputs: Mapping[str, Value]) -> Result:
        self.asked.append(inputs)
        answer = next(self.moods)
        self.billed += isinstance(answer, Found)
        return answer


async def test_calls_and_costs_that_a_source_counts_are_those_that_were_budgeted(stage: Stage) -> None:
    kinds = [each for each in OutcomeClass if each.value in TROUBLES]
    troubles = [Trouble(reason="The source said so.", kind=kind) for kind in kinds]
    moody = Moody(title("Countess"), NoMatch(), *troubles, title("Clerk"))
    stage = stage.with_enrichers(provider(look_up=moody, limits=Limits(budget_per_month=1_000)))
    for n in range(30):
        await stage.person(n, email=f"user-{n}@acme.com")

    for _ in range(40):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=7))

    meter = (await stage.meters.all(["oracle"]))["oracle"]
    assert len(moody.asked) > 30
    assert (meter["calls"], meter["month_spent"]) == (len(moody.asked), moody.billed)
    assert meter["holders"] == []
