"""What it costs to count, log and trace a request: the same one in turns, seen and unseen, in one process."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from statistics import quantiles
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from server.access.limiting import DEFAULTS
from server.kit.clock import system_clock
from server.kit.instruments import Instruments
from server.kit.logs import formatter
from server.kit.spans import OpenTelemetry
from tests.api import running_api, settings_for
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.token_check import asked_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from tests.bench.bench import Stage
    from tests.bench.token_check import Asked

_BAR = 1.05  # of the time of a request that nobody looks at
_ROUNDS = 15
_REQUESTS = 300  # of each round


class Nowhere(SpanExporter):
    """Packs spans as they would be sent, and sends them nowhere."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Do what costs us anything."""
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


class Blind(Instruments):
    """Counts no request."""

    def responded(self, path: str, status: int) -> None:
        """Do nothing."""

    def operated(self, operation: str, code: str, seconds: float | None) -> None:
        """Do nothing."""

    def prepared(self, *, was_kept: bool) -> None:
        """Do nothing."""


def measure(stage: Stage) -> Figure:
    """Return the CPU microseconds of a request that is counted and traced, held against one that is not."""
    return asyncio.run(_measure(stage))


async def _measure(stage: Stage) -> Figure:
    settings = replace(settings_for(stage.mongod.url, "seeing"), limits=dict.fromkeys(DEFAULTS, (10**9, 60)))
    async with (
        running_api(settings, system_clock) as api,
        running_api(settings, system_clock, tracing=OpenTelemetry(Nowhere())) as traced,
        running_api(settings, system_clock, tracing=OpenTelemetry(Nowhere(), sampler=ALWAYS_ON)) as whole,
    ):
        person = await api.person()
        blind = replace(api, services=replace(api.services, instruments=Blind()))
        ways = [asked_by(each, person) for each in (blind, api, traced, whole)]
        if not all([b'"nextQuestion"' in await asked() for asked in ways]):
            raise BenchError("The request was not answered.")
        rounds = [await _turn(ways) for _ in range(_ROUNDS)]
    # The quieter rounds of each: whatever else the machine does only adds to a round.
    alone, *seen = (quantiles(each, n=4)[0] for each in zip(*rounds, strict=True))
    ratios = [each / alone for each in seen]
    counted, traced_ratio = ratios[0], ratios[2]
    return Figure(
        bench="seeing",
        figure=seen[2],
        unit="us",
        against=alone,
        more={
            "counted_ratio": counted,
            "logged_ratio": ratios[1],
            "traced_ratio": traced_ratio,
            "all_traced_ratio": ratios[3],
        },
        failures=tuple(
            f"{what} makes a request {ratio:.3f} times as long."
            for what, ratio in (("Counting", counted), ("Counting and tracing", traced_ratio))
            if ratio >= _BAR
        ),
    )


async def _turn(ways: Sequence[Asked]) -> tuple[float, ...]:
    """Return what a request takes unseen, counted, then also logged, or traced now and then, or always."""
    unseen, counted, traced, whole = ways
    alone, with_counts = await _microseconds(unseen), await _microseconds(counted)
    with _logging():
        with_log = await _microseconds(counted)
    return alone, with_counts, with_log, await _microseconds(traced), await _microseconds(whole)


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
