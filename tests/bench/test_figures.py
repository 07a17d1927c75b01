"""Figures are printed as one line of JSON that says no more than was measured."""

from __future__ import annotations

import json

import pytest

from tests.bench.figures import Figure, Number, percentile, rounded


def test_line_holds_the_five_keys_first_and_what_is_known_besides() -> None:
    figure = Figure(
        bench="answer",
        figure=612.4567,
        unit="requests/s",
        against=1200.0,
        more={"p50_ms": 41.2345, "cpu_us": None},
    )

    line = figure.line()

    assert "\n" not in line
    assert list(json.loads(line).items()) == [
        ("bench", "answer"),
        ("figure", 612),
        ("unit", "requests/s"),
        ("against", 1200),
        ("ratio", 0.51),
        ("p50_ms", 41.2),
    ]


@pytest.mark.parametrize(
    ("number", "shown"), [(0, 0), (0.123456, 0.123), (1.2345, 1.23), (98.76, 98.8), (2345.6, 2346)]
)
def test_numbers_keep_three_digits_and_their_integer_part(number: Number, shown: Number) -> None:
    assert rounded(number) == shown


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (75, 3), (99, 4), (100, 4)])
def test_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value
