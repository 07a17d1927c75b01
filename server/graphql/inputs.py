"""Reads inputs as Strawberry does, with what it looks up for each value looked up once for each type."""

from __future__ import annotations

from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInputObjectType
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryOptional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import strawberry
    from strawberry.types.arguments import InputContext
    from strawberry.types.base import StrawberryObjectDefinition

    Read = Callable[[type, Mapping[str, Any], InputContext], Any]


def read_at_once(schema: strawberry.Schema) -> None:
    """Give every input type of a schema its way to read values.

    Input types must not have `strawberry.Maybe` fields: Strawberry would not check their nulls any more.
    """
    for each in schema._schema.type_map.values():  # noqa: SLF001 - graphql-core's; there is no other door
        if isinstance(each, GraphQLInputObjectType):
            known = each.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
            known.from_input = _reader(known, schema.schema_converter)


def _reader(known: StrawberryObjectDefinition, converter: GraphQLCoreConverter) -> Read:
    taken_as_given: list[tuple[str, str]] = []
    converted: list[tuple[str, str, Any]] = []
    for field in known.fields:
        name, type_ = converter.config.name_converter.from_field(field), field.resolve_type()
        inner = type_.of_type if type(type_) is StrawberryOptional else type_
        if is_scalar(inner, converter.scalar_registry) and inner is not GlobalID:
            taken_as_given.append((name, field.python_name))
        else:
            converted.append((name, field.python_name, type_))
    absent: dict[str, Any] = {
        field.python_name: None
        for field in known.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }

    def read(kind: type, value: Mapping[str, Any], context: InputContext) -> object:
        given = dict(absent)
        for name, python_name in taken_as_given:
            if name in value:
                given[python_name] = value[name]
        for name, python_name, type_ in converted:
            if name in value:
                given[python_name] = context.convert(value[name], type_, name)
        return kind(**given)

    return read
