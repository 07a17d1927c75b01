"""Scalars and enums: which values are complete as they are, and how the others become so.

The five built-in scalars leave values of their own exact Python type alone. So do we, without the call; any
other value goes to the type's `coerce_output_value`, as in graphql-core.
"""

from __future__ import annotations

from enum import Enum, Flag
from math import isfinite
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from server.graphql.executor.plain import is_null, is_pending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql import GraphQLLeafType, GraphQLOutputType

    from server.graphql.executor.paths import Path
    from server.graphql.executor.plain import PlainTypes
    from server.graphql.executor.run import Run
    from server.graphql.executor.site import Complete, OnNull

    _Place = TypeVar("_Place")
    _Completes = Callable[[Any, _Place, Run], Any]

_AS_THEY_ARE = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


def types_complete_as_they_are(type_: GraphQLOutputType) -> frozenset[type]:
    """Return the exact types whose values need no completion where a value of the GraphQL type should be."""
    if isinstance(type_, GraphQLNonNull):
        return frozenset(_AS_THEY_ARE[type_.of_type] for _ in (0,) if type_.of_type in _AS_THEY_ARE)
    return frozenset({NoneType, *(_AS_THEY_ARE[type_] for _ in (0,) if type_ in _AS_THEY_ARE)})


def complete_leaf(type_: GraphQLLeafType, on_null: OnNull, plain: PlainTypes) -> Complete:
    """Return what completes values of a scalar or enum."""
    coerce = type_.coerce_output_value

    def complete(value: Any, _path: Path, _run: Run) -> Any:  # noqa: ANN401
        if type(value) not in plain and is_null(value):
            return on_null()
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise TypeError(_no_value(type_, value, coerced))
        if type(coerced) not in plain and is_pending(coerced, plain):
            return _settled(cast("Awaitable[Any]", coerced))
        return coerced

    return complete


def short_cut(type_: GraphQLOutputType, otherwise: _Completes[_Place]) -> _Completes[_Place]:
    """Return `otherwise` with a way around it for the values that types of leaves mostly have."""
    nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if nullable is GraphQLInt:
        return _int(otherwise)
    if nullable is GraphQLFloat:
        return _float(otherwise)
    if isinstance(nullable, GraphQLEnumType):
        return _enum(otherwise)
    return otherwise


def _int(otherwise: _Completes[_Place]) -> _Completes[_Place]:
    def complete(value: Any, place: _Place, run: Run) -> Any:  # noqa: ANN401
        if type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT:
            return value
        return otherwise(value, place, run)

    return complete


def _float(otherwise: _Completes[_Place]) -> _Completes[_Place]:
    def complete(value: Any, place: _Place, run: Run) -> Any:  # noqa: ANN401
        if type(value) is float and isfinite(value):
            return value
        return otherwise(value, place, run)

    return complete


def _enum(otherwise: _Completes[_Place]) -> _Completes[_Place]:
    # By identity: hashing a member calls Python code. The members are kept, so no id is ever used again.
    names: dict[int, tuple[str, Enum]] = {}

    def complete(value: Any, place: _Place, run: Run) -> Any:  # noqa: ANN401
        known = names.get(id(value))
        if known is not None:
            return known[0]
        name = otherwise(value, place, run)
        if (
            isinstance(value, Enum)
            and not isinstance(value, Flag)
            and not callable(value)
            and name.__class__ is str
        ):
            names[id(value)] = (name, value)
        return name

    return complete


async def _settled(coerced: Awaitable[Any]) -> Any:  # noqa: ANN401
    return await coerced


def _no_value(type_: GraphQLLeafType, value: object, coerced: object) -> str:
    return (
        f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})`"
        f" to return non-nullable value, returned: {inspect(coerced)}"
    )
