"""What is no event, with one sentence each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.events.checking import check_told, moment_of
from server.events.model import Told
from server.kit.errors import InvalidInputError
from tests.factories.profiles import NOW


def deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"a": inner}
    return inner


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " Order"}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "a\ud800"}, "name"),
        ({"key": ""}, "idempotencyKey"),
        ({"key": "k" * 201}, "idempotencyKey"),
        ({"properties": {"a": "x" * 4_096}}, "properties"),
        ({"properties": {"a": 2**63}}, "properties"),
        ({"properties": {"a": float("inf")}}, "properties"),
        ({"properties": {"a": 10**10_000}}, "properties"),
        ({"properties": {"a": "\ud800"}}, "properties"),
        ({"properties": {"\ud800": 1}}, "properties"),
        ({"properties": {"$where": 1}}, "properties"),
        ({"properties": {"a.b": 1}}, "properties"),
        ({"properties": {"a": [{"b\0": 1}]}}, "properties"),
        ({"properties": {"": 1}}, "properties"),
        ({"properties": [1]}, "properties"),
        ({"properties": "text"}, "properties"),
        ({"properties": deep(1_000)}, "properties"),
    ],
)
def test_event_that_can_not_be_kept_is_refused_with_one_sentence(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_told(Told(**{"name": "Order", **given}))

    assert refused.value.field == field
    assert refused.value.message.endswith(".")
    assert len(refused.value.message) < 200


def test_event_is_let_through_up_to_the_bounds() -> None:
    inner = {"a": "x" * 3_000, "b": [1.5, None, True, {"c": -(2**53) + 1}]}

    check_told(Told(name="a" * 100, key="k" * 200, properties=inner))


def test_fast_clock_is_put_right_and_the_past_is_kept() -> None:
    fast, long_ago = NOW + timedelta(minutes=4), datetime(1999, 12, 31, tzinfo=UTC)

    moments = [moment_of(Told(name="a", at=at), NOW) for at in (None, fast, long_ago)]

    assert moments == [NOW, NOW, long_ago]


@pytest.mark.parametrize("at", [NOW + timedelta(minutes=6), datetime(1969, 12, 31, tzinfo=UTC)])
def test_moment_that_can_not_be_is_refused(at: datetime) -> None:
    with pytest.raises(InvalidInputError, match="since 1970 and not in the future"):
        moment_of(Told(name="a", at=at), NOW)


def test_moment_is_kept_in_whole_milliseconds_and_in_utc() -> None:
    at = datetime.fromisoformat("2026-03-01T12:00:00.123456+02:00")

    assert moment_of(Told(name="a", at=at), NOW) == datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)
