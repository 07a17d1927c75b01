"""Conditions as MongoDB filters: the second interpreter, equal to `holds` by a property test. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from server.profiles import conditions
from server.profiles.conditions import (
    All,
    AttributeIs,
    Condition,
    ConsentIs,
    CountIs,
    Identified,
    Not,
    Operator,
    QuestionIs,
    SeenWithin,
)
from server.profiles.model import IdentityKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Filter = dict[str, Any]

_ALWAYS: Filter = {}
_NEVER: Filter = {"_id": {"$in": []}}
# Every kind of identity but a browser's, as the beginning of its key.
_IDENTIFIED = re.compile(
    "^(" + "|".join(k for k in IdentityKind if k is not IdentityKind.ANONYMOUS_ID) + r")\|"
)


def mongo_filter(condition: Condition, now: datetime) -> Filter:  # noqa: PLR0911 - one line a kind
    """Return the filter that finds exactly the profiles of which the condition holds at this moment."""
    match condition:
        case All(inner):
            return {"$and": [mongo_filter(each, now) for each in inner]} if inner else _ALWAYS
        case conditions.Any(inner):
            return {"$or": [mongo_filter(each, now) for each in inner]} if inner else _NEVER
        case Not(inner):
            return {"$nor": [mongo_filter(inner, now)]}
        case AttributeIs():
            return _attribute(condition)
        case CountIs(counter, at_least, at_most):
            bounds = {"$gte": at_least, "$lte": at_most}
            return {counter: {"$gte": 0} | {name: each for name, each in bounds.items() if each is not None}}
        case SeenWithin(window):
            return {"visit.last_seen_at": {"$gte": now - window}}
        case Identified(is_identified):
            found = {"identity_keys": {"$regex": _IDENTIFIED}}
            return found if is_identified else {"$nor": [found]}
        case QuestionIs(question_id, outcomes, window):
            filter_: Filter = {f"questions.{question_id}.outcome": {"$in": list(outcomes)}}
            return (
                filter_
                if window is None
                else {**filter_, f"questions.{question_id}.at": {"$gte": now - window}}
            )
        case ConsentIs(purpose, states):
            return {f"consents.{purpose}.state": {"$in": list(states)}}


def _attribute(condition: AttributeIs) -> Filter:
    missing = {"$nor": [{"values": {"$elemMatch": {"k": condition.attribute_id}}}]}
    if condition.operator is Operator.MISSING:
        return missing
    comparison = _COMPARISONS[condition.operator](condition.operands)
    found = {"values": {"$elemMatch": {"k": condition.attribute_id, **comparison}}}
    return {"$or": [found, missing]} if condition.if_missing and comparison else found


_COMPARISONS: Mapping[Operator, Callable[[tuple[str | int | float | bool, ...]], Filter]] = {
    Operator.EXISTS: lambda _: {},
    Operator.EQUALS: lambda operands: {"v": {"$eq": operands[0]}},
    Operator.NOT_EQUALS: lambda operands: {"v": {"$ne": operands[0]}},
    Operator.IN: lambda operands: {"v": {"$in": list(operands)}},
    Operator.NOT_IN: lambda operands: {"v": {"$nin": list(operands)}},
    Operator.LESS_THAN: lambda operands: {"v": {"$lt": operands[0]}},
    Operator.AT_MOST: lambda operands: {"v": {"$lte": operands[0]}},
    Operator.GREATER_THAN: lambda operands: {"v": {"$gt": operands[0]}},
    Operator.AT_LEAST: lambda operands: {"v": {"$gte": operands[0]}},
    Operator.STARTS_WITH: lambda operands: {"v": {"$regex": "^" + re.escape(str(operands[0]))}},
    Operator.CONTAINS_ANY: lambda operands: {"v": {"$in": list(operands)}},
    Operator.CONTAINS_ALL: lambda operands: {"v": {"$all": list(operands)}} if operands else {},
    Operator.CONTAINS_NONE: lambda operands: {"v": {"$nin": list(operands)}},
}
