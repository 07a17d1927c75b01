"""Look-ups: made when worth it, written once, and never above what a person said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import (
    ENRICH,
    EnrichmentState,
    Finding,
    Found,
    NoMatch,
    ReasonCode,
    Trigger,
    Trouble,
)
from server.kit.jobs.model import JobState
from server.profiles.model import IdentityKind, IdentityRef
from tests.enrichment.stage import APP, Oracle, Stage, enricher, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Result
    from server.kit.mongo import Database
    from server.profiles.model import Value


async def test_new_email_address_is_looked_up(stage: Stage) -> None:
    person = await stage.person(email="ada@analytical.example.com")

    await stage.worker().drain()

    values = await stage.values(person.id)
    assert values["email_domain"] == "analytical.example.com"
    assert values["email_domain_type"] == "business"
    assert values["email_is_role"] is False
    assert values["company_domain"] == "example.com"


async def test_claims_name_the_enricher_and_expire(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    known = await stage.profiles.known_attributes(await stage.profile(person.id))
    winner = known["company_domain"].winner

    assert winner.source.slug == "enricher:email_domain"
    assert winner.confidence == 0.6
    assert winner.expires_at == stage.clock() + timedelta(days=30)


async def test_what_a_person_said_stands_above_what_was_looked_up(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com", company_domain="analytical.com")

    await stage.worker().drain()

    assert (await stage.values(person.id))["company_domain"] == "analytical.com"


async def test_planning_twice_makes_one_job(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    for _ in range(3):
        await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
        await stage.worker().drain()

    assert await stage.jobs.count(ENRICH, JobState.DONE) == 1


async def test_unchanged_input_is_not_looked_up_before_its_time(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle, ttl=timedelta(days=7)))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    await stage.say(person.id, email="ADA@acme.com")
    await stage.worker().drain()
    stage.clock.advance(timedelta(days=7))
    stale = (await stage.shown(person.id)).is_stale
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
    await stage.worker().drain()

    assert stale
    assert len(oracle.asked) == 2


async def test_changed_input_is_looked_up_and_takes_back_what_no_longer_holds(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    before = await stage.values(person.id)

    await stage.say(person.id, email="ada@gmail.com")
    await stage.worker().drain()

    after = await stage.values(person.id)
    assert before["company_domain"] == "acme.com"
    assert after["email_domain_type"] == "free"
    assert "company_domain" not in after


async def test_input_that_changes_while_it_is_looked_up_wins(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    class Interrupted(Oracle):
        async def __call__(self, inputs: Mapping[str, Value]) -> Result:
            result = await super().__call__(inputs)
            if len(self.asked) == 1:
                await stage.say(person.id, email="ada@analytical.com")
                await stage.enrichment.plan_for(person.id, Trigger.ATTRIBUTES_CHANGED)
            return result

    oracle = Interrupted(title("Clerk"), title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    await stage.worker().drain()

    assert [inputs["email"] for inputs in oracle.asked] == ["ada@acme.com", "ada@analytical.com"]
    assert (await stage.values(person.id))["job_title"] == "Countess"


async def test_new_revision_of_an_enricher_looks_up_again(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    stage = stage.with_enrichers(enricher(look_up=oracle, revision=2))
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
    await stage.worker().drain()

    assert len(oracle.asked) == 2


async def test_trigger_that_an_enricher_does_not_want_is_ignored(stage: Stage) -> None:
    stage = stage.with_enrichers(enricher(triggers=frozenset({Trigger.SIGN_UP})))
    person = await stage.person(email="ada@acme.com")

    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)

    assert await stage.enrichment.enrichments_of(APP, await stage.profile(person.id)) == []


async def test_passing_trouble_is_shown_and_tried_again(stage: Stage) -> None:
    oracle = Oracle(Trouble(reason="HTTP 503"), title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    waiting = await stage.shown(person.id)

    stage.clock.advance(timedelta(seconds=30))
    await stage.worker().drain()

    assert waiting.state is EnrichmentState.RETRY_SCHEDULED
    assert waiting.reason is not None
    assert waiting.reason.code is ReasonCode.TEMPORARY_PROBLEM
    assert "503" not in waiting.reason.message
    assert (
        waiting.next_attempt_at == waiting.last_run_at + timedelta(seconds=30) if waiting.last_run_at else 0
    )
    done = await stage.shown(person.id)
    assert (done.state, done.attempts, done.reason) == (EnrichmentState.SUCCEEDED, 2, None)


async def test_lasting_trouble_is_shown_as_failed_and_rests(stage: Stage) -> None:
    oracle = Oracle(Trouble(reason="HTTP 503"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    person = await stage.person(email="ada@acme.com")

    for _ in range(6):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=3))
        await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)

    shown = await stage.shown(person.id)
    assert shown.state is EnrichmentState.FAILED
    assert shown.reason is not None
    assert shown.reason.code is ReasonCode.GIVEN_UP
    assert len(oracle.asked) == 5
    assert await stage.jobs.count(ENRICH, JobState.DEAD) == 1


async def test_no_match_is_an_answer_that_stands(stage: Stage) -> None:
    oracle = Oracle(NoMatch())
    stage = stage.with_enrichers(enricher(look_up=oracle))
    person = await stage.person(email="ada@acme.com")

    for _ in range(2):
        await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
        await stage.worker().drain()

    assert (await stage.shown(person.id)).state is EnrichmentState.NO_MATCH
    assert len(oracle.asked) == 1


async def test_finding_that_no_attribute_fits_is_left_out(stage: Stage) -> None:
    findings = (
        Finding(key="shoe_size", value=42),
        Finding(key="email_domain_type", value="interplanetary"),
        Finding(key="job_title", value="Countess"),
    )
    outputs = frozenset({"shoe_size", "email_domain_type", "job_title"})
    stage = stage.with_enrichers(enricher(look_up=Oracle(Found(findings=findings)), outputs=outputs))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    shown = await stage.shown(person.id)
    assert shown.state is EnrichmentState.SUCCEEDED
    assert shown.attributes_set == ("job_title",)


async def test_finding_that_the_enricher_does_not_declare_is_left_out(stage: Stage) -> None:
    findings = (Finding(key="name", value="Augusta"), Finding(key="job_title", value="Countess"))
    stage = stage.with_enrichers(enricher(look_up=Oracle(Found(findings=findings))))
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert (await stage.shown(person.id)).attributes_set == ("job_title",)
    assert "name" not in await stage.values(person.id)


async def test_look_up_of_a_merged_profile_goes_on_in_the_one_it_became_part_of(stage: Stage) -> None:
    browser = await stage.profiles.create((IdentityRef(kind=IdentityKind.ANONYMOUS_ID, value="browser"),))
    await stage.say(browser.id, email="ada@acme.com")
    await stage.enrichment.plan_for(browser.id, Trigger.ATTRIBUTES_CHANGED)
    known = await stage.person(name="Ada")

    await stage.profiles.fold(known.id, browser.id)
    await stage.worker().drain()

    assert (await stage.shown(known.id)).state is EnrichmentState.SUCCEEDED
    assert (await stage.values(known.id))["company_domain"] == "acme.com"
    assert await stage.jobs.count(ENRICH, JobState.DONE) == 1


async def test_look_up_of_a_person_who_is_erased_meanwhile_writes_nothing(
    stage: Stage, database: Database
) -> None:
    async def erase(_: Mapping[str, Value]) -> Result:
        await database["profiles"].delete_many({})
        return title("Countess")

    await stage.person(email="ada@acme.com")

    await stage.with_enrichers(enricher(look_up=erase)).worker().drain()

    assert await database["profiles"].count_documents({}) == 0
    assert await stage.jobs.count(ENRICH, JobState.DONE) == 1


async def test_look_up_that_lost_its_job_is_planned_again_after_a_day(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
    stage.clock.advance(timedelta(days=1))

    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)
    await stage.worker().drain()

    assert (await stage.shown(person.id)).state is EnrichmentState.SUCCEEDED


async def test_jobs_hold_no_personal_data(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com", name="Ada Lovelace")
    await stage.worker().drain()

    job_id = (await stage.profile(person.id)).enrichments["email_domain"]["job"]
    job = await stage.jobs.find(job_id)

    assert job is not None
    assert job.payload == {"enricher": "email_domain"}
