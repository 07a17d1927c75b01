"""How long the API takes from the start of its process until it can serve, beside a MongoDB that runs."""

from __future__ import annotations

import os
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figures import Figure
from tests.bench.hot_path import SERVE
from tests.bench.people import production_environment, settle_people
from tests.bench.processes import free_port, running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.bench import Stage

_BAR_SECONDS = 3.0
_STARTS = 5


def measure(stage: Stage) -> Figure:
    """Return the median of a few starts, against the bar; the first start, which compiles, does not count."""
    port = free_port()
    environ = {**os.environ, **production_environment(stage.mongod.url, "start_up", port)}
    settle_people(environ, 0)
    _start(environ, port)
    taken = [_start(environ, port) for _ in range(_STARTS)]
    return Figure(
        bench="start_up",
        figure=median(taken),
        unit="s",
        against=_BAR_SECONDS,
        more={"slowest_s": max(taken)},
    )


def _start(environ: Mapping[str, str], port: int) -> float:
    with running(SERVE, environ, port=port) as api:
        return api.start_seconds
