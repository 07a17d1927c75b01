"""Which values need no second look: those of types that cannot be null, awaited, raised or called."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import GeneratorType
from typing import Any

from graphql.pyutils import Undefined, is_awaitable

PlainTypes = set[type]
"""Types whose instances are neither null nor awaitable nor exceptions nor callable."""

_MOST_TYPES = 4_096  # a program that makes classes as it goes must not fill the memory with them
_VALUES = (str, int, float, bool, bytes, Decimal, date, datetime, time, timedelta)
_CONTAINERS = (list, tuple, dict, set, frozenset)
# How attributes are found unless a class has ideas of its own; every class written in C brings its own copy.
_ORDINARY: frozenset[object] = frozenset(kind.__getattribute__ for kind in (object, *_VALUES, *_CONTAINERS))


def plain_types() -> PlainTypes:
    """Return the set to begin with; `is_pending` adds what it learns."""
    return {*_VALUES, *_CONTAINERS}


def is_pending(value: Any, plain: PlainTypes) -> bool:  # noqa: ANN401
    """Tell whether a value has to be awaited; if none of its type ever has to be, remember that.

    What counts is the type: an ordinary class whose single instances are given an `__await__` of their own
    would be overlooked, but Python could not await them either.
    """
    if value is None:
        return False
    if is_awaitable(value):
        return True
    kind = type(value)
    if len(plain) < _MOST_TYPES and _is_plain(value, kind):
        plain.add(kind)
    return False


def is_null(value: Any) -> bool:  # noqa: ANN401
    """Tell whether a value stands for null; raise it if it is an exception that a resolver returned."""
    if isinstance(value, Exception):
        raise value
    return value is None or value is Undefined


def _is_plain(value: object, kind: type) -> bool:
    return (
        not isinstance(value, (BaseException, GeneratorType))
        and value is not Undefined
        and not callable(value)
        and not hasattr(kind, "__getattr__")
        and kind.__getattribute__ in _ORDINARY
    )
