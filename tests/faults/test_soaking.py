"""What a soak calls flat."""

from __future__ import annotations

import pytest

from tests.faults.soaking import trend

SECONDS = [5.0 * each for each in range(40)]


@pytest.mark.parametrize("what", ["API 1: memory (MB)", "API 1: open files", "queues: waiting"])
def test_what_grows_to_the_end_is_not_flat(what: str) -> None:
    found = trend(what, SECONDS, [100 + 10 * each for each in range(40)])

    assert not found.is_flat
    assert found.an_hour == pytest.approx(7_200)
    assert found.rise == pytest.approx(190)


def test_what_grew_while_it_warmed_up_is_flat() -> None:
    found = trend(
        "API 1: memory (MB)", SECONDS, [*(50 + 5 * each for each in range(20)), *[150.0, 150.5] * 10]
    )

    assert found.is_flat
    assert found.mean == pytest.approx(150.25)
