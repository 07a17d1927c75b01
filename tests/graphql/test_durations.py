"""Lengths of time, of any seconds that a client may send."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.graphql.durations import span_of


@given(st.floats(allow_nan=False) | st.integers())
def test_any_number_of_seconds_is_some_length(seconds: float) -> None:
    span = span_of(seconds)

    assert span == timedelta(seconds=seconds) if abs(seconds) < 1e13 else abs(span) == timedelta(seconds=1e13)
