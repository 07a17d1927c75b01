"""May we? And what two profiles of one person come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consent.model import (
    Basis,
    Consent,
    ConsentSource,
    ConsentState,
    OnWithdrawal,
    Purpose,
    PurposeId,
    Purposes,
    PurposeText,
    strictest,
)

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

CONSENTS = st.builds(
    Consent,
    state=st.sampled_from(ConsentState),
    at=st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    text_version=st.integers(1, 3),
    source=st.sampled_from(ConsentSource),
)
SAID = st.dictionaries(st.sampled_from(("news", "care", "ads")), CONSENTS)


def purpose(basis: Basis = Basis.OPT_IN, *, least_version: int = 1, texts: int = 3) -> Purpose:
    return Purpose(
        id=PurposeId("pur_news"),
        key="news",
        name="News",
        description="To write to people.",
        basis=basis,
        on_withdrawal=OnWithdrawal.HIDE,
        texts=tuple(PurposeText(version=n, text=f"Text {n}", at=NOW) for n in range(1, texts + 1)),
        least_version=least_version,
        revision=1,
        created_at=NOW,
    )


def said(state: ConsentState, *, text_version: int = 3, at: datetime = NOW) -> Consent:
    return Consent(state=state, at=at, text_version=text_version, source=ConsentSource.PERSON)


@pytest.mark.parametrize(
    ("basis", "state", "is_allowed"),
    [
        (Basis.OPT_IN, None, False),
        (Basis.OPT_IN, ConsentState.GRANTED, True),
        (Basis.OPT_IN, ConsentState.DENIED, False),
        (Basis.OPT_IN, ConsentState.WITHDRAWN, False),
        (Basis.OPT_OUT, None, True),
        (Basis.OPT_OUT, ConsentState.GRANTED, True),
        (Basis.OPT_OUT, ConsentState.DENIED, False),
        (Basis.OPT_OUT, ConsentState.WITHDRAWN, False),
    ],
)
def test_purpose_is_allowed_by_what_was_said_or_by_its_basis(
    basis: Basis, state: ConsentState | None, *, is_allowed: bool
) -> None:
    consent = None if state is None else said(state)

    assert purpose(basis).is_allowed_by(consent) is is_allowed


def test_grant_of_an_earlier_text_counts_until_it_needs_renewal() -> None:
    granted = said(ConsentState.GRANTED, text_version=1)

    assert purpose(least_version=1).is_allowed_by(granted)
    assert not purpose(least_version=2).is_allowed_by(granted)


def test_no_purpose_needs_nobodys_leave_and_an_unknown_one_is_denied() -> None:
    purposes = Purposes(by_key={"news": purpose()})

    assert purposes.allow(None, {})
    assert not purposes.allow("ads", {"ads": said(ConsentState.GRANTED)})


@given(SAID, SAID, SAID)
def test_order_of_merges_never_matters(
    one: dict[str, Consent], other: dict[str, Consent], third: dict[str, Consent]
) -> None:
    assert strictest(one, other) == strictest(other, one)
    assert strictest(strictest(one, other), third) == strictest(one, strictest(other, third))
    assert strictest(one, one) == one


@given(SAID, SAID, st.sampled_from(Basis))
def test_merge_never_allows_what_one_of_the_two_refused(
    one: dict[str, Consent], other: dict[str, Consent], basis: Basis
) -> None:
    merged = strictest(one, other)

    for key in merged:
        if not all(purpose(basis).is_allowed_by(side[key]) for side in (one, other) if key in side):
            assert not purpose(basis).is_allowed_by(merged[key])
