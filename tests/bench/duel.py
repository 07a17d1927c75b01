"""The API and others under the same load, in turns, on the same core and the same database."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figures import Figure
from tests.bench.load import run_load
from tests.bench.processes import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from server.kit.mongod import Mongod
    from tests.bench.figures import Number
    from tests.bench.load import Exchange, Run
    from tests.bench.processes import Measured

_ROUNDS = 3
_CONNECTIONS = 32
_WARM_UP = 300  # requests, not counted: connections are opened, documents are cached
_ALONE = 400  # requests one after the other: what one person waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of them, the mongod that it uses, and where its next requests come from.

    A slow one gets a `share` of the requests of the others.
    """

    process: Measured
    mongod: Mongod
    batch: Callable[[int], Sequence[Exchange]]
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One run, and the CPU time that the server and MongoDB used in it."""

    run: Run
    cpu_seconds: float | None
    mongod_cpu_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The runs of one side: the warm-up, the rounds that count, the one with a single connection."""

    warm_up: Loaded
    rounds: Sequence[Loaded]
    alone: Loaded

    @property
    def all(self) -> Iterator[Run]:
        """Every run, in order."""
        return (each.run for each in (self.warm_up, *self.rounds, self.alone))

    @property
    def rate(self) -> float:
        """Right answers a second, median of the rounds."""
        return median(each.run.rate for each in self.rounds)

    @property
    def more(self) -> dict[str, Number | None]:
        """What else describes it: latency under load and alone, CPU a request, the share of its core used."""
        alone = self.alone.run
        return {
            "p50_ms": median(each.run.milliseconds(50) for each in self.rounds),
            "p99_ms": median(each.run.milliseconds(99) for each in self.rounds),
            "alone_p50_ms": alone.milliseconds(50),
            "alone_p99_ms": alone.milliseconds(99),
            "cpu_us": _a_request(self.rounds, lambda each: each.cpu_seconds),
            "mongod_cpu_us": _a_request(self.rounds, lambda each: each.mongod_cpu_seconds),
            "busy": _median(_busy(each) for each in self.rounds),
        }


def requests_needed(requests_a_run: int, share: float = 1.0) -> int:
    """Return how many requests one side gets in all."""
    return int(_WARM_UP * share) + _ROUNDS * int(requests_a_run * share) + int(_ALONE * share)


def duel(api: Side, bare: Side, *, requests_a_run: int) -> tuple[Score, Score]:
    """Return the scores of both."""
    ours, theirs = contest((api, bare), requests_a_run=requests_a_run)
    return ours, theirs


def contest(sides: Sequence[Side], *, requests_a_run: int) -> list[Score]:
    """Return the score of each; they take turns, so that what slows the machine slows all."""
    warm_ups = [_load(side, _WARM_UP, _CONNECTIONS) for side in sides]
    turns = [[_load(side, requests_a_run, _CONNECTIONS) for side in sides] for _ in range(_ROUNDS)]
    alone = [_load(side, _ALONE, 1) for side in sides]
    return [
        Score(warm_up=warm_ups[place], rounds=[turn[place] for turn in turns], alone=alone[place])
        for place in range(len(sides))
    ]


def figure_of(bench: str, api: Score, bare: Score) -> Figure:
    """Return what a duel comes to: the API's rate against the bare route's."""
    theirs = {f"against_{name}": value for name, value in bare.more.items()}
    return Figure(
        bench=bench,
        figure=api.rate,
        unit="requests/s",
        against=bare.rate,
        more={**api.more, **theirs},
        failures=[*failures_of("API", api), *failures_of("bare route", bare)],
    )


def _load(side: Side, count: int, connections: int) -> Loaded:
    exchanges = side.batch(int(count * side.share))
    before = _cpu_seconds(side)
    run = run_load(side.process.port, exchanges, connections=connections)
    used = [_difference(*pair) for pair in zip(before, _cpu_seconds(side), strict=True)]
    return Loaded(run=run, cpu_seconds=used[0], mongod_cpu_seconds=used[1])


def _cpu_seconds(side: Side) -> tuple[float | None, float | None]:
    return side.process.cpu_seconds(), cpu_seconds(side.mongod.process.pid)


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _a_request(rounds: Sequence[Loaded], used: Callable[[Loaded], float | None]) -> float | None:
    """Return the microseconds of CPU time a request, median of the rounds."""
    spent = ((used(each), len(each.run.right) + len(each.run.wrong)) for each in rounds)
    return _median(None if seconds is None else 1_000_000 * seconds / count for seconds, count in spent)


def _busy(loaded: Loaded) -> float | None:
    return None if loaded.cpu_seconds is None else loaded.cpu_seconds / loaded.run.seconds


def _median(values: Iterator[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def failures_of(name: str, score: Score) -> Iterator[str]:
    """Yield a sentence if there were wrong responses."""
    wrong = [each for run in score.all for each in run.wrong]
    if wrong:
        yield f"{len(wrong)} wrong responses of the {name}, such as {wrong[0].response[-500:]!r}"
