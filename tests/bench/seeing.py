"""What it costs to count and to log a request: the same one, seen and unseen in turns, in one process."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from server.access.limiting import DEFAULTS
from server.kit.clock import system_clock
from server.kit.instruments import Instruments
from server.kit.logs import formatter
from tests.api import running_api, settings_for
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.token_check import asked_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.bench import Stage
    from tests.bench.token_check import Asked

_BAR = 1.05  # of the time of a request that nobody counts
_ROUNDS = 15
_REQUESTS = 300  # of each round


class Blind(Instruments):
    """Counts no request."""

    def responded(self, path: str, status: int) -> None:
        """Do nothing."""

    def operated(self, operation: str, code: str, seconds: float | None) -> None:
        """Do nothing."""

    def prepared(self, *, was_kept: bool) -> None:
        """Do nothing."""


def measure(stage: Stage) -> Figure:
    """Return the CPU microseconds of a request that is counted, held against one that is not."""
    return asyncio.run(_measure(stage))


async def _measure(stage: Stage) -> Figure:
    settings = replace(settings_for(stage.mongod.url, "seeing"), limits=dict.fromkeys(DEFAULTS, (10**9, 60)))
    async with running_api(settings, system_clock) as api:
        person = await api.person()
        blind = replace(api, services=replace(api.services, instruments=Blind()))
        unseen, counted = asked_by(blind, person), asked_by(api, person)
        if b'"nextQuestion"' not in await counted() or b'"nextQuestion"' not in await unseen():
            raise BenchError("The request was not answered.")
        rounds = [await _turn(unseen, counted) for _ in range(_ROUNDS)]
    alone, with_counts, with_log = (median(each) for each in zip(*rounds, strict=True))
    ratio = median(each[1] / each[0] for each in rounds)
    return Figure(
        bench="seeing",
        figure=with_counts,
        unit="us",
        against=alone,
        more={
            "median_ratio": ratio,
            "logged_us": with_log,
            "median_logged_ratio": median(each[2] / each[0] for each in rounds),
        },
        failures=() if ratio < _BAR else (f"Counting makes a request {ratio:.3f} times as long.",),
    )


async def _turn(unseen: Asked, counted: Asked) -> tuple[float, float, float]:
    alone, with_counts = await _microseconds(unseen), await _microseconds(counted)
    with _logging():
        return alone, with_counts, await _microseconds(counted)


@contextmanager
def _logging() -> Iterator[None]:
    """Log each request as production does, to nowhere."""
    log = logging.getLogger("server.web.middleware")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        handler = logging.StreamHandler(nowhere)
        handler.setFormatter(formatter(is_readable=False))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        yield
        log.setLevel(logging.WARNING)
        log.removeHandler(handler)


async def _microseconds(asked: Asked) -> float:
    began = time.process_time()
    for _ in range(_REQUESTS):
        await asked()
    return (time.process_time() - began) / _REQUESTS * 1e6
