"""What is logged and how: lines of JSON in production, lines for eyes in development.

The code logs by the standard library; structlog renders. A line holds ids, names of ours and counts: never
what is known about a person, and so nothing that an exception says, only its kind and where it was raised.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["begin", "formatter", "set_up_logs", "tell", "trace_of"]

# Their lines hold whole URLs, and commands with the documents in them.
_TALKATIVE = ("httpx", "httpcore", "pymongo")
_FACTS = ("method", "path", "status", "duration_ms")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


def set_up_logs(*, is_readable: bool, level: str = "INFO") -> None:
    """Have this process log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(is_readable=is_readable))
    logging.basicConfig(level=level, handlers=[handler])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))


def begin(**facts: str | None) -> None:
    """Say on every line of this task from now on what it is about, and nothing of what was before."""
    clear_contextvars()
    tell(**facts)


def tell(**facts: str | None) -> None:
    """Say this too on every line of this task from now on; None says nothing."""
    bind_contextvars(**{name: value for name, value in facts.items() if value is not None})


def trace_of(traceparent: str) -> str | None:
    """Return the id of the trace that a request belongs to (W3C Trace Context, section 3.2); None without."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found and set(found[1]) != {"0"} else None


def formatter(*, is_readable: bool) -> logging.Formatter:
    """Return what renders the records of the standard library's loggers."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=_FACTS),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(_for_eyes() if is_readable else _for_machines()),
        ],
    )


def _for_eyes() -> list[Processor]:
    # With the library `rich` the renderer would show what every variable holds.
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _for_machines() -> list[Processor]:
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(tracebacks),
        _without_words,
        structlog.processors.JSONRenderer(lambda event, **_: orjson.dumps(event, default=str).decode()),
    ]


def _without_words(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = _places(event["exception"])
    return event


def _places(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of a chain of errors what each is and where it was raised."""
    return [
        {
            "type": error["exc_type"],
            "frames": [f"{each['filename']}:{each['lineno']} {each['name']}" for each in error["frames"]],
            **({"group": [_places(each) for each in error["exceptions"]]} if error["exceptions"] else {}),
        }
        for error in errors
    ]
