"""Conditions as closures: the third interpreter, for what is asked of every request. A property test holds
it equal to `holds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles import conditions
from server.profiles.condition_forms import read_condition
from server.profiles.conditions import (
    All,
    AttributeIs,
    AudienceIs,
    Condition,
    CountIs,
    Identified,
    Not,
    Operator,
    holds,
)
from server.profiles.errors import InvalidConditionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from server.profiles.catalogue import Catalogue
    from server.profiles.condition_forms import Form
    from server.profiles.conditions import Subject

    Predicate = Callable[[Subject, datetime], bool]


def predicate(condition: Condition) -> Predicate:  # noqa: PLR0911 - one line a kind
    """Return a closure that says of a subject at a moment what `holds` says; made once, called often."""
    match condition:
        case All(inner):
            return _all(tuple(predicate(each) for each in inner))
        case conditions.Any(inner):
            return _any(tuple(predicate(each) for each in inner))
        case Not(inner):
            return _not(predicate(inner))
        case AudienceIs(_, inner):
            return predicate(inner)
        case CountIs(counter, at_least, at_most):
            return _count(counter, at_least, at_most)
        case Identified(is_identified):
            return lambda subject, _: subject.is_identified is is_identified
        case AttributeIs(operator=Operator.EQUALS | Operator.IN):
            return _among(condition)
    return lambda subject, now: holds(condition, subject, now)


def predicate_of(form: Form, catalogue: Catalogue) -> Predicate:
    """Return the closure of a stored condition.

    It never holds where something that it names is gone, or where two admins made audiences name each other.
    """
    try:
        return predicate(read_condition(form, catalogue))
    except (KeyError, InvalidConditionError):
        return _never


def _never(_: Subject, __: datetime) -> bool:
    return False


def _all(inner: tuple[Predicate, ...]) -> Predicate:
    def every(subject: Subject, now: datetime) -> bool:
        for each in inner:  # noqa: SIM110 - a generator would cost as much as the comparison
            if not each(subject, now):
                return False
        return True

    return every


def _any(inner: tuple[Predicate, ...]) -> Predicate:
    def one(subject: Subject, now: datetime) -> bool:
        for each in inner:  # noqa: SIM110 - as above
            if each(subject, now):
                return True
        return False

    return one


def _not(inner: Predicate) -> Predicate:
    return lambda subject, now: not inner(subject, now)


def _count(counter: str, at_least: int | None, at_most: int | None) -> Predicate:
    least, most = at_least or 0, at_most

    def within(subject: Subject, _: datetime) -> bool:
        count = subject.counters[counter]
        return count >= least and (most is None or count <= most)

    return within


def _among(condition: AttributeIs) -> Predicate:
    """EQUALS and IN, which most targeting is made of; a value that cannot be hashed is compared in turn."""
    attribute_id, operands, if_missing = condition.attribute_id, condition.operands, condition.if_missing

    def among(subject: Subject, _: datetime) -> bool:
        value = subject.values.get(attribute_id)
        return if_missing if value is None else value in operands

    return among
