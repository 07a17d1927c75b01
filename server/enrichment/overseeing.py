"""What admins see of enrichment as a whole: bulk runs, how sources do, and work that came to nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher, Enrichment, ReasonCode
    from server.kit.jobs.model import JobId
    from server.profiles.model import ProfileId

RunId = NewType("RunId", str)

RUN_IN_BULK = "enrich_in_bulk"  # the kind of its jobs


class RunState(StrEnum):
    """Where a bulk run stands; the last two are final."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRun:
    """Look-ups of everybody who fits a condition.

    `most_cost` is what it may cost in all, in the units of the enrichers' prices; None is no limit. `cost`
    is what the look-ups that it queued cost at most. `is_capped` says that it ended before it had been
    through all profiles.
    """

    id: RunId
    enrichers: tuple[str, ...]
    condition: Mapping[str, Any] | None
    state: RunState
    most_cost: int | None
    requested_by: str | None
    requested_at: datetime
    finished_at: datetime | None = None
    profiles_seen: int = 0
    look_ups_queued: int = 0
    cost: int = 0
    is_capped: bool = False
    after: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: of what it queued so many look-ups have not ended yet."""

    run: BulkRun
    look_ups_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would come to: so many profiles fit, so many look-ups are worth it and cost at most that.

    Exact where everybody who fits was looked at.
    """

    profiles: int
    look_ups: int
    cost: int
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnricherHealth:
    """How a source does. `outcomes` counts the answers of the last seven days, by their class.

    `blocked_by` says why it is not asked before `blocked_until`. `pace` is the part of its rate at which it
    is asked at present.
    """

    enricher: Enricher
    calls: int
    calls_under_way: int
    outcomes: Mapping[str, int]
    spent_today: int
    spent_this_month: int
    pace: float
    blocked_by: ReasonCode | None
    blocked_until: datetime | None
    last_error: str | None
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentChange:
    """Where every look-up of a profile stands, now that one of them moved."""

    profile_id: ProfileId
    enrichments: tuple[Enrichment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that nobody tries again by itself."""

    id: JobId
    kind: str
    subject: str | None  # which enricher it asks, or what else its payload names
    profile_id: str | None
    reason: str | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None
