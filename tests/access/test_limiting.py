"""Buckets: so many at once, one more as each becomes free again, and the same ones for all processes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.errors import TooManyRequestsError
from server.access.limit_store import LimitStore
from server.access.limiting import DEFAULTS, Limits, rules_of, why_not_limits
from server.access.model import NOBODY
from tests.core import SECRET
from tests.factories.access import app_viewer, person_viewer, widget_viewer
from tests.fakes import FakeClock
from tests.sign_in_world import clock_of_today

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from server.access.limiting import Rule
    from server.kit.mongo import Database

ADDRESS, OTHER = "203.0.113.7", "203.0.113.8"


class NowhereStore(LimitStore):
    """Keeps nothing: for what one process does alone."""

    def __init__(self) -> None:
        """Need no database."""

    async def add(self, rule: str, takings: Mapping[str, float], now: datetime) -> None:
        """Forget it."""

    async def full_after(self, _moments: Mapping[str, datetime]) -> dict[str, float]:
        return {}


@pytest.fixture
def clock() -> FakeClock:
    return clock_of_today()


def alone(clock: FakeClock, **given: tuple[int, int] | None) -> Limits:
    return Limits(store=NowhereStore(), rules=rules_of(given), secret=SECRET, clock=clock)


def process(database: Database, clock: FakeClock, rules: Mapping[str, Rule]) -> Limits:
    """Return the limits of one process; those of another count in the same database."""
    return Limits(store=LimitStore(database), rules=rules, secret=SECRET, clock=clock)


def allowed(take: Callable[[], None], tries: int) -> int:
    """Return how many of so many tries came through."""
    passed = 0
    for _ in range(tries):
        try:
            take()
        except TooManyRequestsError:
            continue
        passed += 1
    return passed


def test_as_many_as_the_rule_allows_come_through_at_once(clock: FakeClock) -> None:
    limits = alone(clock, sign_in_steps_per_address=(5, 60))

    assert allowed(lambda: limits.admit_sign_in_step(ADDRESS), 20) == 5
    assert allowed(lambda: limits.admit_sign_in_step(OTHER), 20) == 5


def test_one_more_comes_through_as_each_becomes_free(clock: FakeClock) -> None:
    limits = alone(clock, sign_in_steps_per_address=(6, 60))
    allowed(lambda: limits.admit_sign_in_step(ADDRESS), 6)

    clock.advance(timedelta(seconds=9))
    with pytest.raises(TooManyRequestsError) as refused:
        limits.admit_sign_in_step(ADDRESS)
    clock.advance(timedelta(seconds=refused.value.retry_after_seconds))

    assert refused.value.retry_after_seconds == 1
    assert refused.value.message == "Too many requests came from here: try again in 1 second."
    assert allowed(lambda: limits.admit_sign_in_step(ADDRESS), 6) == 1


@given(
    most=st.integers(1, 20),
    seconds=st.integers(1, 100),
    pauses=st.lists(st.floats(0, 50), min_size=1, max_size=60),
)
def test_no_stretch_of_time_sees_more_than_a_burst_and_what_became_free(
    most: int, seconds: int, pauses: list[float]
) -> None:
    clock = FakeClock()
    limits = alone(clock, sign_in_steps_per_address=(most, seconds))
    passed: list[float] = []
    for pause in pauses:
        clock.advance(timedelta(milliseconds=round(pause * 1000)))
        if allowed(lambda: limits.admit_sign_in_step(ADDRESS), 1):
            passed.append(clock().timestamp())

    for first in range(len(passed)):
        for last in range(first, len(passed)):
            free_meanwhile = (passed[last] - passed[first]) * most / seconds
            assert last - first + 1 <= most + free_meanwhile + 0.001


def test_each_kind_of_viewer_is_counted_by_what_it_could_not_change(clock: FakeClock) -> None:
    limits = alone(
        clock,
        visits_per_address=(2, 60),
        visits_per_key=(3, 60),
        requests_per_profile=(4, 60),
        requests_per_address=(6, 60),
        requests_per_key=(5, 60),
    )

    assert allowed(lambda: limits.admit(widget_viewer(), ADDRESS), 9) == 2
    assert allowed(lambda: limits.admit(widget_viewer(), OTHER), 9) == 1
    assert allowed(lambda: limits.admit(person_viewer("prf_1"), ADDRESS), 9) == 4
    assert allowed(lambda: limits.admit(person_viewer("prf_2"), ADDRESS), 9) == 2
    assert allowed(lambda: limits.admit(NOBODY, OTHER), 9) == 6
    assert allowed(lambda: limits.admit(app_viewer(), ADDRESS), 9) == 5


def test_address_with_too_many_wrong_keys_is_locked_out_for_a_while(clock: FakeClock) -> None:
    limits = alone(clock, failed_keys_per_address=(3, 600))
    limits.admit_secret(ADDRESS)
    for _ in range(3):
        limits.note_failed_secret(ADDRESS)

    with pytest.raises(TooManyRequestsError) as refused:
        limits.admit_secret(ADDRESS)
    limits.admit_secret(OTHER)
    clock.advance(timedelta(seconds=200))

    assert refused.value.retry_after_seconds == 200
    limits.admit_secret(ADDRESS)


def test_limit_can_be_turned_off(clock: FakeClock) -> None:
    limits = alone(clock, sign_in_steps_per_address=None)

    assert allowed(lambda: limits.admit_sign_in_step(ADDRESS), 1_000) == 1_000


def test_limit_that_does_not_exist_is_named_with_those_that_do() -> None:
    assert why_not_limits({"visits_per_key": (1, 1)}) is None
    assert (why_not_limits({"visits": None}) or "").startswith("'visits' in ACQUAINT_LIMITS is no limit;")


def test_memory_is_bounded_however_many_ask(clock: FakeClock) -> None:
    limits = alone(clock)
    for number in range(100_050):
        limits.admit_sign_in_step(str(number))

    assert len(limits) <= 100_000


async def test_what_one_process_gave_is_not_given_by_another(database: Database, clock: FakeClock) -> None:
    rules = rules_of({"sign_in_steps_per_address": (10, 60)})
    here, there = process(database, clock, rules), process(database, clock, rules)
    assert allowed(lambda: here.admit_sign_in_step(ADDRESS), 20) == 10

    await here.share()
    await there.share()

    assert allowed(lambda: there.admit_sign_in_step(ADDRESS), 20) == 0
    assert allowed(lambda: there.admit_sign_in_step(OTHER), 20) == 10


def steps(limits: Limits, tries: int) -> int:
    return allowed(lambda: limits.admit_sign_in_step(ADDRESS), tries)


async def test_takings_of_processes_add_up(database: Database, clock: FakeClock) -> None:
    rules = rules_of({"sign_in_steps_per_address": (10, 60)})
    processes = [process(database, clock, rules) for _ in range(3)]
    for each in processes:
        steps(each, 3)
    for each in [*processes, *processes]:
        await each.share()

    assert steps(processes[0], 9) == 1
    clock.advance(timedelta(seconds=60))
    assert steps(processes[1], 20) == 10


async def test_lockout_reaches_every_process(database: Database, clock: FakeClock) -> None:
    here, there = process(database, clock, DEFAULTS), process(database, clock, DEFAULTS)
    allowed(lambda: here.note_failed_secret(ADDRESS), 20)

    await here.share()
    await there.share()

    with pytest.raises(TooManyRequestsError):
        there.admit_secret(ADDRESS)


async def test_honest_people_are_not_written_down(database: Database, clock: FakeClock) -> None:
    limits = process(database, clock, DEFAULTS)
    allowed(lambda: limits.admit(person_viewer("prf_1"), ADDRESS), 50)
    await limits.share()
    assert await database["rate_limits"].count_documents({}) == 0

    allowed(lambda: limits.admit(person_viewer("prf_1"), ADDRESS), 20)
    await limits.share()

    (bucket,) = await database["rate_limits"].find({}).to_list(None)
    assert bucket["rule"] == "requests_per_profile"
    assert "prf_1" not in str(bucket)


async def test_what_is_told_twice_at_once_counts_once(database: Database, clock: FakeClock) -> None:
    rules = rules_of({"sign_in_steps_per_address": (10, 60)})
    limits = process(database, clock, rules)
    steps(limits, 6)

    await asyncio.gather(*(limits.share() for _ in range(4)))
    await limits.share()

    assert steps(limits, 20) == 4


async def test_what_was_told_is_not_told_again(database: Database, clock: FakeClock) -> None:
    rules = rules_of({"sign_in_steps_per_address": (10, 60)})
    limits = process(database, clock, rules)
    allowed(lambda: limits.admit_sign_in_step(ADDRESS), 4)

    await limits.share()
    await limits.share()
    await limits.share()

    assert allowed(lambda: limits.admit_sign_in_step(ADDRESS), 20) == 6
