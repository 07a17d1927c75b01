"""Interfaces and unions: which type of object a value turns out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, default_type_resolver, is_object_type
from graphql.pyutils import inspect, is_awaitable

from server.graphql.executor.objects import complete_object
from server.graphql.executor.paths import field_of
from server.graphql.executor.plain import is_null

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from graphql import GraphQLAbstractType, GraphQLObjectType

    from server.graphql.executor.objects import Select
    from server.graphql.executor.paths import Path
    from server.graphql.executor.run import Run
    from server.graphql.executor.site import Complete, OnNull, Site


def complete_abstract(site: Site, type_: GraphQLAbstractType, on_null: OnNull, select: Select) -> Complete:
    """Return what completes values of an interface or union, as the objects they turn out to be."""
    plain = site.scope.plain
    resolve_type = type_.resolve_type or default_type_resolver
    known = site.scope.planner.known_classes(type_)
    by_class: dict[type, Complete] = {}
    by_name: dict[str, Complete] = {}

    def complete(value: Any, path: Path, run: Run) -> Any:  # noqa: ANN401
        complete_one = by_class.get(type(value))
        if complete_one is not None:
            return complete_one(value, path, run)
        if type(value) not in plain and is_null(value):
            return on_null()
        if type(value) in known:
            object_type = _object_type(site, known[type(value)])
            by_class[type(value)] = complete_object(site, object_type, on_null, select)
            return by_class[type(value)](value, path, run)
        name = resolve_type(value, site.info(field_of(path), run), type_)
        if is_awaitable(name):
            return complete_once_known(name, value, path, run)
        return complete_as(name, value)(value, path, run)

    async def complete_once_known(name: Awaitable[Any], value: object, path: Path, run: Run) -> Any:  # noqa: ANN401
        completed = complete_as(await name, value)(value, path, run)
        return await completed if is_awaitable(completed) else completed

    def complete_as(name: object, value: object) -> Complete:
        if isinstance(name, str) and name in by_name:
            return by_name[name]
        object_type = _possible_type(site, type_, name, value)
        by_name[object_type.name] = complete_object(site, object_type, on_null, select)
        return by_name[object_type.name]

    return complete


def _possible_type(site: Site, type_: GraphQLAbstractType, name: object, value: object) -> GraphQLObjectType:
    """Return the type that was resolved; the errors' words are graphql-core's."""
    must = f"Abstract type '{type_}' must resolve to an Object type at runtime for field '{site}'"
    if name is None:
        raise GraphQLError(
            f"{must}. Either the '{type_}' type should provide a 'resolve_type' function"
            " or each possible type should provide an 'is_type_of' function.",
            site.nodes,
        )
    if not isinstance(name, str):
        raise GraphQLError(
            f"{must} with value {inspect(value)}, received '{inspect(name)}',"
            " which is not a valid Object type name.",
            site.nodes,
        )
    found = site.scope.schema.get_type(name)
    if found is None:
        raise GraphQLError(
            f"Abstract type '{type_}' was resolved to a type '{name}' that does not exist inside the schema.",
            site.nodes,
        )
    if not is_object_type(found):
        raise GraphQLError(f"Abstract type '{type_}' was resolved to a non-object type '{name}'.", site.nodes)
    if not site.scope.schema.is_sub_type(type_, found):
        raise GraphQLError(f"Runtime Object type '{found}' is not a possible type for '{type_}'.", site.nodes)
    return found


def _object_type(site: Site, name: str) -> GraphQLObjectType:
    found = site.scope.schema.get_type(name)
    if not is_object_type(found):
        raise TypeError(f"the planner names '{name}' as an object type, which it is not")
    return found
