"""What this process counts of itself, for Prometheus.

Every label is of a closed set or of what admins configure: never a text of a client's, never about a person.
"""

from __future__ import annotations

import asyncio
import collections
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from server.kit.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from prometheus_client.core import Metric

    from server.kit.changes import Change

MEDIA_TYPE = CONTENT_TYPE_LATEST
_OPERATION_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
_JOB_SECONDS = (0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300)  # a job takes five minutes at the most
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_LAG_EVERY = 0.5  # seconds


class _Counts(Collector):
    """What every request counts: an addition, where the library's counters take a lock and several calls."""

    def __init__(self, name: str, what: str, *labels: str) -> None:
        self._name, self._what, self._labels = name, what, labels
        self.of: collections.Counter[Any] = collections.Counter()  # by label, or labels

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._what, labels=self._labels)
        for values, count in list(self.of.items()):
            family.add_metric([values] if isinstance(values, str) else values, count)
        yield family


class Instruments:
    """The instruments of one process, in a registry of their own, and the spans where there are any.

    `fallbacks` is for the executor, which counts there by itself what it leaves to graphql-core.
    """

    def __init__(self, tracing: Tracing | None = None) -> None:
        self.tracing = tracing or Tracing()
        self._registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)

        def counts(name: str, what: str, *labels: str) -> collections.Counter[Any]:
            registry.register(counted := _Counts(name, what, *labels))
            return counted.of

        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.fallbacks = counts(
            "acquaint_execution_fallbacks",
            "Executions that were left to graphql-core, by what could not be compiled.",
            "reason",
        )
        self._responses = counts("acquaint_http_responses", "HTTP responses.", "path", "status")
        self._operations = counts(
            "acquaint_operations", "GraphQL operations by how they ended.", "operation", "code"
        )
        self._operation_seconds = histogram(
            "acquaint_operation_seconds",
            "How long GraphQL operations took, from the request's document to the response.",
            ["operation"],
            buckets=_OPERATION_SECONDS,
        )
        self._refused = counter(
            "acquaint_refused",
            "Operations that were sent away because there was not room for all.",
            ["priority"],
        )
        self._limit = gauge(
            "acquaint_operations_limit",
            "How many operations there may be in hand; what matters less is refused before.",
        )
        self._documents = counts(
            "acquaint_documents", "GraphQL documents, by whether they were prepared already.", "cache"
        )
        self._selections = counts("acquaint_selections", "Decisions on what to ask a person.", "verdict")
        self._changes = counter(
            "acquaint_changes",
            "Changes that were reacted to, as outcomes of asks are; again where a worker was killed.",
            ["kind", "outcome"],
        )
        self._look_ups = counter(
            "acquaint_look_ups",
            "Answers of enrichment sources that are called over the network.",
            ["enricher", "outcome"],
        )
        self._spent = counter(
            "acquaint_look_up_cost", "What look-ups cost, in the units of the budgets.", ["enricher"]
        )
        self._deliveries = counter("acquaint_hook_attempts", "Attempts to deliver to a hook.", ["response"])
        self._job_seconds = histogram(
            "acquaint_job_seconds",
            "How long attempts at a job took.",
            ["kind", "result"],
            buckets=_JOB_SECONDS,
        )
        self._queued = gauge(
            "acquaint_queue_jobs",
            "Jobs that are not done, of each lane at most 10,000; react: people with changes to react to.",
            ["kind"],
        )
        self._overdue = gauge(
            "acquaint_queue_age_seconds", "How long the job has been due that waits longest.", ["kind"]
        )
        self._database = gauge(
            "acquaint_database_up", "Whether the database answered when this was asked for."
        )
        self._last_backup = gauge(
            "acquaint_last_backup_timestamp_seconds",
            "When the last backup was finished, in seconds since 1970; 0 where none was made.",
        )
        self._loop_lag = histogram(
            "acquaint_event_loop_lag_seconds",
            "How late the event loop was twice a second.",
            buckets=_LAG_SECONDS,
        )
        self._duration = cache(self._operation_seconds.labels)  # found without the library's search

    def responded(self, path: str, status: int) -> None:
        """Count a response; `path` is that of a route."""
        self._responses[path, str(status)] += 1

    def operated(self, operation: str, code: str, seconds: float | None) -> None:
        """Count an operation; None seconds for one that streams."""
        self._operations[operation, code] += 1
        if seconds is not None:
            self._duration(operation).observe(seconds)

    def refused(self, priority: str) -> None:
        """Count an operation that was not let in."""
        self._refused.labels(priority).inc()

    def limited(self, operations: float) -> None:
        """Note how many operations there may be in hand."""
        self._limit.set(operations)

    def prepared(self, *, was_kept: bool) -> None:
        """Count a document."""
        self._documents["hit" if was_kept else "miss"] += 1

    def decided(self, verdict: str) -> None:
        """Count what came of looking for a question."""
        self._selections[verdict] += 1

    def reacted(self, change: Change) -> None:
        """Count a change."""
        self._changes.labels(change.kind, getattr(change, "outcome", "")).inc()

    def looked_up(self, enricher: str, outcome: str, cost: int) -> None:
        """Count the answer of a source, and what it cost."""
        self._look_ups.labels(enricher, outcome).inc()
        self._spent.labels(enricher).inc(cost)

    def delivered(self, response: str) -> None:
        """Count an attempt to deliver."""
        self._deliveries.labels(response).inc()

    def expect(self, kinds: Iterable[str]) -> None:
        """Count no jobs of these kinds as given up: Prometheus sees no rise from nothing to one."""
        for kind in kinds:
            self._job_seconds.labels(kind, "dead")

    def worked(self, kind: str, result: str, seconds: float) -> None:
        """Count an attempt at a job."""
        self._job_seconds.labels(kind, result).observe(seconds)

    def found_queue(self, found: Iterable[tuple[str, int, timedelta]] | None) -> None:
        """Note how many jobs of each kind wait and how overdue the first is; None where nobody could tell."""
        self._database.set(found is not None)
        self._queued.clear()
        self._overdue.clear()
        for kind, jobs, age in found or ():
            self._queued.labels(kind).set(jobs)
            self._overdue.labels(kind).set(age.total_seconds())

    def found_backup(self, finished_at: datetime | None) -> None:
        """Note when the last backup was finished."""
        self._last_backup.set(0 if finished_at is None else finished_at.timestamp())

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self._registry)

    async def watch_loop(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            self._loop_lag.observe(max(0.0, loop.time() - due))
