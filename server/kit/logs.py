"""What is logged and how: lines of JSON in production, lines for eyes in development.

The code logs by the standard library; structlog renders. A line holds ids, names of ours and counts: never
what is known about a person, and so nothing that an exception says, only its kind and where it was raised.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["begin", "formatter", "set_up_logs", "tell", "trace_of"]

# Their lines hold whole URLs, and commands with the documents in them.
_TALKATIVE = ("httpx", "httpcore", "pymongo")
_FACTS = ("method", "path", "status", "duration_ms")
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


def set_up_logs(*, is_readable: bool, level: str = "INFO") -> None:
    """Have this process log to standard error."""
    # Which no line shows: not to be found out for each (see the standard library's HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(is_readable=is_readable))
    logging.basicConfig(level=level, handlers=[handler])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))


def begin(**facts: str | None) -> None:
    """Say on every line of this task from now on what it is about, and nothing of what was before."""
    _about.set({name: value for name, value in facts.items() if value is not None})


def tell(**facts: str | None) -> None:
    """Say this too on every line of this task from now on; None says nothing."""
    _about.set({**_about.get(), **{name: value for name, value in facts.items() if value is not None}})


def trace_of(traceparent: str) -> str | None:
    """Return the id of the trace that a request belongs to (W3C Trace Context, section 3.2); None without."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found and set(found[1]) != {"0"} else None


def formatter(*, is_readable: bool) -> logging.Formatter:
    """Return what renders the records of the standard library's loggers."""
    rendering = _rendering(_for_eyes() if is_readable else _for_machines())
    return rendering if is_readable else _Lines(rendering)


class _Lines(logging.Formatter):
    """Renders a plain record at once, as every request leaves one; with an exception it is for structlog."""

    def __init__(self, thorough: logging.Formatter) -> None:
        super().__init__()
        self._thorough = thorough

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if record.exc_info:
            return self._thorough.format(record)
        event = {
            "event": record.getMessage(),
            **_about.get(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **{name: value for name in _FACTS if (value := record.__dict__.get(name)) is not None},
            "timestamp": datetime.fromtimestamp(record.created, UTC),
        }
        return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z).decode()


def _rendering(processors: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            _with_facts,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=_FACTS),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *processors,
        ],
    )


def _with_facts(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {**_about.get(), **event}


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
