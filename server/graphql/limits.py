"""How much one operation may ask for. Pure.

Tokens bound the text of a document; fragments that spread fragments under ever new aliases make a thousand
fields of every ten tokens, so what is left to count is the fields after all spreading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, SelectionSetNode

MAX_FIELDS = 1_000  # the widget's documents have some 40, GraphiQL's introspection 200
# Requests are limited, and a request with a thousand answers would be a thousand requests.
MAX_MUTATIONS = 20


def too_many_fields(document: DocumentNode) -> GraphQLError | None:
    """Return the error of a valid document in which an operation spreads to more than MAX_FIELDS fields."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    known: dict[str, int] = {}
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            count = _fields(each.selection_set, fragments, known)
            if count > MAX_FIELDS:
                message = f"An operation has at most {MAX_FIELDS} fields once its fragments are spread."
                return GraphQLError(message, each)
    return None


def too_many_mutations(document: DocumentNode) -> GraphQLError | None:
    """Return the error of a valid document in which an operation carries out more than MAX_MUTATIONS."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    operations = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    for each in operations:
        is_mutation = each.operation is OperationType.MUTATION
        if is_mutation and _at_the_root(each.selection_set, fragments) > MAX_MUTATIONS:
            message = f"An operation carries out at most {MAX_MUTATIONS} mutations."
            return GraphQLError(message, each)
    return None


def _at_the_root(selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Count the fields of one level; too_many_fields has bounded how often fragments are spread."""
    count = 0
    for selection in selected.selections:
        match selection:
            case FragmentSpreadNode():
                count += _at_the_root(fragments[selection.name.value].selection_set, fragments)
            case InlineFragmentNode():
                count += _at_the_root(selection.selection_set, fragments)
            case _:
                count += 1
    return count


def _fields(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]
) -> int:
    """Count the fields below; each fragment is counted once, however often it is spread."""
    count = 0
    for selection in selected.selections if selected else ():
        match selection:
            case FragmentSpreadNode():
                name = selection.name.value
                if name not in known:
                    known[name] = _fields(fragments[name].selection_set, fragments, known)
                count += known[name]
            case FieldNode():
                count += 1 + _fields(selection.selection_set, fragments, known)
            case InlineFragmentNode():
                count += _fields(selection.selection_set, fragments, known)
    return count
