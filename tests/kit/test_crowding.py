"""A process takes on what it can do in good time, what matters most first."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.crowding import Crowd, Priority

MIX = {Priority.ANSWER: 10, Priority.QUESTION: 50, Priority.APP: 25, Priority.BULK: 15}
CAPACITY = 2_500  # operations a second of the simulated process


@dataclass(slots=True)
class Simulation:
    """A process with one core that all operations share, and a database that answers each after a while."""

    database_seconds: float = 0.000_6
    now: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a simulation
    waiting: list[tuple[float, int]] = field(default_factory=list)
    running: dict[int, tuple[float, Priority, float]] = field(default_factory=dict)
    done: dict[Priority, list[float]] = field(default_factory=dict)
    refused: dict[Priority, int] = field(default_factory=dict)
    arrived: dict[int, tuple[Priority, float]] = field(default_factory=dict)

    def run(self, crowd: Crowd, *, times: float, seconds: float) -> None:
        """Let so many times come what it can do, and forget what was before."""
        self.done = {priority: [] for priority in Priority}
        self.refused = dict.fromkeys(Priority, 0)
        end, upcoming = self.now + seconds, self.now
        while (following := min(upcoming, self._ready(), self._finished())) < end:
            is_arriving, is_ready = following == upcoming, following == self._ready()
            self._work(following - self.now)
            self.now = following
            if is_arriving:
                upcoming += self.chance.expovariate(times * CAPACITY)
                self._arrive(crowd)
            elif is_ready:
                self._begin()
            else:
                self._finish(crowd)
        self._work(end - self.now)
        self.now = end

    def _ready(self) -> float:
        return self.waiting[0][0] if self.waiting else math.inf

    def _finished(self) -> float:
        if not self.running:
            return math.inf
        return self.now + min(left for left, _, _ in self.running.values()) * len(self.running)

    def _work(self, seconds: float) -> None:
        share = seconds / len(self.running) if self.running else 0.0
        self.running = {
            number: (left - share, priority, began)
            for number, (left, priority, began) in self.running.items()
        }

    def _arrive(self, crowd: Crowd) -> None:
        (priority,) = self.chance.choices(list(MIX), list(MIX.values()))
        if crowd.has_room or crowd.has_room_for(priority):
            crowd.enter()
            number = self.chance.getrandbits(64)
            self.arrived[number] = (priority, self.now)
            heapq.heappush(self.waiting, (self.now + self.database_seconds, number))
        else:
            self.refused[priority] += 1

    def _begin(self) -> None:
        _, number = heapq.heappop(self.waiting)
        priority, began = self.arrived.pop(number)
        self.running[number] = (self.chance.uniform(0.5, 1.5) / CAPACITY, priority, began)

    def _finish(self, crowd: Crowd) -> None:
        number = min(self.running, key=lambda each: self.running[each][0])
        _, priority, began = self.running.pop(number)
        crowd.took("operation", self.now - began)
        crowd.leave()
        self.done[priority].append(self.now - began)

    def p99(self) -> float:
        """Return how long one operation in a hundred took."""
        took = sorted(each for all_ in self.done.values() for each in all_)
        return took[int(0.99 * len(took))]

    def share_refused(self, priority: Priority) -> float:
        """Return which share of a priority was refused."""
        return self.refused[priority] / (self.refused[priority] + len(self.done[priority]) or 1)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation()


@pytest.fixture
def crowd(simulation: Simulation) -> Crowd:
    return Crowd(now=lambda: simulation.now)


def test_nobody_is_refused_at_half_of_what_can_be_done(simulation: Simulation, crowd: Crowd) -> None:
    simulation.run(crowd, times=0.5, seconds=4)

    assert sum(simulation.refused.values()) == 0


def test_at_three_times_of_it_what_is_accepted_stays_quick(simulation: Simulation, crowd: Crowd) -> None:
    simulation.run(crowd, times=0.5, seconds=2)
    normal = simulation.p99()

    simulation.run(crowd, times=3, seconds=4)

    assert simulation.p99() < 3 * normal
    assert sum(map(len, simulation.done.values())) > 0.9 * 4 * CAPACITY


def test_what_matters_less_is_refused_first(simulation: Simulation, crowd: Crowd) -> None:
    simulation.run(crowd, times=0.5, seconds=1)

    simulation.run(crowd, times=3, seconds=4)

    shares = [simulation.share_refused(priority) for priority in Priority]
    assert shares == sorted(shares)
    assert shares[Priority.ANSWER] < 0.05
    assert shares[Priority.BULK] > 0.9


def test_it_is_over_as_soon_as_the_crowd_is_gone(simulation: Simulation, crowd: Crowd) -> None:
    simulation.run(crowd, times=0.5, seconds=2)
    normal = simulation.p99()
    simulation.run(crowd, times=3, seconds=4)

    simulation.run(crowd, times=0.5, seconds=2)

    assert sum(simulation.refused.values()) < 0.01 * CAPACITY
    assert simulation.p99() < 2 * normal


def test_what_is_usual_is_learned_anew_where_it_changed_for_good(
    simulation: Simulation, crowd: Crowd
) -> None:
    simulation.run(crowd, times=0.4, seconds=1)
    simulation.database_seconds = 0.05  # which is no crowd: it only takes longer

    simulation.run(crowd, times=0.4, seconds=60)
    simulation.run(crowd, times=0.4, seconds=3)

    assert sum(simulation.refused.values()) < 0.1 * 3 * 0.4 * CAPACITY


@given(st.integers(min_value=1, max_value=200))
def test_whoever_matters_more_has_room_where_others_have(least: int) -> None:
    crowd = Crowd(least=least, now=lambda: 0.0)
    for _ in range(2 * least + 100):
        rooms = [crowd.has_room_for(priority) for priority in Priority]

        assert rooms == sorted(rooms, reverse=True)
        assert crowd.has_room == rooms[Priority.BULK]
        crowd.enter()
    assert not any(crowd.has_room_for(priority) for priority in Priority)


def test_so_many_are_let_in_however_slow_they_are() -> None:
    clock = [0.0]
    crowd = Crowd(least=7, now=lambda: clock[0])
    crowd.enter()
    clock[0] += 0.1
    crowd.took("operation", 0.001)
    for _ in range(20):
        crowd.enter()
    for _ in range(1_000):
        clock[0] += 0.1
        crowd.took("operation", 10.0)

    assert crowd.limit == 7
