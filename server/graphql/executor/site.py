"""One field as one document selects it on one object type, and all that is said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from graphql import GraphQLNonNull, GraphQLResolveInfo, located_error
from graphql.pyutils import is_awaitable

from server.graphql.executor.paths import Path, core_path, keys_of
from server.graphql.executor.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import (
        FieldNode,
        FragmentDefinitionNode,
        GraphQLField,
        GraphQLObjectType,
        GraphQLOutputType,
        GraphQLSchema,
        OperationDefinitionNode,
    )

    from server.graphql.executor.plain import PlainTypes
    from server.graphql.executor.plans import Planner
    from server.graphql.executor.variants import Count

Fail = Callable[[Exception, Path, Run], None]
"""Makes a place null for an error, or raises it on where the place may not be null."""
OnNull = Callable[[], None]
"""What a null completes to: None, or an error where null may not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What all fields of one operation share, under one answer to each of its conditions."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    answers: Mapping[str, bool]
    planner: Planner
    plain: PlainTypes
    hide_suggestions: bool
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The nodes are all those that select the field under this key, in the order of the document."""

    scope: Scope
    parent_type: GraphQLObjectType
    key: str
    name: str
    definition: GraphQLField
    nodes: list[FieldNode]

    def __str__(self) -> str:
        return f"{self.parent_type}.{self.name}"

    def info(self, path: Path, run: Run) -> GraphQLResolveInfo[Any]:
        """Return what a resolver may ask about the field at this place."""
        scope = self.scope
        run.resolved += 1
        return GraphQLResolveInfo(
            self.name,
            list(self.nodes),
            self.definition.type,
            self.parent_type,
            core_path(path),
            scope.schema,
            scope.fragments,
            run.root_value,
            scope.operation,
            run.variables,
            run.context_value,
            is_awaitable,
            None,
            run.helpers,
        )

    def fail(self, type_: GraphQLOutputType) -> Fail:
        """Return what to do about an error where a value of this type should be: the field's or an item."""
        nodes = self.nodes

        def raise_on(error: Exception, path: Path, _run: Run) -> NoReturn:
            raise located_error(error, nodes, keys_of(path))

        def become_null(error: Exception, path: Path, run: Run) -> None:
            run.errors.add(located_error(error, nodes, keys_of(path)), path)

        return raise_on if isinstance(type_, GraphQLNonNull) else become_null

    def on_null(self, type_: GraphQLOutputType) -> OnNull:
        """Return what a null completes to where a value of this type should be."""
        message = f"Cannot return null for non-nullable field {self}."

        def refuse() -> NoReturn:
            raise TypeError(message)

        return refuse if isinstance(type_, GraphQLNonNull) else _accept


def _accept() -> None:
    return None


Complete = Callable[[Any, Path, Run], Any]
"""Completes a value that is not awaitable, for its place; raises its error bare.

Returns what goes into the response, or a coroutine (and no other awaitable) that does.
"""
Finish = Callable[[Any, "Path | None", Run], Any]
"""Does what is left of a field, given the place of its parent; like `Complete`, but takes awaitables too."""
