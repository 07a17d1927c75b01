"""Conditions as MongoDB filters: the second interpreter, equal to `holds` by a property test. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.profiles import conditions
from server.profiles.conditions import (
    All,
    AttributeIs,
    AudienceIs,
    Condition,
    ConsentIs,
    CountIs,
    DateIs,
    EventIs,
    Identified,
    Not,
    Operator,
    QuestionIs,
    SeenWithin,
)
from server.profiles.model import AttributeId, IdentityKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.profiles.conditions import Operand

Filter = dict[str, Any]
# The filter of the profiles whose value of an attribute may not be used; None where every one's may.
Withheld = Callable[[AttributeId], Filter | None]

_ALWAYS: Filter = {}
_NEVER: Filter = {"_id": {"$in": []}}
# Every kind of identity but a browser's, as the beginning of its key.
_IDENTIFIED = re.compile(
    "^(" + "|".join(k for k in IdentityKind if k is not IdentityKind.ANONYMOUS_ID) + r")\|"
)


def mongo_filter(condition: Condition, now: datetime, withheld: Withheld | None = None) -> Filter:
    """Return the filter that finds exactly the profiles of which the condition holds at this moment.

    Values that are `withheld` count as missing.
    """
    return _Translator(now, withheld or (lambda _: None)).filter(condition)


class _Translator:
    """Translates one condition."""

    def __init__(self, now: datetime, withheld: Withheld) -> None:
        self._now = now
        self._withheld = withheld

    def filter(self, condition: Condition) -> Filter:  # noqa: C901, PLR0911 - one line a kind
        match condition:
            case All(inner):
                return {"$and": [self.filter(each) for each in inner]} if inner else _ALWAYS
            case conditions.Any(inner):
                return {"$or": [self.filter(each) for each in inner]} if inner else _NEVER
            case Not(inner):
                return {"$nor": [self.filter(inner)]}
            case AudienceIs(_, inner):
                return self.filter(inner)
            case AttributeIs():
                return self._attribute(condition)
            case DateIs():
                return self._date(condition)
            case CountIs(counter, at_least, at_most):
                bounds = {"$gte": at_least, "$lte": at_most}
                given = {name: each for name, each in bounds.items() if each is not None}
                return {counter: {"$gte": 0} | given}
            case SeenWithin(window):
                return {"visit.last_seen_at": {"$gte": self._now - window}}
            case Identified(is_identified):
                found = {"identity_keys": {"$regex": _IDENTIFIED}}
                return found if is_identified else {"$nor": [found]}
            case QuestionIs(question_id, outcomes, window):
                place = f"questions.{question_id}"
                asked: Filter = {f"{place}.outcome": {"$in": list(outcomes)}}
                return asked if window is None else {**asked, f"{place}.at": {"$gte": self._now - window}}
            case ConsentIs(purpose, states, least_version):
                place = f"consents.{purpose}"
                said = {f"{place}.state": {"$in": list(states)}}
                return {**said, f"{place}.text_version": {"$gte": least_version}}
            case EventIs(_, at_least, at_most):
                least = [] if not at_least else [self._happened(condition, at_least)]
                most = [] if at_most is None else [{"$nor": [self._happened(condition, at_most + 1)]}]
                return {"$and": [*least, *most]} if least or most else _ALWAYS

    def _happened(self, condition: EventIs, often: int) -> Filter:
        """Return who counts the event so often; who never did has no entry: only a negation finds them."""
        found: Filter = {"k": condition.name, "n": {"$gte": often}}
        if condition.window is not None:
            since = {"$gte": self._now - condition.window}
            found = {"k": condition.name, "at": since, f"times.{often - 1}": since}
        return {"events": {"$elemMatch": found}}

    def _attribute(self, condition: AttributeIs) -> Filter:
        match = {"k": condition.attribute_id}
        if condition.operator is Operator.MISSING:
            return self._missing(condition.attribute_id)
        if condition.operator is Operator.EXISTS:
            return self._found(condition.attribute_id, match)
        comparison = _COMPARISONS[condition.operator](condition.operands)
        return self._value(condition, comparison)

    def _date(self, condition: DateIs) -> Filter:
        """Both bounds lie in one match, so that the index is read between them and no further."""
        comparison: Filter = {}
        for operator, spelled in condition.comparisons(self._now).items():
            comparison |= _COMPARISONS[operator]((spelled,))
        return self._value(condition, comparison)

    def _value(self, condition: AttributeIs | DateIs, comparison: Filter) -> Filter:
        found = self._found(condition.attribute_id, {"k": condition.attribute_id, "v": comparison})
        return {"$or": [found, self._missing(condition.attribute_id)]} if condition.if_missing else found

    def _found(self, attribute_id: AttributeId, match: Filter) -> Filter:
        found = {"values": {"$elemMatch": match}}
        withheld = self._withheld(attribute_id)
        return found if withheld is None else {"$and": [found, {"$nor": [withheld]}]}

    def _missing(self, attribute_id: AttributeId) -> Filter:
        missing = {"$nor": [{"values": {"$elemMatch": {"k": attribute_id}}}]}
        withheld = self._withheld(attribute_id)
        return missing if withheld is None else {"$or": [missing, withheld]}


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
