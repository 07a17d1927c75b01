"""The plan, as a pure function."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.enrichment.model import LIVE_STATES, EnrichmentState, LookUpState, ReasonCode, Trigger
from server.enrichment.planning import Standing, hash_of, judge
from server.kit.jobs.model import JobId
from tests.enrichment.stage import enricher

NOW = datetime(2026, 3, 14, tzinfo=UTC)
KNOWN = Standing(known={"email": "ada@acme.com", "name": "Ada"})
ORACLE = enricher(triggers=frozenset({Trigger.SIGN_IN}))
SUCCEEDED = LookUpState(
    state=EnrichmentState.SUCCEEDED,
    at=NOW,
    job_id=JobId("job_1"),
    fence=1,
    input_hash=hash_of(ORACLE, {"email": "ada@acme.com"}),
    expires_at=NOW + timedelta(days=30),
)


def blocked_by(
    state: LookUpState | None = None,
    *,
    trigger: Trigger = Trigger.SIGN_IN,
    is_forced: bool = False,
    now: datetime = NOW,
    standing: Standing | None = None,
) -> ReasonCode | None:
    return judge(ORACLE, trigger, standing or KNOWN, state, now, is_forced=is_forced).blocked_by


def test_what_was_never_looked_up_is() -> None:
    assert blocked_by() is None


def test_other_triggers_do_nothing() -> None:
    assert blocked_by(trigger=Trigger.SIGN_UP) is ReasonCode.NOT_TRIGGERED


def test_request_needs_no_trigger() -> None:
    assert blocked_by(trigger=Trigger.MANUAL) is None


def test_missing_input_blocks_even_a_forced_request() -> None:
    verdict = judge(ORACLE, Trigger.MANUAL, Standing(known={"name": "Ada"}), None, NOW, is_forced=True)

    assert verdict.blocked_by is ReasonCode.MISSING_INPUT


def test_what_still_counts_is_left_until_it_expires() -> None:
    assert blocked_by(SUCCEEDED) is ReasonCode.STILL_FRESH
    assert blocked_by(SUCCEEDED, now=NOW + timedelta(days=30)) is None


def test_request_leaves_what_still_counts_unless_forced() -> None:
    assert blocked_by(SUCCEEDED, trigger=Trigger.MANUAL) is ReasonCode.STILL_FRESH
    assert blocked_by(SUCCEEDED, trigger=Trigger.MANUAL, is_forced=True) is None


def test_changed_input_is_looked_up_whatever_the_state() -> None:
    for state in EnrichmentState:
        assert blocked_by(replace(SUCCEEDED, state=state, input_hash="other")) is None


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
def test_what_is_under_way_is_not_doubled_even_when_forced(state: EnrichmentState) -> None:
    live = replace(SUCCEEDED, state=state)

    assert blocked_by(live, trigger=Trigger.MANUAL, is_forced=True) is ReasonCode.IN_PROGRESS


def test_what_is_under_way_for_a_day_has_lost_its_job() -> None:
    live = replace(SUCCEEDED, state=EnrichmentState.RUNNING)

    assert blocked_by(live, now=NOW + timedelta(days=1)) is None


def test_failure_rests_for_sign_ins_but_not_for_requests() -> None:
    failed = replace(SUCCEEDED, state=EnrichmentState.FAILED)

    assert blocked_by(failed) is ReasonCode.STILL_FRESH
    assert blocked_by(failed, trigger=Trigger.MANUAL) is None


def test_skipped_look_up_waits_for_another_input() -> None:
    skipped = replace(SUCCEEDED, state=EnrichmentState.SKIPPED, expires_at=None)

    assert blocked_by(skipped, now=NOW + timedelta(days=999)) is ReasonCode.STILL_FRESH


def test_only_the_inputs_and_the_revision_make_the_hash() -> None:
    assert judge(ORACLE, Trigger.SIGN_IN, KNOWN, None, NOW).input_hash == SUCCEEDED.input_hash
    assert hash_of(replace(ORACLE, revision=2), {"email": "ada@acme.com"}) != SUCCEEDED.input_hash
