"""What follows from trouble: one table of the kinds of trouble; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import EnrichmentState, OutcomeClass, ReasonCode
from server.kit.jobs.retrying import RetrySchedule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Trouble

_BACKOFF = RetrySchedule()
_LONGEST = timedelta(days=1)  # of what a source may ask us to wait, unless its quota is used up
_LONGEST_QUOTA = timedelta(days=31)
_BUSY = timedelta(minutes=1)
_CONTRACT = timedelta(hours=1)
# A source that works on it for longer than these together has lost it.
_PENDING = (
    *(timedelta(seconds=20), timedelta(minutes=1), timedelta(minutes=5)),
    *(timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6)),
)
_MOST_TRIES = 5
_MOST_TRIES_BILLED = 2  # each try costs again what may have been paid for already
_MOST_TRIES_CONTRACT = 2
_MOST_WAITS = 50  # while a source is busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """It is tried again after `delay`; a failure is counted as an attempt, waiting isn't.

    With `is_shared` nothing else is asked of the source until then.
    """

    state: EnrichmentState
    code: ReasonCode
    delay: timedelta
    is_counted: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """It is not tried again."""

    code: ReasonCode


def after_trouble(
    trouble: Trouble, *, attempts: int, waits: Mapping[str, int], now: datetime, draw: float
) -> Retry | Failure:
    """Return what follows from trouble other than LEGAL, which is an answer.

    `attempts` counts the failures with this one, `waits` how often it waited before, by the reason. `draw`
    (0 to 1) spreads those who wait for the same.
    """
    match trouble.kind:
        case OutcomeClass.THROTTLED:
            return _busy(trouble, waits, draw)
        case OutcomeClass.PENDING:
            return _pending(trouble, waits)
        case OutcomeClass.QUOTA:
            delay = min(trouble.after or _until_tomorrow(now), _LONGEST_QUOTA)
            return _blocked(ReasonCode.QUOTA, delay)
        case OutcomeClass.CONFIG:
            return _blocked(ReasonCode.CONFIGURATION, _CONTRACT)
        case OutcomeClass.CONTRACT:
            return _failed(
                attempts, _MOST_TRIES_CONTRACT, _CONTRACT, ReasonCode.BAD_ANSWER, ReasonCode.BAD_ANSWER
            )
    delay = _BACKOFF.delay(attempts, draw) if trouble.after is None else min(trouble.after, _LONGEST)
    most = _MOST_TRIES_BILLED if trouble.is_billed else _MOST_TRIES
    return _failed(attempts, most, delay, ReasonCode.TEMPORARY_PROBLEM, ReasonCode.GIVEN_UP)


def _busy(trouble: Trouble, waits: Mapping[str, int], draw: float) -> Retry | Failure:
    if waits.get(ReasonCode.THROTTLED, 0) >= _MOST_WAITS:
        return Failure(code=ReasonCode.GIVEN_UP)
    delay = _BUSY * (1 + draw / 4) if trouble.after is None else min(trouble.after, _LONGEST)
    return Retry(
        state=EnrichmentState.RETRY_SCHEDULED, code=ReasonCode.THROTTLED, delay=delay, is_shared=True
    )


def _pending(trouble: Trouble, waits: Mapping[str, int]) -> Retry | Failure:
    waited = waits.get(ReasonCode.AWAITING_ANSWER, 0)
    if waited >= len(_PENDING):
        return Failure(code=ReasonCode.TIMED_OUT)
    delay = _PENDING[waited] if trouble.after is None else min(trouble.after, _LONGEST)
    return Retry(state=EnrichmentState.AWAITING_PROVIDER, code=ReasonCode.AWAITING_ANSWER, delay=delay)


def _blocked(code: ReasonCode, delay: timedelta) -> Retry:
    return Retry(state=EnrichmentState.BLOCKED, code=code, delay=delay, is_shared=True)


def _failed(
    attempts: int, most: int, delay: timedelta, code: ReasonCode, in_the_end: ReasonCode
) -> Retry | Failure:
    if attempts >= most:
        return Failure(code=in_the_end)
    return Retry(state=EnrichmentState.RETRY_SCHEDULED, code=code, delay=delay, is_counted=True)


def _until_tomorrow(now: datetime) -> timedelta:
    """Return how long until the next day of UTC, when most sources' quotas start anew."""
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return tomorrow - now
