"""When a gate opens, each by its own clock. Pure.

A gate is open (None), opens at a moment if nothing but the time changes, opens some day that no clock
foretells (SOMEDAY), or does not open unless something else changes (NEVER).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.questions.model import QuestionState, Reask

SOMEDAY: Final = datetime.max.replace(tzinfo=UTC)
NEVER: Final = datetime.min.replace(tzinfo=UTC)

DAY, WEEK = timedelta(days=1), timedelta(days=7)

Opening = datetime | None


def by_count(times: Sequence[datetime], most: int | None, window: timedelta, now: datetime) -> Opening:
    """Say when fewer than `most` of these times (latest first) lie within the window that ends then."""
    if most is None or len(times) < most:
        return None
    opens = times[most - 1] + window
    return opens if opens > now else None


def by_visit(visit_ends_at: datetime | None) -> datetime:
    """Say when the next visit can begin."""
    return SOMEDAY if visit_ends_at is None else visit_ends_at


def by_rest(state: QuestionState, rest: timedelta | None, now: datetime) -> Opening:
    """Say when a question has rested long enough."""
    if rest is None or state.at + rest <= now:
        return None
    return state.at + rest


def by_outcome(
    state: QuestionState, rule: Reask, visit: int, visit_ends_at: datetime | None, now: datetime
) -> Opening:
    """Say when the rule for a question's last outcome lets it come back."""
    if rule.after is None or (rule.at_most is not None and state.handled >= rule.at_most):
        return NEVER
    opens = state.at + rule.after
    if rule.next_visit and state.visit >= visit:
        opens = max(opens, by_visit(visit_ends_at))
    return opens if opens > now else None


def later(one: Opening, other: Opening) -> Opening:
    """Join two gates: both have to be open."""
    if one is NEVER or other is NEVER:
        return NEVER
    if one is None or other is None:
        return one or other
    return max(one, other)
