"""Objects: is it one of the type, and what is selected on it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLObjectType
from graphql.pyutils import inspect, is_awaitable

from server.graphql.executor.paths import Path, field_of
from server.graphql.executor.plain import is_null
from server.graphql.executor.run import Run

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.graphql.executor.site import Complete, OnNull, Site

Execute = Callable[[Any, "Path | None", Run], Any]
"""Executes a selection on one object; returns the dict for the response, or a coroutine that does."""
Select = Callable[["Site", GraphQLObjectType], Execute]
"""Compiles what a field selects on objects of a type."""


def complete_object(site: Site, type_: GraphQLObjectType, on_null: OnNull, select: Select) -> Complete:
    """Return what completes objects of one type. Its selection is compiled when the first one comes."""
    plain = site.scope.plain
    known = site.scope.planner.known_classes(type_)
    execute: Execute | None = None

    def complete(value: Any, path: Path, run: Run) -> Any:  # noqa: ANN401
        nonlocal execute
        if execute is None:
            execute = select(site, type_)
        if type(value) in known:
            return execute(value, path, run)
        if type(value) not in plain and is_null(value):
            return on_null()
        if type_.is_type_of is None:
            return execute(value, path, run)
        is_one = type_.is_type_of(value, site.info(field_of(path), run))
        if is_awaitable(is_one):
            return execute_once_known(is_one, execute, value, path, run)
        if not is_one:
            raise _wrong_object(site, type_, value)
        return execute(value, path, run)

    async def execute_once_known(
        is_one: Awaitable[bool], execute: Execute, value: object, path: Path, run: Run
    ) -> Any:  # noqa: ANN401
        if not await is_one:
            raise _wrong_object(site, type_, value)
        results = execute(value, path, run)
        return await results if is_awaitable(results) else results

    return complete


def _wrong_object(site: Site, type_: GraphQLObjectType, value: object) -> GraphQLError:
    return GraphQLError(f"Expected value of type '{type_}' but got: {inspect(value)}.", site.nodes)
