"""Asking for look-ups, and how they are shown: to whom, and in which words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.access.model import NOBODY, Viewer, ViewerKind
from server.enrichment.errors import UnknownEnricherError
from server.enrichment.model import (
    ENRICH,
    EnrichmentState,
    ReasonCode,
    Trigger,
    Trouble,
)
from server.kit.errors import ForbiddenError, NotFoundError
from server.kit.jobs.model import JobState
from server.profiles.model import ProfileId
from tests.enrichment.stage import APP, Oracle, Stage, enricher, title


async def test_state_tells_what_was_set_and_until_when(stage: Stage) -> None:
    person = await stage.person(email="ada@gmail.com")
    await stage.worker().drain()

    shown = await stage.shown(person.id)

    assert shown.state is EnrichmentState.SUCCEEDED
    assert shown.attributes_set == ("email_domain", "email_domain_type", "email_is_role")
    assert shown.last_run_at == stage.clock()
    assert shown.expires_at == stage.clock() + timedelta(days=30)
    assert (shown.attempts, shown.reason, shown.next_attempt_at, shown.is_stale) == (1, None, None, False)


async def test_look_up_without_its_input_is_shown_as_skipped(stage: Stage) -> None:
    person = await stage.person(name="Ada")
    await stage.worker().drain()

    shown = await stage.shown(person.id)

    assert shown.state is EnrichmentState.SKIPPED
    assert shown.reason is not None
    assert shown.reason.code is ReasonCode.MISSING_INPUT
    assert await stage.jobs.count(ENRICH, JobState.DONE) == 0


async def test_queued_look_up_is_shown(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)

    assert (await stage.shown(person.id)).state is EnrichmentState.QUEUED


async def test_what_failed_is_made_again_on_request(stage: Stage) -> None:
    oracle = Oracle(*[Trouble(reason="HTTP 503")] * 5, title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    for _ in range(5):
        await stage.worker().drain()
        stage.clock.advance(timedelta(hours=3))

    (queued,) = await stage.enrichment.request(APP, person.id)
    await stage.worker().drain()

    assert queued.state is EnrichmentState.QUEUED
    assert (await stage.shown(person.id)).state is EnrichmentState.SUCCEEDED


async def test_request_leaves_what_is_fresh_unless_forced(stage: Stage) -> None:
    oracle = Oracle(title("Clerk"), title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    (left,) = await stage.enrichment.request(APP, person.id, ["oracle"])
    (forced,) = await stage.enrichment.request(APP, person.id, ["oracle"], force=True)
    await stage.worker().drain()

    assert (left.state, forced.state) == (EnrichmentState.SUCCEEDED, EnrichmentState.QUEUED)
    assert (await stage.values(person.id))["job_title"] == "Countess"


async def test_forced_request_does_not_double_what_is_under_way(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    for _ in range(3):
        await stage.enrichment.request(APP, person.id, force=True)
    await stage.worker().drain()

    assert await stage.jobs.count(ENRICH, JobState.DONE) == 1


async def test_request_needs_its_scope(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    with pytest.raises(ForbiddenError):
        await stage.enrichment.request(NOBODY, person.id)


async def test_request_for_nobody_is_refused(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        await stage.enrichment.request(APP, ProfileId("prf_nobody"))


async def test_unknown_enricher_is_named(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")

    with pytest.raises(UnknownEnricherError, match="'clearbit'"):
        await stage.enrichment.request(APP, person.id, ["email_domain", "clearbit"])


async def test_person_sees_their_own_states_only(stage: Stage) -> None:
    ada = await stage.person(1, email="ada@acme.com")
    bob = await stage.person(2, email="bob@acme.com")
    await stage.worker().drain()
    viewer = Viewer(kind=ViewerKind.PERSON, profile_id=ada.id)

    own = await stage.enrichment.enrichments_of(viewer, await stage.profile(ada.id))
    others = await stage.enrichment.enrichments_of(viewer, await stage.profile(bob.id))

    assert [each.state for each in own] == [EnrichmentState.SUCCEEDED]
    assert others == []


async def test_enrichers_are_configuration(stage: Stage) -> None:
    assert [each.key for each in stage.enrichment.enrichers(APP)] == ["email_domain"]
    assert stage.enrichment.enrichers(NOBODY) == []


async def test_job_of_an_enricher_that_is_gone_is_a_dead_letter(stage: Stage) -> None:
    person = await stage.person(email="ada@acme.com")
    await stage.enrichment.plan_for(person.id, Trigger.SIGN_IN)

    await stage.with_enrichers(enricher()).worker().drain()

    assert await stage.jobs.count(ENRICH, JobState.DEAD) == 1
    assert (await stage.shown(person.id)).state is EnrichmentState.FAILED
