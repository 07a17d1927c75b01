"""Spans by OpenTelemetry, sent to a collector as OTLP over HTTP.

The `OTEL_…` variables of its specification say where to, and how many.
"""

from __future__ import annotations

import os
from random import getrandbits, random
from typing import TYPE_CHECKING, Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, ParentBasedTraceIdRatio
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace.status import StatusCode

from server.kit.logs import tell, trace_of
from server.kit.mongo import CommandListener
from server.kit.tracing import CURRENT, ORIGIN, UNSEEN, Kind, Span, Tracing

if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.sampling import Sampler
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

    from server.kit.mongo import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

_RATIO = 0.01  # of requests, unless OTEL_TRACES_SAMPLER says otherwise: see docs/decisions/0066
_KINDS = {
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.SERVER: SpanKind.SERVER,
    Kind.CLIENT: SpanKind.CLIENT,
    Kind.CONSUMER: SpanKind.CONSUMER,
}


class OpenTelemetry(Tracing):
    """Makes spans and sends them in batches, from a thread of its own.

    Whether a request is looked at is asked before anything is made for it: most are not.
    """

    is_on = True

    def __init__(self, exporter: SpanExporter | None = None, *, sampler: Sampler | None = None) -> None:
        named = {} if "OTEL_SERVICE_NAME" in os.environ else {SERVICE_NAME: "acquaint"}
        self._is_usual = sampler is None and "OTEL_TRACES_SAMPLER" not in os.environ
        usual = ParentBasedTraceIdRatio(_RATIO) if self._is_usual else sampler
        self._provider = TracerProvider(sampler=usual, resource=Resource.create(named))
        self._sampler, self._provider.sampler = self._provider.sampler, ALWAYS_ON
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("acquaint")
        self.listeners = (_Commands(self._tracer),)

    def span(
        self, name: str, kind: Kind = Kind.INTERNAL, *, parent: str | None = None, link: str | None = None
    ) -> Span:
        around = CURRENT.get()
        if around is UNSEEN:
            return _NOTHING
        linked = None if link is None else _context_of(link)
        if around is None:
            believed = None if parent is None else _context_of(parent)
            around = None if believed is None else NonRecordingSpan(believed)
            if not self._looks_at(name, kind, around, linked):
                return _Unseen()
        begun = self._tracer.start_span(
            name,
            context=_NOWHERE if around is None else set_span_in_context(around, _NOWHERE),
            kind=_KINDS[kind],
            links=None if linked is None else [Link(linked)],
        )
        return _Current(begun, link if kind is not Kind.SERVER and linked is not None else None)

    def close(self) -> None:
        self._provider.shutdown()

    def _looks_at(self, name: str, kind: Kind, around: OtelSpan | None, linked: SpanContext | None) -> bool:
        """Whether it is looked at: what follows from a request that is, else whatever the sampler takes.

        What strangers say of their requests, at spans of servers, has no say.
        """
        if kind is not Kind.SERVER and linked is not None and linked.trace_flags.sampled:
            return True
        if self._is_usual and around is None:  # as the sampler would, at a twentieth of the time
            return random() < _RATIO  # noqa: S311 - no secret
        context = _NOWHERE if around is None else set_span_in_context(around, _NOWHERE)
        sampled = self._sampler.should_sample(context, getrandbits(128), name, _KINDS[kind])
        return sampled.decision is Decision.RECORD_AND_SAMPLE


_NOTHING = Span()
_NOWHERE = Context()  # not the one that OpenTelemetry would look for


class _Unseen(Span):
    """A span that nobody looks at, nor at what begins within it."""

    __slots__ = ("_token",)

    def __enter__(self) -> Self:
        self._token = CURRENT.set(UNSEEN)
        return self

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._token)


class _Current(Span):
    """A span that is the one around whatever begins before it ends."""

    def __init__(self, span: OtelSpan, origin: str | None) -> None:
        self._span = span
        context = span.get_span_context()
        self.trace_id = f"{context.trace_id:032x}"
        if origin is None and ORIGIN.get() is None:
            origin = f"00-{self.trace_id}-{context.span_id:016x}-01"
        self._origin = origin
        self._tokens: tuple[Token[Any], Token[str | None]] | None = None

    def __enter__(self) -> Self:
        self._tokens = CURRENT.set(self._span), ORIGIN.set(self._origin or ORIGIN.get())
        tell(trace_id=self.trace_id)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.fail(kind.__name__)
        if self._tokens is not None:
            CURRENT.reset(self._tokens[0])
            ORIGIN.reset(self._tokens[1])
        self._span.end()

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **facts: str | int | None) -> None:
        self._span.set_attributes(
            {name.replace("__", "."): fact for name, fact in facts.items() if fact is not None}
        )

    def fail(self, kind: str) -> None:
        self.note(error__type=kind)
        self._span.set_status(StatusCode.ERROR)


class _Commands(CommandListener):
    """Makes a span of each command for each span that is around it; heard in threads of the driver's.

    Not the commands nor what the server says of failures: values are in them.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._begun: dict[tuple[int, object], list[OtelSpan]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        name = event.command_name
        collection = event.command.get("collection" if name == "getMore" else name)
        facts: dict[str, str | int] = {
            "db.system.name": "mongodb",
            "db.operation.name": name,
            "db.namespace": event.database_name,
        }
        if isinstance(collection, str):
            facts["db.collection.name"] = collection
        if len(updates := event.command.get("updates", ())) > 1:
            facts["db.operation.batch.size"] = len(updates)
        around = CURRENT.get()
        self._begun[event.request_id, event.connection_id] = [
            self._tracer.start_span(
                f"{name} {facts.get('db.collection.name', '')}".strip(),
                context=set_span_in_context(each, _NOWHERE),
                kind=SpanKind.CLIENT,
                attributes=facts,
            )
            for each in (around if isinstance(around, tuple) else (around,))
        ]

    def succeeded(self, event: CommandSucceededEvent) -> None:
        for span in self._begun.pop((event.request_id, event.connection_id), ()):
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        kind = str(event.failure.get("codeName") or event.failure.get("code", ""))
        for span in self._begun.pop((event.request_id, event.connection_id), ()):
            span.set_attribute("error.type", kind)
            span.set_status(StatusCode.ERROR)
            span.end()


def _context_of(traceparent: str) -> SpanContext | None:
    """Return what a `traceparent` says (W3C Trace Context, section 3.2); None where it says nothing."""
    if trace_of(traceparent) is None:
        return None
    _, trace_id, span_id, flags = traceparent.split("-")[:4]
    return SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags[:2], 16))
    )
