"""The steps of a selection: what its collected fields come to on an object type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.graphql.executor.collect import collect_fields
from server.graphql.executor.fields import Step, compile_field
from server.graphql.executor.selections import execute_together
from server.graphql.executor.site import Scope, Site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import FieldNode, GraphQLObjectType, SelectionSetNode

    from server.graphql.executor.objects import Execute


def compile_steps(
    scope: Scope, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
) -> list[Step]:
    """Return the steps for the fields that selection sets select on an object type, in their order."""
    selected = collect_fields(scope, type_, selection_sets)
    scope.count(len(selected))
    found = (_site(scope, type_, key, nodes) for key, nodes in selected.items())
    return [compile_field(site, _select) for site in found if site is not None]


def _site(scope: Scope, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Site | None:
    name = nodes[0].name.value
    definition = scope.schema.get_field(type_, name)
    if definition is None:
        return None
    return Site(scope=scope, parent_type=type_, key=key, name=name, definition=definition, nodes=nodes)


def _select(site: Site, type_: GraphQLObjectType) -> Execute:
    """Compile what a field selects on objects of a type."""
    selection_sets = [node.selection_set for node in site.nodes if node.selection_set is not None]
    return execute_together(type_.name, compile_steps(site.scope, type_, selection_sets))
