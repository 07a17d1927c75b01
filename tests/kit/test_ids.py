"""Ids: a prefix, a moment and chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.kit.ids import id_prefix, is_id, made_at, new_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

moments = st.integers(0, 2**44).map(lambda number: EPOCH + timedelta(milliseconds=number))  # to 2527


@given(moments)
def test_new_id_is_an_id_of_its_prefix(now: datetime) -> None:
    made = new_id("prf", now)

    assert is_id("prf", made)
    assert not is_id("qst", made)
    assert id_prefix(made) == "prf"


@given(moments)
@example(EPOCH + timedelta(milliseconds=2_190_433_320_955))  # where a float of seconds falls short
def test_ids_sort_by_their_millisecond(now: datetime) -> None:
    earlier, later = new_id("prf", now), new_id("prf", now + timedelta(milliseconds=1))

    assert earlier < later


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id("prf", NOW) for _ in range(1000)}) == 1000


def test_id_begins_with_its_moment_in_crockford_base32() -> None:
    # The example of the ULID specification, in small letters.
    assert new_id("prf", EPOCH + timedelta(milliseconds=1469918176385)).startswith("prf_01aryz6s41")
    assert new_id("prf", EPOCH).startswith("prf_0000000000")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prf",
        "prf_",
        "prf_" + "0" * 25,
        "prf_" + "0" * 27,
        "prf_" + "0" * 25 + "u",
        "prf_" + "0" * 25 + "A",
        "prf_" + "0" * 26 + "\n",
        " prf_" + "0" * 26,
        "prf_" + "\N{ARABIC-INDIC DIGIT ZERO}" * 26,
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_id("prf", text)


@given(moments)
def test_id_says_when_it_was_made(now: datetime) -> None:
    assert made_at(new_id("prf", now)) == now
