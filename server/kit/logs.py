"""What is logged and how: lines of JSON in production, lines for eyes in development.

The code logs by the standard library; structlog renders. A line holds ids, names of ours and counts: never
what is known about a person, and so nothing that an exception says, only its kind and where it was raised.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from time import time
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

# Their lines hold whole URLs, and commands with the documents in them.
_TALKATIVE = ("httpx", "httpcore", "pymongo")
FACTS = ("method", "path", "status", "duration_ms")
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


def set_up_logs(*, is_readable: bool, level: str = "INFO") -> None:
    """Have this process log to standard error."""
    # Which no line shows: not to be found out for each (see the standard library's HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
    handler = _Handler()
    handler.setFormatter(formatter(is_readable=is_readable))
    logging.basicConfig(level=level, handlers=[handler])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))


def begin(**facts: str | None) -> None:
    """Say on every line of this task from now on what it is about, and nothing of what was before."""
    _about.set({name: value for name, value in facts.items() if value is not None})


def tell(**facts: str | None) -> None:
    """Say this too on every line of this task from now on; None says nothing."""
    about = {**_about.get(), **facts}
    _about.set({name: value for name, value in about.items() if value is not None})


def trace_of(traceparent: str) -> str | None:
    """Return the id of the trace that a request belongs to (W3C Trace Context, section 3.2); None without."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found and set(found[1]) != {"0"} else None


def formatter(*, is_readable: bool) -> logging.Formatter:
    """Return what renders the records of the standard library's loggers."""
    return _thorough(is_readable=True) if is_readable else _Lines()


def about() -> Mapping[str, str]:
    """Return what this task is about, as was told."""
    return _about.get()


@cache
def _thorough(*, is_readable: bool) -> logging.Formatter:
    # Where it is installed structlog brings rich along: five megabytes that a process may never need.
    from server.kit.rendering import rendering  # noqa: PLC0415

    return rendering(FACTS, is_readable=is_readable)


class PlainRecord(logging.LogRecord):
    """What every request leaves: with what a line shows of a record, and nothing to be found out for it."""

    def __init__(self, logger: str, event: str, **facts: object) -> None:
        self.__dict__.update(_PLAIN, name=logger, msg=event, created=time(), **facts)
        self.facts = facts


_PLAIN = logging.LogRecord("", logging.INFO, "", 0, "", None, None).__dict__


def _facts_of(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name in FACTS if (value := record.__dict__.get(name)) is not None}


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to standard error, which flushes each line by itself."""

    def flush(self) -> None:
        """Do nothing."""


class _Lines(logging.Formatter):
    """Renders a plain record at once, as every request leaves one; with an exception it is for structlog."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if record.exc_info:
            return _thorough(is_readable=False).format(record)
        event = {
            "event": record.getMessage(),
            **_about.get(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **(record.facts if isinstance(record, PlainRecord) else _facts_of(record)),
            "timestamp": datetime.fromtimestamp(record.created, UTC),
        }
        return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z).decode()
