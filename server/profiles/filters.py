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
    DateIs,
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

    from server.profiles.conditions import Operand

Filter = dict[str, Any]

_ALWAYS: Filter = {}
_NEVER: Filter = {"_id": {"$in": []}}
# Every kind of identity but a browser's, as the beginning of its key.
_IDENTIFIED = re.compile(
    "^(" + "|".join(k for k in IdentityKind if k is not IdentityKind.ANONYMOUS_ID) + r")\|"
)


def mongo_filter(condition: Condition, now: datetime) -> Filter:  # noqa: C901, PLR0911 - one line a kind
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
        case DateIs():
            return _date(condition, now)
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
        case ConsentIs(purpose, states, least_version):
            place = f"consents.{purpose}"
            return {f"{place}.state": {"$in": list(states)}, f"{place}.text_version": {"$gte": least_version}}


def _attribute(condition: AttributeIs) -> Filter:
    if condition.operator is Operator.MISSING:
        return _missing(condition.attribute_id)
    if condition.operator is Operator.EXISTS:
        return {"values": {"$elemMatch": {"k": condition.attribute_id}}}
    comparison = _COMPARISONS[condition.operator](condition.operands)
    return _value(condition, comparison)


def _date(condition: DateIs, now: datetime) -> Filter:
    """Both bounds lie in one match, so that the index is read between them and no further."""
    comparison: Filter = {}
    for operator, day in condition.comparisons(now).items():
        comparison |= _COMPARISONS[operator]((day,))
    return _value(condition, comparison)


def _value(condition: AttributeIs | DateIs, comparison: Filter) -> Filter:
    found = {"values": {"$elemMatch": {"k": condition.attribute_id, "v": comparison}}}
    return {"$or": [found, _missing(condition.attribute_id)]} if condition.if_missing else found


def _missing(attribute_id: str) -> Filter:
    return {"$nor": [{"values": {"$elemMatch": {"k": attribute_id}}}]}


_COMPARISONS: Mapping[Operator, Callable[[tuple[Operand, ...]], Filter]] = {
    Operator.EQUALS: lambda operands: {"$eq": operands[0]},
    Operator.NOT_EQUALS: lambda operands: {"$ne": operands[0]},
    Operator.IN: lambda operands: {"$in": list(operands)},
    Operator.NOT_IN: lambda operands: {"$nin": list(operands)},
    Operator.LESS_THAN: lambda operands: {"$lt": operands[0]},
    Operator.AT_MOST: lambda operands: {"$lte": operands[0]},
    Operator.GREATER_THAN: lambda operands: {"$gt": operands[0]},
    Operator.AT_LEAST: lambda operands: {"$gte": operands[0]},
    Operator.STARTS_WITH: lambda operands: begins_with(str(operands[0])),
    Operator.CONTAINS_ANY: lambda operands: {"$in": list(operands)},
    Operator.CONTAINS_ALL: lambda operands: {"$all": list(operands)},
    Operator.CONTAINS_NONE: lambda operands: {"$nin": list(operands)},
}


def begins_with(text: str) -> Filter:
    """Return the range of the texts that begin so: strings sort by code point, and so does their index."""
    stem = text.rstrip(_LAST)
    if not stem:
        return {"$gte": text}
    return {"$gte": text, "$lt": stem[:-1] + _next(stem[-1])}


_LAST = chr(0x10FFFF)
_BEFORE_SURROGATES, _AFTER_SURROGATES = chr(0xD7FF), chr(0xE000)


def _next(character: str) -> str:
    return _AFTER_SURROGATES if character == _BEFORE_SURROGATES else chr(ord(character) + 1)
