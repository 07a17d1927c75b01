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
            execute = _selection(site, type_, select)
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


_MOST_NOTES = 20  # selections on one object; there are few kinds of documents, unless somebody makes them up


def _selection(site: Site, type_: GraphQLObjectType, select: Select) -> Execute:
    """Return what executes the selection on an object; on one that takes notes once, if that can be right."""
    execute, notes_of = select(site, type_), site.scope.planner.notes_of(type_)
    if notes_of is None:
        return execute

    def execute_once(value: Any, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        notes = notes_of(value)
        known = notes.get(execute)
        if known is not None:
            return known
        before = run.resolved, len(run.errors.all)
        found = execute(value, path, run)
        if type(found) is dict and (run.resolved, len(run.errors.all)) == before:
            if len(notes) >= _MOST_NOTES:
                notes.clear()
            notes[execute] = found
        return found

    return execute_once


def _wrong_object(site: Site, type_: GraphQLObjectType, value: object) -> GraphQLError:
    return GraphQLError(f"Expected value of type '{type_}' but got: {inspect(value)}.", site.nodes)
