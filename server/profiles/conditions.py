"""Conditions over profiles: one closed language for search and targeting, never an expression to parse.

A condition is data. Two interpreters give it meaning: `holds` here, over one profile in memory, and
`mongo_filter` in filters.py, over all of them. A property test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from server.kit.records import record
from server.profiles.model import AttributeType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.consent.model import Consent
    from server.profiles.model import AttributeId, Profile, Value
    from server.profiles.tallies import Tally


# What a value is compared with: an address can only be asked for at all.
Operand = str | int | float | bool


class Operator(StrEnum):
    """How a value is compared. All but MISSING are false where there is no value."""

    EXISTS = "exists"
    MISSING = "missing"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    LESS_THAN = "less_than"
    AT_MOST = "at_most"
    GREATER_THAN = "greater_than"
    AT_LEAST = "at_least"
    STARTS_WITH = "starts_with"
    CONTAINS_ANY = "contains_any"
    CONTAINS_ALL = "contains_all"
    CONTAINS_NONE = "contains_none"
    WITHIN_LAST = "within_last"
    WITHIN_NEXT = "within_next"
    BEFORE_LAST = "before_last"
    AFTER_NEXT = "after_next"


_PRESENCE = frozenset({Operator.EXISTS, Operator.MISSING})
_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN})
_ORDER = frozenset({Operator.LESS_THAN, Operator.AT_MOST, Operator.GREATER_THAN, Operator.AT_LEAST})
_LISTS = frozenset({Operator.CONTAINS_ANY, Operator.CONTAINS_ALL, Operator.CONTAINS_NONE})
_TEXT = _PRESENCE | _EQUALITY | {Operator.STARTS_WITH}
_NUMBER = _PRESENCE | _EQUALITY | _ORDER
WINDOWS = frozenset({Operator.WITHIN_LAST, Operator.WITHIN_NEXT, Operator.BEFORE_LAST, Operator.AFTER_NEXT})
_TIME = _NUMBER | WINDOWS

OPERATORS: Mapping[AttributeType, frozenset[Operator]] = {
    AttributeType.STRING: _TEXT,
    AttributeType.TEXT: _TEXT,
    AttributeType.EMAIL: _TEXT,
    AttributeType.URL: _TEXT,
    AttributeType.INTEGER: _NUMBER,
    AttributeType.NUMBER: _NUMBER,
    AttributeType.DATE: _TIME,  # ISO 8601 dates sort as texts
    AttributeType.BOOLEAN: _PRESENCE | {Operator.EQUALS, Operator.NOT_EQUALS},
    AttributeType.DATETIME: _TIME,  # ISO 8601 in UTC, likewise
    AttributeType.ENUM: _PRESENCE | _EQUALITY,
    AttributeType.PHONE: _TEXT,
    AttributeType.COUNTRY: _TEXT,
    AttributeType.LANGUAGE: _TEXT,
    AttributeType.TIME_ZONE: _TEXT,
    AttributeType.ADDRESS: _PRESENCE,
    AttributeType.MULTI_ENUM: _PRESENCE | _LISTS,
}
TAKES_LIST = _LISTS | {Operator.IN, Operator.NOT_IN}


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these holds; of none, always."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these holds; of none, never."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AttributeIs:
    """An attribute's value compares so. `operands` has one value, or several where the operator takes a list.

    `if_missing` is the answer where there is no value, for every operator that compares.
    """

    attribute_id: AttributeId
    operator: Operator
    operands: tuple[Operand, ...] = ()
    if_missing: bool = False


@dataclass(frozen=True, slots=True)
class DateIs:
    """A date or (`is_moment`) a date and time lies so in relation to now; days are those of UTC.

    WITHIN_LAST and WITHIN_NEXT take in now (today) and the other end; BEFORE_LAST and AFTER_NEXT are what
    lies beyond that end. `if_missing` as above.
    """

    attribute_id: AttributeId
    operator: Operator
    window: timedelta
    if_missing: bool = False
    is_moment: bool = False

    def comparisons(self, now: datetime) -> Mapping[Operator, str]:
        """Return what the value has to be at this moment, all of it."""
        spell = _moment if self.is_moment else _day
        if self.operator is Operator.WITHIN_LAST:
            return {Operator.AT_LEAST: spell(now, -self.window), Operator.AT_MOST: spell(now)}
        if self.operator is Operator.WITHIN_NEXT:
            return {Operator.AT_LEAST: spell(now), Operator.AT_MOST: spell(now, self.window)}
        if self.operator is Operator.BEFORE_LAST:
            return {Operator.LESS_THAN: spell(now, -self.window)}
        return {Operator.GREATER_THAN: spell(now, self.window)}


@dataclass(frozen=True, slots=True)
class CountIs:
    """A counter of the profile, `logins` or `visits`, lies between these bounds, both included."""

    counter: str
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class SeenWithin:
    """The person last showed up so long ago at most; never seen is not within."""

    window: timedelta


@dataclass(frozen=True, slots=True)
class Identified:
    """More than a browser is known of the person (or is not)."""

    is_identified: bool


@dataclass(frozen=True, slots=True)
class QuestionIs:
    """A question's last outcome is one of these, and not longer ago than `window` where there is one."""

    question_id: str
    outcomes: tuple[str, ...]
    window: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ConsentIs:
    """What the person decided about a purpose is one of these states, given for this text or a later one."""

    purpose: str
    states: tuple[str, ...]
    least_version: int = 1


@dataclass(frozen=True, slots=True)
class AudienceIs:
    """The person is in an audience: its condition, as it was when this one was read, holds."""

    audience_id: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class EventIs:
    """An event happened so often, both bounds included, at any time or not longer ago than `window`.

    With a window neither bound reaches MAX_TIMES: further back the moments are not kept.
    """

    name: str
    at_least: int | None = None
    at_most: int | None = None
    window: timedelta | None = None


