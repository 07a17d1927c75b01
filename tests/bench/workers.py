"""Two processes of the API on one port against one."""

from __future__ import annotations

import os
import time
from itertools import cycle
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figures import Figure
from tests.bench.hot_path import SERVE
from tests.bench.load import Exchange, run_load
from tests.bench.people import production_environment, settle_people
from tests.bench.processes import children_of, cpu_seconds, free_port, running
from tests.bench.widget import NEXT_QUESTION, widget_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.bench import Stage
    from tests.bench.people import Person
    from tests.bench.processes import Measured

_CONNECTIONS = 64  # each process takes those that it gets to first
_REQUESTS = 3_000
_ROUNDS = 3
_BAR = 1.8  # on four cores or more: two for the API, the others for MongoDB and the load
_EACH_SECONDS = 20.0  # for every process to have begun


def measure(stage: Stage) -> Figure:
    """Return the requests a second of two processes, against those of one, in turns."""
    ports = [free_port(), free_port()]
    environ = {**os.environ, **production_environment(stage.mongod.url, "workers", ports[0])}
    people = cycle(settle_people(environ, 1_000))
    both = {**environ, "ACQUAINT_PORT": str(ports[1])}
    with (
        running((*SERVE, "--workers", "1"), environ, port=ports[0], cores=1) as one,
        running((*SERVE, "--workers", "2"), both, port=ports[1], cores=2) as two,
    ):
        _wait_for_all(two, 2)
        sides = [_Side(one, people), _Side(two, people)]
        for _ in range(_ROUNDS + 1):  # the first warms up
            for side in sides:
                side.load()
    single, double = sides
    return Figure(
        bench="workers",
        figure=double.rate,
        unit="requests/s",
        against=single.rate,
        more={
            "bar": _BAR,
            "cores": os.cpu_count(),
            "cpu_us": double.cpu_us,
            "against_cpu_us": single.cpu_us,
            "busy": double.busy,
            "against_busy": single.busy,
            "lesser_share": double.lesser_share,
        },
        failures=[f"{count} requests failed" for count in (single.failed, double.failed) if count],
    )


class _Side:
    """So many processes on a port, and how they did."""

    def __init__(self, measured: Measured, people: Iterator[Person]) -> None:
        self._measured = measured
        self._people = people
        self._rounds: list[tuple[float, float, Sequence[float]]] = []  # rate, seconds, CPU time of each
        self.failed = 0

    def load(self) -> None:
        """Send a round of requests."""
        port = self._measured.port
        exchanges = [
            Exchange(
                widget_request(port, next(self._people), NEXT_QUESTION, {"placement": "home"}), "", _is_right
            )
            for _ in range(_REQUESTS)
        ]
        before = self._cpu()
        run = run_load(port, exchanges, connections=_CONNECTIONS)
        used = [after - then for then, after in zip(before, self._cpu(), strict=True)]
        self.failed += len(run.wrong)
        self._rounds.append((run.rate, run.seconds, used))

    def _cpu(self) -> list[float]:
        return [cpu_seconds(pid) or 0.0 for pid in children_of(self._measured.process.pid)]

    @property
    def rate(self) -> float:
        """Right answers a second, median of the rounds."""
        return median(rate for rate, _, _ in self._rounds[1:])

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU time a request, of all processes together."""
        return median(1e6 * sum(used) / _REQUESTS for _, _, used in self._rounds[1:])

    @property
    def busy(self) -> float:
        """How many cores they used."""
        return median(sum(used) / seconds for _, seconds, used in self._rounds[1:])

    @property
    def lesser_share(self) -> float:
        """Which share of the work the process did that did least."""
        return median(min(used) / (sum(used) or 1) for _, _, used in self._rounds[1:])


def _wait_for_all(measured: Measured, count: int) -> None:
    """Wait until all have begun to serve: the first that has answers for the others."""
    deadline = time.monotonic() + _EACH_SECONDS
    while time.monotonic() < deadline:
        spent = [cpu_seconds(pid) or 0.0 for pid in children_of(measured.process.pid)]
        time.sleep(1.0)
        later = [cpu_seconds(pid) or 0.0 for pid in children_of(measured.process.pid)]
        if len(later) == count and sum(later) - sum(spent) < 0.1:  # seconds: nobody starts any more
            return


def _is_right(body: bytes) -> bool:
    return b'"READY"' in body
