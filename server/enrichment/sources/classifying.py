"""What an answer of a provider means: by its own rules, else by what the status means anywhere; pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import orjson

from server.enrichment.model import OutcomeClass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.enrichment.sources.spec import EnricherSpec, OutcomeRule
    from server.kit.calling import Answer

_BY_STATUS: Mapping[int, OutcomeClass] = {
    **dict.fromkeys((200, 201, 203), OutcomeClass.MATCH),
    202: OutcomeClass.PENDING,
    **dict.fromkeys((204, 404), OutcomeClass.NO_MATCH),
    **dict.fromkeys((400, 422), OutcomeClass.BAD_INPUT),
    **dict.fromkeys((401, 403, 405, 406, 407, 410, 415), OutcomeClass.CONFIG),
    402: OutcomeClass.QUOTA,
    **dict.fromkeys((408, 425), OutcomeClass.TRANSIENT),
    429: OutcomeClass.THROTTLED,
    451: OutcomeClass.LEGAL,
}
_BY_FAMILY: Mapping[int, OutcomeClass] = {3: OutcomeClass.CONFIG, 5: OutcomeClass.TRANSIENT}
_WAITS = frozenset({OutcomeClass.PENDING, OutcomeClass.TRANSIENT, OutcomeClass.THROTTLED, OutcomeClass.QUOTA})
_LONGEST = timedelta(hours=24)
_LONGEST_QUOTA = timedelta(days=31)  # credits come back with the month
_FIRST_EPOCH = 1_000_000_000  # a number above it is a moment, not a span: it would be thirty years


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer means. `document` is there for a match; `reason` holds no word of the provider's."""

    outcome: OutcomeClass
    document: Any = None
    reason: str = ""
    after: timedelta | None = None


def classify(spec: EnricherSpec, answer: Answer, now: datetime) -> Reading:
    """Return what the answer means."""
    document = document_of(spec, answer)
    outcome = _by_rules(spec.outcomes, answer.status, document)
    if outcome is None:
        outcome = _by_status(answer.status)
    if outcome is OutcomeClass.MATCH and document is None:
        # A page where data should be: the way to say "no key" of some; anything else is a broken promise.
        is_page = answer.media_type in {"text/html", "application/xhtml+xml"}
        outcome = OutcomeClass.CONFIG if is_page else OutcomeClass.CONTRACT
        return Reading(outcome=outcome, reason=f"status {answer.status}, but not JSON")
    after = retry_after(spec, answer.headers, document, now) if outcome in _WAITS else None
    longest = _LONGEST_QUOTA if outcome is OutcomeClass.QUOTA else _LONGEST
    return Reading(
        outcome=outcome,
        document=document,
        reason=f"status {answer.status}",
        after=None if after is None else min(after, longest),
    )


def retry_after(
    spec: EnricherSpec, headers: Mapping[str, str], document: object, now: datetime
) -> timedelta | None:
    """Return how long the answer asks us to wait; None where it says nothing that can be understood."""
    for hint in spec.retry_after:
        said: object = None
        if hint.header is not None:
            said = headers.get(hint.header.lower())
        elif hint.body is not None and document is not None:
            said = hint.body.of(document)
        wait = None if said is None or isinstance(said, bool) else _FORMATS[hint.format](str(said), now)
        if wait is not None:
            return max(wait, timedelta(0))
    return None


def document_of(spec: EnricherSpec, answer: Answer) -> object:
    """Return the body as JSON; None where it is none."""
    if answer.media_type not in spec.content_types and not answer.media_type.endswith("+json"):
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


def _by_rules(rules: tuple[OutcomeRule, ...], status: int, document: object) -> OutcomeClass | None:
    for rule in rules:
        is_status = not rule.statuses or status in rule.statuses
        if is_status and (rule.when is None or (document is not None and rule.when.holds(document))):
            return rule.outcome
    return None


def _by_status(status: int) -> OutcomeClass:
    return _BY_STATUS.get(status) or _BY_FAMILY.get(status // 100, OutcomeClass.CONTRACT)


def _auto(text: str, now: datetime) -> timedelta | None:
    """Read what RFC 9110, section 10.2.3 allows, and what providers write besides."""
    number = _number(text)
    if number is not None:
        return _epoch(text, now) if number >= _FIRST_EPOCH else _seconds(text, now)
    return _http_date(text, now) or _iso(text, now)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"\s*-?\d{1,15}(\.\d{1,9})?\s*", text, flags=re.ASCII):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _seconds(text: str, _: datetime) -> timedelta | None:
    number = _number(text)
    return None if number is None else timedelta(seconds=min(number, _LONGEST_QUOTA.total_seconds()))


def _milliseconds(text: str, now: datetime) -> timedelta | None:
    number = _number(text)
    return None if number is None else _seconds(f"{number / 1000:.3f}", now)


def _epoch(text: str, now: datetime) -> timedelta | None:
    number = _number(text)
    try:
        return None if number is None else datetime.fromtimestamp(number, UTC) - now
    except (OverflowError, ValueError, OSError):
        return None


def _http_date(text: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso(text: str, now: datetime) -> timedelta | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None


_FORMATS: Mapping[str, Callable[[str, datetime], timedelta | None]] = {
    "auto": _auto,
    "seconds": _seconds,
    "milliseconds": _milliseconds,
    "http_date": _http_date,
    "epoch": _epoch,
    "iso": _iso,
}
