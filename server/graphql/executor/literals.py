"""Argument literals, coerced before any request as far as that goes.

A literal without variables is coerced once, when its value is immutable. One with variables becomes a
function of them. `Undefined` from such a function means: something is unusual (a missing variable, a null
where none may be), let graphql-core coerce the whole field's arguments and word the error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    VariableNode,
)
from graphql.utilities import coerce_input_literal
from graphql.utilities.coerce_input_value import coerce_default_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputType, ValueNode

Literal = Callable[[Mapping[str, Any]], Any]
"""Gives a value for the coerced variables of a request, `OMITTED` or Undefined."""
OMITTED = object()

_IMMUTABLE = frozenset({NoneType, bool, int, float, str})


def is_immutable(value: object) -> bool:
    """Tell whether requests may share the value."""
    return type(value) in _IMMUTABLE or isinstance(value, Enum)


def compile_literal(node: ValueNode, type_: GraphQLInputType) -> Literal:
    """Return the function for a literal where a value of this type is expected."""
    if isinstance(node, VariableNode):
        return _variable(node.name.value, type_)
    if not _has_variables(node):
        return _constant(node, type_)
    if isinstance(type_, GraphQLNonNull):
        return compile_literal(node, type_.of_type)
    if isinstance(type_, GraphQLList):
        return _list(node, type_.of_type)
    if isinstance(type_, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object(node, type_)
    return _unusual  # variables inside the literal of a scalar


def _unusual(_variables: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return Undefined


def _variable(name: str, type_: GraphQLInputType) -> Literal:
    if not isinstance(type_, GraphQLNonNull):
        return lambda variables: variables.get(name, Undefined)

    def not_null(variables: Mapping[str, Any]) -> Any:  # noqa: ANN401
        value = variables.get(name)
        return Undefined if value is None else value

    return not_null


def _constant(node: ValueNode, type_: GraphQLInputType) -> Literal:
    try:
        value = coerce_input_literal(node, type_)
    except Exception:  # noqa: BLE001 - the schema's own code; it raises again, in its place, for each request
        return _unusual
    if is_immutable(value):
        return lambda _variables: value
    return lambda _variables: coerce_input_literal(node, type_)


def _list(node: ValueNode, item_type: GraphQLInputType) -> Literal:
    nodes = node.values if isinstance(node, ListValueNode) else (node,)
    items = tuple(compile_literal(item, item_type) for item in nodes)

    def coerce(variables: Mapping[str, Any]) -> Any:  # noqa: ANN401
        values = []
        for item in items:
            value = item(variables)
            if value is Undefined:
                return Undefined
            values.append(value)
        return values

    return coerce


def _object(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Literal:
    given = {field.name.value: field.value for field in node.fields}
    if type_.is_one_of or not given.keys() <= type_.fields.keys():
        return _unusual
    fields = [
        (field.out_name or name, _field(given.get(name), field)) for name, field in type_.fields.items()
    ]
    out_type = type_.out_type

    def coerce(variables: Mapping[str, Any]) -> Any:  # noqa: ANN401
        values = fill(fields, variables)
        return Undefined if values is None else out_type(values)

    return coerce


def _field(given: ValueNode | None, field: GraphQLInputField) -> Literal:
    if given is not None:
        return compile_literal(given, field.type)
    absent = when_absent(field)
    return lambda _variables: absent


def when_absent(place: GraphQLArgument | GraphQLInputField) -> object:
    """Return what an argument or input field that is not given comes to, `OMITTED` if to nothing.

    A default is coerced once for all requests, even if it is mutable: so it is in graphql-core.
    """
    if isinstance(place.type, GraphQLNonNull) and place.default is None and place.default_value is Undefined:
        return Undefined
    try:
        value = coerce_default_value(place)
    except Exception:  # noqa: BLE001 - as above
        return Undefined
    return OMITTED if value is Undefined else value


def fill(parts: Iterable[tuple[str, Literal]], variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the values of the parts that come to any, in their order; None as soon as one is unusual."""
    values: dict[str, Any] = {}
    for name, part in parts:
        value = part(variables)
        if value is Undefined:
            return None
        if value is not OMITTED:
            values[name] = value
    return values


def _has_variables(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(_has_variables(item) for item in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_has_variables(field.value) for field in node.fields)
    return isinstance(node, VariableNode)
