"""A collector of OpenTelemetry's, as far as it is needed: takes OTLP over HTTP and keeps the spans."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A span as it arrived."""

    name: str
    kind: int
    trace_id: str
    id: str
    parent: str
    links: tuple[str, ...]  # the traces
    facts: Mapping[str, str | int]
    is_error: bool


@dataclass(slots=True)
class Collector:
    """What arrived."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Seen]:
        """All spans."""
        requests = [ExportTraceServiceRequest.FromString(each) for each in self.bodies]
        return [
            _seen(span)
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def services(self) -> set[str]:
        """The names of the services that sent anything."""
        requests = [ExportTraceServiceRequest.FromString(each) for each in self.bodies]
        resources = [each.resource for request in requests for each in request.resource_spans]
        facts = [fact for resource in resources for fact in resource.attributes]
        return {each.value.string_value for each in facts if each.key == "service.name"}

    def named(self, name: str) -> Seen:
        """Return the one span of this name."""
        (found,) = [each for each in self.spans if each.name == name]
        return found


def _seen(span: SpanMessage) -> Seen:
    return Seen(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        links=tuple(each.trace_id.hex() for each in span.links),
        facts={each.key: each.value.string_value or each.value.int_value for each in span.attributes},
        is_error=span.status.code == span.status.STATUS_CODE_ERROR,
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen on a port of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
