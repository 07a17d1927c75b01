"""How structlog renders a line: for eyes in development, an exception for machines in production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import structlog

from server.kit.logs import about

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from structlog.typing import EventDict, Processor, WrappedLogger


def rendering(facts: Sequence[str], *, is_readable: bool) -> logging.Formatter:
    """Return what renders any record; of what a caller adds to one, `facts` are taken."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            _with_facts,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=facts),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(_for_eyes() if is_readable else _for_machines()),
        ],
    )


def _with_facts(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {**about(), **event}


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
