"""How large a document is, measured in one pass before anything else looks at it. Pure.

Tokens bound the text; but fragments that spread fragments make a thousand fields of every ten tokens, and
rules that spread them for real take exponential time. Here each fragment is measured once, however often it
is spread. The document need not be valid: a fragment that is missing or spreads itself measures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import DocumentNode, Node, SelectionSetNode

    from server.kit.operations import OperationLimits


@dataclass(frozen=True, slots=True)
class Size:
    """What is selected at a place and below. `directives` is the largest number at one node.

    `roots` are the fields that nothing but fragments lies above: of a mutation what it carries out.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0


_NOTHING = Size()


class LimitError(GraphQLError):
    """A document asks for more than one operation may; says which limit, the value and the bound."""

    def __init__(
        self, limit: str, text: str, value: int | None, bound: int, node: Node | None = None
    ) -> None:
        found = "" if value is None else f"; this one has {value}"
        super().__init__(
            f"{text.format(bound)}{found}.",
            node,
            extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "value": value, "bound": bound},
        )


def excess(document: DocumentNode, limits: OperationLimits) -> LimitError | None:
    """Return the first limit that an operation of the document exceeds, or None."""
    measuring = _Measuring(document, limits.nesting)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    try:
        found = (error for each in operations for error in _excesses(each, measuring.size(each), limits))
        return next(found, None)
    except LimitError as too_deep:
        return too_deep


def _excesses(
    operation: OperationDefinitionNode, size: Size, limits: OperationLimits
) -> Iterator[LimitError]:
    name = len(operation.name.value) if operation.name else 0
    variables = len(operation.variable_definitions or ())
    is_mutation = operation.operation is OperationType.MUTATION
    for limit, text, value in (
        ("mutations", "An operation carries out at most {} mutations", size.roots if is_mutation else 0),
        ("depth", "An operation is at most {} fields deep", size.depth),
        ("fields", "An operation has at most {} fields once its fragments are spread", size.fields),
        ("aliases", "An operation has at most {} aliases once its fragments are spread", size.aliases),
        ("directives", "One place of a document has at most {} directives", size.directives),
        ("variables", "An operation declares at most {} variables", variables),
        ("operation_name", "The name of an operation has at most {} characters", name),
    ):
        bound = getattr(limits, limit)
        if value > bound:
            yield LimitError(limit, text, value, bound, operation)


class _Measuring:
    """Measures the operations of one document."""

    def __init__(self, document: DocumentNode, most_nesting: int) -> None:
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[str, Size] = {}
        self._nesting = 0
        self._most_nesting = most_nesting

    def size(self, node: OperationDefinitionNode | FragmentDefinitionNode | SelectionNode) -> Size:
        """Return what a node adds, with all that is below it; raise LimitError for what has no end."""
        if self._nesting >= self._most_nesting:
            text = "Selections and fragments are nested at most {} deep"
            raise LimitError("nesting", text, None, self._most_nesting, node)
        self._nesting += 1
        size = self._size(node)
        self._nesting -= 1
        return size

    def _size(self, node: OperationDefinitionNode | FragmentDefinitionNode | SelectionNode) -> Size:
        below = self._below(getattr(node, "selection_set", None))
        is_field = isinstance(node, FieldNode)
        spread = self._spread(node.name.value) if isinstance(node, FragmentSpreadNode) else _NOTHING
        return Size(
            depth=max(below.depth, spread.depth) + is_field,
            fields=below.fields + spread.fields + is_field,
            aliases=below.aliases + spread.aliases + (isinstance(node, FieldNode) and node.alias is not None),
            directives=max(below.directives, spread.directives, len(node.directives or ())),
            roots=1 if is_field else below.roots + spread.roots,
        )

    def _below(self, selected: SelectionSetNode | None) -> Size:
        sizes = [self.size(each) for each in selected.selections] if selected is not None else []
        return Size(
            depth=max((each.depth for each in sizes), default=0),
            fields=sum(each.fields for each in sizes),
            aliases=sum(each.aliases for each in sizes),
            directives=max((each.directives for each in sizes), default=0),
            roots=sum(each.roots for each in sizes),
        )

    def _spread(self, name: str) -> Size:
        if name not in self._known and name in self._fragments:
            self._known[name] = _NOTHING  # for a fragment that spreads itself
            self._known[name] = self.size(self._fragments[name])
        return self._known.get(name, _NOTHING)
