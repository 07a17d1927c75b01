"""Which fields are selected on an object type, and by which nodes: fragments merged, conditions decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, is_abstract_type

from server.graphql.executor.conditions import is_included

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import FragmentDefinitionNode, GraphQLObjectType, SelectionNode, SelectionSetNode

    from server.graphql.executor.site import Scope

Selected = dict[str, list[FieldNode]]
"""The nodes of each field by response key, both in the order in which they are met."""


def collect_fields(
    scope: Scope, object_type: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
) -> Selected:
    """Collect the fields of selection sets that apply to one object, as the specification does (6.3.2)."""
    return _Collecting(scope, object_type).of(selection_sets)


class _Collecting:
    def __init__(self, scope: Scope, object_type: GraphQLObjectType) -> None:
        self._scope = scope
        self._object_type = object_type
        self._selected: Selected = {}
        self._spread: set[str] = set()

    def of(self, selection_sets: Iterable[SelectionSetNode]) -> Selected:
        for selection_set in selection_sets:
            for selection in selection_set.selections:
                if is_included(selection, self._scope.answers):
                    self._collect(selection)
        return self._selected

    def _collect(self, selection: SelectionNode) -> None:
        if isinstance(selection, FieldNode):
            name = selection.alias or selection.name
            self._selected.setdefault(name.value, []).append(selection)
        elif isinstance(selection, InlineFragmentNode):
            self._enter(selection)
        else:
            assert isinstance(selection, FragmentSpreadNode)  # noqa: S101 - no other selection is left
            self._spread_once(selection.name.value)

    def _spread_once(self, name: str) -> None:
        fragment = self._scope.fragments.get(name)
        # One of another type is not entered: it may be met again, and will be left again.
        if fragment is not None and name not in self._spread and self._applies(fragment):
            self._spread.add(name)
            self.of((fragment.selection_set,))

    def _enter(self, fragment: InlineFragmentNode) -> None:
        if self._applies(fragment):
            self.of((fragment.selection_set,))

    def _applies(self, fragment: InlineFragmentNode | FragmentDefinitionNode) -> bool:
        if fragment.type_condition is None:
            return True
        wanted = self._scope.schema.get_type(fragment.type_condition.name.value)
        if is_abstract_type(wanted):
            return self._scope.schema.is_sub_type(wanted, self._object_type)
        return wanted is self._object_type
