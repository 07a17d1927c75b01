"""What a valid operation costs: how many values it may make us look up, known before anything is. Pure.

Every field costs one, what is below a list costs so many times more as the list may be long: a connection is
as long as its `first`, a list that answers the items of an argument as that argument, any other has LIST
items. What may come later, a deferred fragment or a streamed item, costs PART more. The introspection of the
schema costs its fields: it is read from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from server.kit.paging import DEFAULT_PAGE, MAX_PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, GraphQLField, GraphQLNamedType, GraphQLSchema, OperationDefinitionNode
    from graphql.language import SelectionNode, SelectionSetNode

LIST = 10  # items of a list of which nothing else is known
PART = 10  # a deferred fragment takes graphql-core ten times as long as a field does
_IN_PARTS = frozenset({"defer", "stream"})
_FIRST = "first"
_LISTS_OF_A_CONNECTION = frozenset({"edges", "nodes"})


def cost_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """Return the cost of one operation with these variables, which need not have been checked."""
    return _Counting(schema, document, variables).operation(operation)


def lasting_cost(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> int | None:
    """Return the cost of an operation if it is the same with any variables, else None."""
    counting = _Counting(schema, document, {})
    cost = counting.operation(operation)
    return None if counting.looked_at_variables else cost


class _Counting:
    """Counts over one document; the same fragment in pages of the same length is counted once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, int], int] = {}
        self.looked_at_variables = False

    def operation(self, operation: OperationDefinitionNode) -> int:
        """Return the cost of an operation of the document."""
        root = self._schema.get_root_type(operation.operation)
        return self._below(root, operation.selection_set, DEFAULT_PAGE)

    def _below(self, parent: GraphQLNamedType | None, selected: SelectionSetNode | None, page: int) -> int:
        """Return the cost of what is selected of one object; `page` is how long its connection is."""
        cost = 0
        for each in selected.selections if selected is not None else ():
            match each:
                case FieldNode():
                    cost += self._field(parent, each, page)
                case InlineFragmentNode(type_condition=on):
                    kind = parent if on is None else self._schema.type_map.get(on.name.value)
                    cost += _parts(each) + self._below(kind, each.selection_set, page)
                case FragmentSpreadNode():
                    cost += _parts(each) + self._spread(each.name.value, page)
        return cost

    def _spread(self, name: str, page: int) -> int:
        if (name, page) not in self._known:
            fragment = self._fragments[name]
            kind = self._schema.type_map.get(fragment.type_condition.name.value)
            self._known[name, page] = self._below(kind, fragment.selection_set, page)
        return self._known[name, page]

    def _field(self, parent: GraphQLNamedType | None, node: FieldNode, page: int) -> int:
        field = _definition(parent, node.name.value)
        if field is None:
            return 1 + self._below(None, node.selection_set, page)
        kind = get_named_type(field.type)
        inner = self._page(field, node)
        item = _parts(node) + self._below(kind, node.selection_set, inner)
        return 1 + self._length(field, node, page) * item

    def _page(self, field: GraphQLField, node: FieldNode) -> int:
        if _FIRST not in field.args:
            return DEFAULT_PAGE
        first = self._argument(node, _FIRST)
        return min(max(first, 1), MAX_PAGE) if type(first) is int else DEFAULT_PAGE

    def _length(self, field: GraphQLField, node: FieldNode, page: int) -> int:
        if not is_list_type(get_nullable_type(field.type)):
            return 1
        if node.name.value in _LISTS_OF_A_CONNECTION:
            return page
        for name, argument in field.args.items():
            if is_list_type(get_nullable_type(argument.type)):
                asked = self._argument(node, name)
                if asked is not None:
                    return len(asked) if isinstance(asked, list) else 1
        return LIST

    def _argument(self, node: FieldNode, name: str) -> object:
        value = next((each.value for each in node.arguments or () if each.name.value == name), None)
        if isinstance(value, VariableNode):
            self.looked_at_variables = True
            return self._variables.get(value.name.value)
        return None if value is None else value_from_ast_untyped(value)


def _parts(node: SelectionNode) -> int:
    return PART if any(each.name.value in _IN_PARTS for each in node.directives or ()) else 0


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    """Return the field; None for what the schema tells of itself."""
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and not parent.name.startswith("__"):
        found: GraphQLField | None = parent.fields.get(name)
        return found
    return None
