"""What follows from each kind of trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.enrichment.model import EnrichmentState, OutcomeClass, ReasonCode, Trouble
from server.enrichment.retrying import Failure, Retry, after_trouble

NOW = datetime(2026, 3, 14, 18, tzinfo=UTC)
TROUBLES = [
    OutcomeClass.PENDING,
    OutcomeClass.TRANSIENT,
    OutcomeClass.THROTTLED,
    OutcomeClass.QUOTA,
    OutcomeClass.CONFIG,
    OutcomeClass.CONTRACT,
]


def follows(
    kind: OutcomeClass,
    *,
    attempts: int = 1,
    waits: dict[str, int] | None = None,
    after: timedelta | None = None,
    is_billed: bool | None = None,
) -> Retry | Failure:
    trouble = Trouble(reason="It is down.", kind=kind, after=after, is_billed=is_billed)
    return after_trouble(trouble, attempts=attempts, waits=waits or {}, now=NOW, draw=1.0)


def delay_of(further: Retry | Failure) -> timedelta:
    assert isinstance(further, Retry)
    return further.delay


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        (OutcomeClass.TRANSIENT, EnrichmentState.RETRY_SCHEDULED, ReasonCode.TEMPORARY_PROBLEM),
        (OutcomeClass.THROTTLED, EnrichmentState.RETRY_SCHEDULED, ReasonCode.THROTTLED),
        (OutcomeClass.CONTRACT, EnrichmentState.RETRY_SCHEDULED, ReasonCode.BAD_ANSWER),
        (OutcomeClass.PENDING, EnrichmentState.AWAITING_PROVIDER, ReasonCode.AWAITING_ANSWER),
        (OutcomeClass.QUOTA, EnrichmentState.BLOCKED, ReasonCode.QUOTA),
        (OutcomeClass.CONFIG, EnrichmentState.BLOCKED, ReasonCode.CONFIGURATION),
    ],
)
def test_trouble_shows_as_what_it_is(kind: OutcomeClass, state: EnrichmentState, code: ReasonCode) -> None:
    further = follows(kind)

    assert isinstance(further, Retry)
    assert (further.state, further.code) == (state, code)


def test_only_failures_count_as_attempts() -> None:
    counted = {kind for kind in TROUBLES if isinstance(each := follows(kind), Retry) and each.is_counted}

    assert counted == {OutcomeClass.TRANSIENT, OutcomeClass.CONTRACT}


def test_only_what_concerns_the_source_keeps_everybody_waiting() -> None:
    shared = {kind for kind in TROUBLES if isinstance(each := follows(kind), Retry) and each.is_shared}

    assert shared == {OutcomeClass.THROTTLED, OutcomeClass.QUOTA, OutcomeClass.CONFIG}


@pytest.mark.parametrize(
    ("kind", "most", "code"),
    [
        (OutcomeClass.TRANSIENT, 5, ReasonCode.GIVEN_UP),
        (OutcomeClass.CONTRACT, 2, ReasonCode.BAD_ANSWER),
    ],
)
def test_failures_end_after_so_many(kind: OutcomeClass, most: int, code: ReasonCode) -> None:
    assert isinstance(follows(kind, attempts=most - 1), Retry)
    assert follows(kind, attempts=most) == Failure(code=code)


def test_failure_that_may_have_cost_is_tried_once_more_only() -> None:
    assert isinstance(follows(OutcomeClass.TRANSIENT, attempts=1, is_billed=True), Retry)
    assert isinstance(follows(OutcomeClass.TRANSIENT, attempts=2, is_billed=True), Failure)


def test_failures_back_off_and_a_source_may_say_how_far() -> None:
    delays = [delay_of(follows(OutcomeClass.TRANSIENT, attempts=n)).total_seconds() for n in (1, 2, 3, 4)]

    assert delays == [30, 120, 480, 1920]
    assert delay_of(follows(OutcomeClass.TRANSIENT, after=timedelta(hours=2))) == timedelta(hours=2)
    assert delay_of(follows(OutcomeClass.TRANSIENT, after=timedelta(days=9))) == timedelta(days=1)


def test_pending_look_up_is_asked_about_ever_more_rarely_and_then_no_more() -> None:
    delays = [
        delay_of(follows(OutcomeClass.PENDING, waits={ReasonCode.AWAITING_ANSWER: n})).total_seconds()
        for n in range(6)
    ]

    assert delays == [20, 60, 300, 1800, 7200, 21600]
    assert follows(OutcomeClass.PENDING, waits={ReasonCode.AWAITING_ANSWER: 6}) == Failure(
        code=ReasonCode.TIMED_OUT
    )


def test_busy_source_is_given_up_after_fifty_waits() -> None:
    assert isinstance(follows(OutcomeClass.THROTTLED, waits={ReasonCode.THROTTLED: 49}), Retry)
    assert isinstance(follows(OutcomeClass.THROTTLED, waits={ReasonCode.THROTTLED: 50}), Failure)


def test_used_up_quota_waits_for_the_next_day_or_for_what_the_source_says() -> None:
    assert delay_of(follows(OutcomeClass.QUOTA)) == timedelta(hours=6)
    assert delay_of(follows(OutcomeClass.QUOTA, after=timedelta(days=20))) == timedelta(days=20)


@given(
    kind=st.sampled_from(TROUBLES),
    attempts=st.integers(1, 50),
    waits=st.dictionaries(st.sampled_from([each.value for each in ReasonCode]), st.integers(0, 60)),
    after=st.none() | st.timedeltas(timedelta(0), timedelta(days=999)),
)
def test_nothing_waits_longer_than_a_month(
    kind: OutcomeClass, attempts: int, waits: dict[str, int], after: timedelta | None
) -> None:
    further = follows(kind, attempts=attempts, waits=waits, after=after)

    assert isinstance(further, Failure) or timedelta(0) <= further.delay <= timedelta(days=31)
