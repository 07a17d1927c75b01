"""The rules for what is told of events; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from server.kit.errors import InvalidInputError
from server.profiles.tallies import WHAT_AN_EVENT_IS_CALLED, is_event_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.events.model import Told

MAX_PROPERTIES_BYTES = 4_096
MAX_KEY = 200  # characters
_CLOCKS_DIFFER = timedelta(minutes=5)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def check_told(told: Told) -> None:
    """Raise InvalidInputError for the first thing that is wrong with an event."""
    if not is_event_name(told.name):
        raise InvalidInputError(WHAT_AN_EVENT_IS_CALLED, field="name")
    if told.key is not None and not 0 < len(told.key) <= MAX_KEY:
        raise InvalidInputError(f"An idempotency key has 1 to {MAX_KEY} characters.", field="idempotencyKey")
    _check_properties(told.properties)


def moment_of(told: Told, now: datetime) -> datetime:
    """Return when it happened: a clock that is a little fast is put right; raise InvalidInputError."""
    if told.at is None:
        return now
    at = told.at.astimezone(UTC)
    if not _EARLIEST <= at <= now + _CLOCKS_DIFFER:
        message = "`occurredAt` is a moment since 1970 and not in the future."
        raise InvalidInputError(message, field="occurredAt")
    return min(at.replace(microsecond=at.microsecond // 1000 * 1000), now)


def _check_properties(properties: Mapping[str, Any]) -> None:
    try:
        written = orjson.dumps(properties, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:
        written = b"null"
    if orjson.loads(written) != properties:  # what is infinite is written as nothing
        message = "`properties` is an object of texts in UTF-8 and of numbers: finite, whole ones below 2^53."
        raise InvalidInputError(message, field="properties")
    if not isinstance(properties, dict) or len(written) > MAX_PROPERTIES_BYTES:
        message = f"`properties` is an object of at most {MAX_PROPERTIES_BYTES:,} bytes of JSON."
        raise InvalidInputError(message, field="properties")
    if any(not name or name.startswith("$") or "." in name or "\0" in name for name in _names(properties)):
        message = "The name of a property is not empty, does not begin with `$` and has no `.` and no NUL."
        raise InvalidInputError(message, field="properties")


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _names(inner)
    if isinstance(value, list):
        for inner in value:
            yield from _names(inner)
