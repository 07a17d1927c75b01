"""Spans, where the settings ask for them: what a request led to, from here to MongoDB and to providers.

A span holds what a line of the log may hold: ids, names of ours and counts, and of errors their kind.
"""

from __future__ import annotations

from contextvars import Context, ContextVar
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.kit.mongo import CommandListener

# What the caller's span is to those that begin within it (a tuple where several share them), and the request
# that it all goes back to.
CURRENT: ContextVar[Any] = ContextVar("span", default=None)
ORIGIN: ContextVar[str | None] = ContextVar("origin", default=None)
UNSEEN = object()  # around whatever nobody looks at


class Kind(Enum):
    """What a span is to the process beyond: OpenTelemetry's kinds."""

    INTERNAL = 0
    SERVER = 1
    CLIENT = 2
    CONSUMER = 4


class Span:
    """A span that nobody looks at."""

    trace_id: str | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End."""

    def rename(self, name: str) -> None:
        """Say what it was, once that is known."""

    def note(self, **facts: str | int | None) -> None:
        """Add facts, `__` in a name for a dot; None says nothing."""

    def fail(self, kind: str) -> None:
        """Say that it failed, and how, in a word of ours."""


_NOTHING = Span()


class Tracing:
    """Makes no spans: where nobody asked for any, this is all that there is."""

    is_on = False
    listeners: tuple[CommandListener, ...] = ()

    def span(
        self,
        name: str,  # noqa: ARG002 - of those who make spans
        kind: Kind = Kind.INTERNAL,  # noqa: ARG002
        *,
        parent: str | None = None,  # noqa: ARG002
        link: str | None = None,  # noqa: ARG002
    ) -> Span:
        """Return a span for a `with` block, within the one around it.

        `parent` and `link` are `traceparent`s of W3C Trace Context: of somebody who is believed, and of
        whoever raised it.
        """
        return _NOTHING

    def close(self) -> None:
        """Send what is left."""


def is_seen() -> bool:
    """Whether a span is around that somebody looks at."""
    return seen_span() is not None


def raised_by() -> str | None:
    """Return the `traceparent` of the request that this goes back to, where it is traced."""
    return ORIGIN.get()


def seen_span() -> Any:  # noqa: ANN401 - OpenTelemetry's, which may not be installed
    """Return the span around here; None where nobody looks."""
    span = CURRENT.get()
    return None if span is UNSEEN else span


def share(spans: Iterable[Any]) -> None:
    """Have what several asked for together be within the span of each, from here on in this context."""
    around = tuple(dict.fromkeys(span for span in spans if span is not None))
    if around:
        CURRENT.set(around)


def with_the_span_alone() -> Context:
    """Return a context in which nothing is set but the span around here."""
    fresh = Context()
    if is_seen():
        fresh.run(CURRENT.set, CURRENT.get())
    return fresh
