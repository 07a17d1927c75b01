"""What came of the questions: the log, the statistics, experiments and simulations."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class StatPart(StrEnum):
    """What statistics can be split by."""

    DAY = "day"
    LANGUAGE = "language"
    PLACEMENT = "placement"
    ARM = "arm"
    REVISION = "revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEntry:
    """One ask in the log: when it was seen, what became of it, and where and how it was put.

    `outcome` None stands for seen and left. `value` is the last word, after corrections too.
    """

    id: str
    profile_id: str
    ask_id: str
    set_id: str
    question_id: str
    revision: int
    placement: str
    language: str
    arm: str
    visit: int
    first_at: datetime
    shown_at: datetime | None
    at: datetime | None
    outcome: str | None
    value: Any
    page: str | None
    device: str | None
    milliseconds: int | None
    corrections: int
    attribute_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionName:
    """What authors call a question, whether it is still asked or not, and its set."""

    question_id: str
    key: str
    set_id: str
    set_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatCell:
    """Where a count belongs: one question on one day in one language, placement, arm and revision."""

    set_id: str
    question_id: str
    day: str
    language: str
    placement: str
    arm: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts by name, and how many answers took how long, by bucket (see tallying.py)."""

    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionStats:
    """What came of one question, or of one part of its asks. Rates are ratios with 95 % intervals.

    `asked` are the asks that left a trace; `seen` those reported shown or handled; `ignored` seen and left
    (so far). `drop_off` is the share of the people seen at the set's first question that got no further.
    """

    question_id: str
    part: str | None
    asked: int
    seen: int
    answered: int
    skipped: int
    declined: int
    not_applicable: int
    dismissed: int
    ignored: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    median_seconds: float | None
    drop_off: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """What came of one variant, counted in people: they were assigned, not their asks."""

    arm: str
    people: int
    answered: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One variant against the first; `p_value` after Holm's correction, and what it means in words."""

    arm: str
    against: str
    difference: float
    p_value: float
    is_likely_real: bool
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResults:
    """The variants side by side."""

    key: str
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAsked:
    """How many people would be asked this question of the set first."""

    question_key: str
    profiles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """A published set that would speak at the same moment, or asks for the same attributes."""

    set_key: str
    profiles: int
    attribute_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a set would do: of `profiles` people it would ever ask `reached`, now `asked_now`.

    `expected_fill` is the share of unknown values that 30 days are expected to fill, at each person's own
    rate of visits and each question's own chance of an answer.
    """

    profiles: int
    reached: int
    asked_now: int
    first_asked: tuple[FirstAsked, ...]
    expected_fill: float
    collisions: tuple[Collision, ...]
