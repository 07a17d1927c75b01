"""Tells the executor what Strawberry's resolvers do, so that it can do the same without the steps between.

A Strawberry field is resolved through four or five calls that find out what is known when the schema is
made: that it reads an attribute, which of source and info its function takes, that its arguments need no
conversion. Where anything is less simple (extensions, exception handlers, input types), they stay.
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLObjectType, is_interface_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from server.graphql.executor import FieldPlan, Planner, Read, Resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from graphql import GraphQLAbstractType, GraphQLField, GraphQLResolveInfo
    from strawberry.types.arguments import StrawberryArgument
    from strawberry.types.fields.resolver import StrawberryResolver

_TAKEN_AS_GIVEN = (str, int, float, bool, strawberry.ID)  # whose coerced values Strawberry leaves alone


class StrawberryPlanner(Planner):
    """Plans the fields and types of one Strawberry schema.

    Objects marked with `strawberry.cast` must not be instances of a Strawberry type: they would count as
    what they are.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self._core = schema._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
        self._converter = schema.schema_converter
        self._config = schema.config

    def plan_field(self, parent_type: GraphQLObjectType, name: str, field: GraphQLField) -> FieldPlan | None:
        """Return a plan where the field just reads, or just calls a function."""
        del parent_type, name
        known = _definition(field)
        if not isinstance(known, StrawberryField) or known.is_subscription or known.extensions:
            return None
        if self._converter._get_field_exception_handlers(known):  # noqa: SLF001 - nobody else knows
            return None
        if known.base_resolver is not None:
            return self._call(known, known.base_resolver)
        return Read(attrgetter(known.python_name)) if self._config.default_resolver is getattr else None

    def known_classes(self, type_: GraphQLObjectType | GraphQLAbstractType) -> Mapping[type, str]:
        """Return the classes of the types that are made of exactly one class."""
        if not isinstance(type_, GraphQLObjectType) and not _is_resolved_by_class(type_):
            return {}
        possible = [type_] if isinstance(type_, GraphQLObjectType) else self._core.get_possible_types(type_)
        return {kind: each.name for each in possible if (kind := _only_class(each)) is not None}

    def notes_of(self, type_: GraphQLObjectType) -> Callable[[Any], MutableMapping[Any, Any]] | None:
        """Return the notes of a type whose only class has some: see graphql.questions."""
        kind = _only_class(type_)
        return attrgetter("notes") if kind is not None and "notes" in kind.__annotations__ else None

    def _call(self, field: StrawberryField, resolver: StrawberryResolver[Any]) -> Resolve | None:
        function = resolver.wrapped_func
        by_name_given = {
            self._config.name_converter.from_argument(each): each.python_name for each in field.arguments
        }
        renamed = {given: name for given, name in by_name_given.items() if given != name}
        if not callable(function) or not all(map(_is_taken_as_given, field.arguments)):
            return None
        if resolver.is_async and not iscoroutinefunction(function):
            return None
        takes_self = resolver.self_parameter is not None
        by_name = [
            each.name for each in (resolver.root_parameter, resolver.parent_parameter) if each is not None
        ]
        info_name = None if resolver.info_parameter is None else resolver.info_parameter.name
        info_class = self._config.info_class

        def resolve(source: object, info: GraphQLResolveInfo[Any] | None, **arguments: object) -> object:
            if renamed:
                arguments = {renamed.get(name, name): value for name, value in arguments.items()}
            for name in by_name:
                arguments[name] = source
            if info_name is not None and info is not None:
                arguments[info_name] = info_class(_raw_info=info, _field=field)
            return function(source, **arguments) if takes_self else function(**arguments)

        return Resolve(resolve, needs_info=info_name is not None)


def _definition(of: Any) -> object:  # noqa: ANN401 - anything of graphql-core's that has extensions
    return of.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def _is_taken_as_given(argument: StrawberryArgument) -> bool:
    type_ = argument.type
    return (type_.of_type if type(type_) is StrawberryOptional else type_) in _TAKEN_AS_GIVEN


def _is_resolved_by_class(type_: GraphQLAbstractType) -> bool:
    known = _definition(type_)
    if is_interface_type(type_):
        return isinstance(known, StrawberryObjectDefinition) and known.resolve_type is None
    return type(known) is StrawberryUnion


def _only_class(type_: GraphQLObjectType) -> type | None:
    known = _definition(type_)
    if not isinstance(known, StrawberryObjectDefinition) or known.is_type_of is not None:
        return None
    is_generic = known.concrete_of is not None or known.is_graphql_generic
    return None if is_generic or known.name != type_.name else known.origin
