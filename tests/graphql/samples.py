"""The smallest operations that a schema takes: made for fields that nobody thought of."""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

_SCALARS: dict[str, object] = {"Int": 1, "Float": 1.0, "Boolean": True, "DateTime": "2026-01-01T00:00:00Z"}


def query_of(schema: GraphQLSchema, name: str, operation: str = "query") -> str:
    """Return an operation that selects the least of a field of the roots, with the arguments it needs."""
    root = schema.query_type if operation == "query" else schema.subscription_type
    assert root is not None
    field = root.fields[name]
    needed = [each for each, argument in field.args.items() if is_required_argument(argument)]
    assert not needed, f"{name} needs {needed}: give SAMPLES an operation of it."
    return f"{operation} {{ {name}{_selection(field.type)} }}"


def all_of(kind: GraphQLNamedType, depth: int) -> str:
    """Return a selection of every field that needs no argument, so deep; below that of the types' names."""
    if not isinstance(kind, GraphQLObjectType):
        return "{ __typename }"
    fields = (
        f"{name} {_below(field.type, depth)}"
        for name, field in kind.fields.items()
        if not any(is_required_argument(each) for each in field.args.values())
    )
    return f"{{ __typename {' '.join(fields)} }}"


def _below(kind: GraphQLOutputType, depth: int) -> str:
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return ""
    return "{ __typename }" if depth == 0 else all_of(named, depth - 1)


def mutation_of(schema: GraphQLSchema, name: str) -> str:
    """Return a mutation of one input, or of none, that asks for the type of its result."""
    assert schema.mutation_type is not None
    given = schema.mutation_type.fields[name].args.get("input")
    if given is None:
        return f"mutation {{ {name} {{ __typename }} }}"
    return f"mutation ($input: {given.type}) {{ {name}(input: $input) {{ __typename }} }}"


def input_of(schema: GraphQLSchema, name: str) -> object:
    """Return the smallest input that GraphQL lets through to a mutation."""
    assert schema.mutation_type is not None
    given = schema.mutation_type.fields[name].args.get("input")
    return None if given is None else _value(given.type)


def _value(kind: GraphQLInputType) -> object:
    match kind:
        case GraphQLNonNull():
            return _value(kind.of_type)
        case GraphQLList():
            return []
        case GraphQLEnumType():
            return next(iter(kind.values))
        case GraphQLInputObjectType(is_one_of=True):
            first, field = next(iter(kind.fields.items()))
            return {first: _value(field.type)}
        case GraphQLInputObjectType():
            fields: dict[str, Any] = {
                name: _value(field.type)
                for name, field in kind.fields.items()
                if is_required_input_field(field)
            }
            return fields
    return _SCALARS.get(get_named_type(kind).name, "none")


def _selection(kind: GraphQLOutputType) -> str:
    named = get_named_type(kind)
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return " { __typename }"
    return ""
