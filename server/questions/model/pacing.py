"""How often and from when on: triggers, pace, and when each outcome lets a question come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(StrEnum):
    """What became of an ask."""

    ANSWERED = "answered"
    SKIPPED = "skipped"
    DECLINED = "declined"
    NOT_APPLICABLE = "not_applicable"
    DISMISSED = "dismissed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """From which sign-in and visit on (both count from 1, 0 is always), after which event has happened, and
    between which moments.
    """

    from_login: int = 0
    from_visit: int = 0
    after_event: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reask:
    """When a question may come back after an outcome.

    Not before `after` has passed (None: never) and, with `next_visit`, not in the same visit. After
    `at_most` outcomes of whatever kind it does not come back at all.
    """

    after: timedelta | None = timedelta()
    next_visit: bool = False
    at_most: int | None = None


# What counts where a set says nothing. Answered: as soon as the value is gone. A dismissal is no refusal.
EVERY_REASK: Mapping[Outcome, Reask] = {
    Outcome.ANSWERED: Reask(),
    Outcome.SKIPPED: Reask(next_visit=True),
    Outcome.DECLINED: Reask(after=None),
    Outcome.NOT_APPLICABLE: Reask(after=timedelta(days=365)),
    Outcome.DISMISSED: Reask(after=timedelta(days=1), next_visit=True),
    Outcome.IGNORED: Reask(next_visit=True, at_most=5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many questions one person bears over all sets; None is no limit.

    A set that nobody was asked from gains `ageing` points of priority a day, so that none starves.
    """

    per_visit: int | None = None
    per_day: int | None = None
    per_week: int | None = None
    ageing: int = 1
    version: int = 0
