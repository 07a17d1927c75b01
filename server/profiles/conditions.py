"""Conditions over profiles: one closed language for search and targeting, never an expression to parse.

A condition is data. Two interpreters give it meaning: `holds` here, over one profile in memory, and
`mongo_filter` in filters.py, over all of them. A property test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from server.profiles.model import AttributeType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from server.profiles.model import AttributeId, Value


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


_PRESENCE = frozenset({Operator.EXISTS, Operator.MISSING})
_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN})
_ORDER = frozenset({Operator.LESS_THAN, Operator.AT_MOST, Operator.GREATER_THAN, Operator.AT_LEAST})
_LISTS = frozenset({Operator.CONTAINS_ANY, Operator.CONTAINS_ALL, Operator.CONTAINS_NONE})
_TEXT = _PRESENCE | _EQUALITY | {Operator.STARTS_WITH}
_NUMBER = _PRESENCE | _EQUALITY | _ORDER

OPERATORS: Mapping[AttributeType, frozenset[Operator]] = {
    AttributeType.STRING: _TEXT,
    AttributeType.TEXT: _TEXT,
    AttributeType.EMAIL: _TEXT,
    AttributeType.URL: _TEXT,
    AttributeType.INTEGER: _NUMBER,
    AttributeType.NUMBER: _NUMBER,
    AttributeType.DATE: _NUMBER,  # ISO 8601 dates sort as texts
    AttributeType.BOOLEAN: _PRESENCE | {Operator.EQUALS, Operator.NOT_EQUALS},
    AttributeType.ENUM: _PRESENCE | _EQUALITY,
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
    operands: tuple[str | int | float | bool, ...] = ()
    if_missing: bool = False


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
    """What the person decided about a purpose is one of these states."""

    purpose: str
    states: tuple[str, ...]


Condition = All | Any | Not | AttributeIs | CountIs | SeenWithin | Identified | QuestionIs | ConsentIs


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What conditions are about: the facts of one profile. Outcomes come with when they were."""

    values: Mapping[AttributeId, Value]
    counters: Mapping[str, int]
    last_seen_at: datetime | None
    is_identified: bool
    outcomes: Mapping[str, tuple[str, datetime]]
    consents: Mapping[str, str]


def holds(condition: Condition, subject: Subject, now: datetime) -> bool:  # noqa: PLR0911 - one line a kind
    """Whether a condition is true of a subject at this moment."""
    match condition:
        case All(conditions):
            return all(holds(each, subject, now) for each in conditions)
        case Any(conditions):
            return any(holds(each, subject, now) for each in conditions)
        case Not(inner):
            return not holds(inner, subject, now)
        case AttributeIs():
            return _compares(condition, subject.values.get(condition.attribute_id))
        case CountIs(counter, at_least, at_most):
            count = subject.counters[counter]
            return (at_least is None or count >= at_least) and (at_most is None or count <= at_most)
        case SeenWithin(window):
            return subject.last_seen_at is not None and subject.last_seen_at >= now - window
        case Identified(is_identified):
            return subject.is_identified is is_identified
        case QuestionIs():
            return _had_outcome(condition, subject, now)
        case ConsentIs(purpose, states):
            return subject.consents.get(purpose) in states


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


def _less(value: Value, bound: object) -> bool:
    return value < bound  # type: ignore[operator] # of one type: checked when the condition was made


_COMPARISONS: Mapping[Operator, Callable[[Value, tuple[str | int | float | bool, ...]], bool]] = {
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
    return set(value) if isinstance(value, list) else {value}
