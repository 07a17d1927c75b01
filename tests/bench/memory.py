"""How much memory the API holds at rest, after it has served."""

from __future__ import annotations

import os
from itertools import cycle, islice
from typing import TYPE_CHECKING

from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.hot_path import SERVE, api_batch
from tests.bench.load import run_load
from tests.bench.next_question import SUBJECT
from tests.bench.people import production_environment, settle_people
from tests.bench.processes import free_port, running

if TYPE_CHECKING:
    from tests.bench.bench import Stage

_BAR_MB = 110.0
_PEOPLE = 500
_REQUESTS = 2_000
_CONNECTIONS = 32


def measure(stage: Stage) -> Figure:
    """Return the resident memory once some requests were served, against the bar."""
    port = free_port()
    environ = {**os.environ, **production_environment(stage.mongod.url, "memory", port)}
    people = settle_people(environ, _PEOPLE)
    with running(SERVE, environ, port=port) as api:
        at_start = api.memory_mb()
        batch = api_batch(SUBJECT, api, islice(cycle(people), _REQUESTS))
        run = run_load(port, batch, connections=_CONNECTIONS)
        at_rest, peak = api.memory_mb(), api.memory_mb("VmHWM")
    if run.wrong:
        raise BenchError(f"The API did not answer as it should: {run.wrong[0].response!r}")
    if at_rest is None:
        raise BenchError("Memory is read from /proc, which this system does not have.")
    return Figure(
        bench="memory",
        figure=at_rest,
        unit="MB",
        against=_BAR_MB,
        more={"before_requests_mb": at_start, "peak_mb": peak},
    )