Condition = (
    All
    | Any
    | Not
    | AttributeIs
    | DateIs
    | CountIs
    | SeenWithin
    | Identified
    | QuestionIs
    | ConsentIs
    | EventIs
    | AudienceIs
)


@record
class Subject:
    """What conditions are about: the facts of one profile. Outcomes come with when they were."""

    values: Mapping[AttributeId, Value]
    counters: Mapping[str, int]
    last_seen_at: datetime | None
    is_identified: bool
    outcomes: Mapping[str, tuple[str, datetime]]
    consents: Mapping[str, Consent]
    events: Mapping[str, Tally] = field(default_factory=dict)


def subject_of(profile: Profile, values: Mapping[AttributeId, Value]) -> Subject:
    """Return what conditions may ask about a profile whose attributes come to these values."""
    return Subject(
        values=values,
        counters={"logins": profile.logins, "visits": profile.visits},
        last_seen_at=None if profile.visit is None else profile.visit.last_seen_at,
        is_identified=profile.is_identified,
        outcomes={key: (entry["outcome"], entry["at"]) for key, entry in profile.questions.items()},
        consents=profile.consents,
        events=profile.events,
    )


def holds(condition: Condition, subject: Subject, now: datetime) -> bool:  # noqa: C901, PLR0911 - one line a kind
    """Whether a condition is true of a subject at this moment."""
    match condition:
        case All(conditions):
            return all(holds(each, subject, now) for each in conditions)
        case Any(conditions):
            return any(holds(each, subject, now) for each in conditions)
        case Not(inner):
            return not holds(inner, subject, now)
        case AudienceIs(_, inner):
            return holds(inner, subject, now)
        case AttributeIs():
            return _compares(condition, subject.values.get(condition.attribute_id))
        case DateIs(attribute_id):
            return _lies(condition, subject.values.get(attribute_id), now)
        case CountIs(counter, at_least, at_most):
            return _lies_between(subject.counters[counter], at_least, at_most)
        case SeenWithin(window):
            return subject.last_seen_at is not None and subject.last_seen_at >= now - window
        case Identified(is_identified):
            return subject.is_identified is is_identified
        case QuestionIs():
            return _had_outcome(condition, subject, now)
        case ConsentIs(purpose, states, least_version):
            said = subject.consents.get(purpose)
            return said is not None and said.state in states and said.text_version >= least_version
        case EventIs(name, at_least, at_most):
            return _lies_between(_count_of(condition, subject.events.get(name), now), at_least, at_most)


def _lies_between(count: int, at_least: int | None, at_most: int | None) -> bool:
    return (at_least is None or count >= at_least) and (at_most is None or count <= at_most)


def _count_of(condition: EventIs, tally: Tally | None, now: datetime) -> int:
    if tally is None:
        return 0
    return tally.count if condition.window is None else tally.since(now - condition.window)


def _had_outcome(condition: QuestionIs, subject: Subject, now: datetime) -> bool:
    if condition.question_id not in subject.outcomes:
        return False
    outcome, at = subject.outcomes[condition.question_id]
    return outcome in condition.outcomes and (condition.window is None or at >= now - condition.window)


def _compares(condition: AttributeIs, value: Value | None) -> bool:
    if condition.operator in _PRESENCE:
        return (value is None) is (condition.operator is Operator.MISSING)
    if value is None:
        return condition.if_missing
    return _COMPARISONS[condition.operator](value, condition.operands)


def _lies(condition: DateIs, value: Value | None, now: datetime) -> bool:
    if value is None:
        return condition.if_missing
    return all(_COMPARISONS[each](value, (day,)) for each, day in condition.comparisons(now).items())


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _shifted(now: datetime, distance: timedelta) -> datetime:
    """Return the moment so far from now; the calendar ends with the years 1 and 9999."""
    try:
        return now.astimezone(UTC) + distance
    except OverflowError:
        return _EARLIEST if distance < timedelta() else _LATEST


def _day(now: datetime, distance: timedelta = timedelta()) -> str:
    return _shifted(now, distance).date().isoformat()


def _moment(now: datetime, distance: timedelta = timedelta()) -> str:
    """As attributes keep moments; see formats.utc_datetime."""
    return _shifted(now, distance).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _less(value: Value, bound: object) -> bool:
    return value < bound  # type: ignore[operator] # of one type: checked when the condition was made


_COMPARISONS: Mapping[Operator, Callable[[Value, tuple[Operand, ...]], bool]] = {
    Operator.EQUALS: lambda value, operands: value == operands[0],
    Operator.NOT_EQUALS: lambda value, operands: value != operands[0],
    Operator.IN: lambda value, operands: value in operands,
    Operator.NOT_IN: lambda value, operands: value not in operands,
    Operator.LESS_THAN: lambda value, operands: _less(value, operands[0]),
    Operator.AT_MOST: lambda value, operands: value == operands[0] or _less(value, operands[0]),
    Operator.GREATER_THAN: lambda value, operands: value != operands[0] and not _less(value, operands[0]),
    Operator.AT_LEAST: lambda value, operands: not _less(value, operands[0]),
    Operator.STARTS_WITH: lambda value, operands: str(value).startswith(str(operands[0])),
    Operator.CONTAINS_ANY: lambda value, operands: bool(_items(value) & set(operands)),
    Operator.CONTAINS_ALL: lambda value, operands: set(operands) <= _items(value),
    Operator.CONTAINS_NONE: lambda value, operands: not _items(value) & set(operands),
}


def _items(value: Value) -> set[str | int | float | bool]:
    if isinstance(value, dict):
        return set()
    return set(value) if isinstance(value, list) else {value}
