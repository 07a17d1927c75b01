"""Documents, parsed and validated once per text: of a request to stock Strawberry that is four fifths."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    IDLE,
    REMOVE,
    ArgumentNode,
    ASTValidationRule,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    NameNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from server.graphql.costs import cost_of, lasting_cost
from server.graphql.limits import LimitError, excess
from server.kit.instruments import Instruments
from server.kit.operations import OperationLimits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLSchema
    from graphql.language.visitor import VisitorAction

    from server.graphql.executor import CompiledDocument, Compiler

# Characters of text; some 200 documents of applications. A character makes up to 280 bytes of parsed
# document, so that whoever sends us one after the other makes us keep 70 MB at worst.
_ROOM = 256 * 1024
_INCREMENTAL = frozenset({"defer", "stream"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was parsed and validated; it executes, unless there are errors.

    `compiled` is without `@defer` and `@stream`: all comes at once. `in_parts` has them, if there are any.
    """

    document: DocumentNode | None
    errors: Sequence[GraphQLError]
    compiled: CompiledDocument | None
    in_parts: CompiledDocument | None = None
    costs: dict[str | None, int | None] = field(default_factory=dict)
    chosen: dict[str | None, OperationDefinitionNode] = field(default_factory=dict)
    names: dict[str | None, str] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation that is executed under this name; None where there is none or no telling."""
        if name in self.chosen:
            return self.chosen[name]
        operations = [
            each
            for each in (self.document.definitions if self.document else ())
            if isinstance(each, OperationDefinitionNode)
            and (name is None or (each.name is not None and each.name.value == name))
        ]
        if len(operations) != 1:
            return None
        self.chosen[name] = operations[0]
        return operations[0]

    def name_of(self, name: str | None) -> str:
        """Return what an operation is counted as: its root field, a name of the schema's; else why not."""
        if self.compiled is None:
            return "refused"
        if name in self.names:
            return self.names[name]
        operation = self.operation(name)
        roots = {
            each.name.value if isinstance(each, FieldNode) else "several"
            for each in (operation.selection_set.selections if operation else ())
        }
        found = roots.pop() if len(roots) == 1 else "several"
        if operation is not None:  # else it is a client's name, of which there are any number
            self.names[name] = found
        return found

    def cost(self, schema: GraphQLSchema, name: str | None, variables: Mapping[str, Any]) -> int:
        """Return what an operation costs; see costs.py. Counted once where no variable bears on it."""
        operation = self.operation(name)
        if operation is None or self.document is None:
            return 0
        if name not in self.costs:
            self.costs[name] = lasting_cost(schema, self.document, operation)
        lasting = self.costs[name]
        return cost_of(schema, self.document, operation, variables) if lasting is None else lasting


class Documents:
    """Keeps the valid documents that were used last, as far as there is `room` for their texts.

    Without `may_introspect` a document may not ask for the schema, and no error suggests a name. What it asks
    of one `__type` by name is left out of the answer: clients that probe for it go on.
    """

    def __init__(
        self,
        *,
        compiler: Compiler,
        may_introspect: bool,
        limits: OperationLimits | None = None,
        room: int = _ROOM,
        instruments: Instruments | None = None,
    ) -> None:
        self._compiler = compiler
        self._may_introspect = may_introspect
        self._limits = limits or OperationLimits()
        self._room = room
        self._instruments = instruments or Instruments()
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._size = 0

    def known(self, text: str) -> Prepared | None:
        """Return a valid document that was used before, if it is kept."""
        return self._kept.get(text)

    def prepare(self, text: str) -> Prepared:
        """Return the document of a text, or its errors."""
        kept = self._kept.get(text)
        self._instruments.prepared(was_kept=kept is not None)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        prepared = self._prepare(text)
        if not prepared.errors:
            self._keep(text, prepared)
        return prepared

    def _keep(self, text: str, prepared: Prepared) -> None:
        self._kept[text] = prepared
        self._size += len(text)
        while self._size > self._room:
            oldest, _ = self._kept.popitem(last=False)
            self._size -= len(oldest)

    def _prepare(self, text: str) -> Prepared:
        try:
            document = self._parse(text)
        except GraphQLError as error:
            return Prepared(None, (error,), None)
        too_large = excess(document, self._limits)
        if too_large is not None:
            return Prepared(document, (too_large,), None)
        rules = specified_rules if self._may_introspect else (*specified_rules, _SchemaIsNotShown)
        errors = validate(self._compiler.schema, document, rules, hide_suggestions=not self._may_introspect)
        if errors:
            return Prepared(document, errors, None)
        shown = document if self._may_introspect else visit(document, _LeavesTypesOut())
        if not any(name in text for name in _INCREMENTAL):
            return Prepared(shown, (), self._compiler.compile(shown))
        whole = visit(shown, _AllAtOnce())
        return Prepared(shown, (), self._compiler.compile(whole), self._compiler.compile(shown))

    def _parse(self, text: str) -> DocumentNode:
        most = self._limits.characters
        if len(text) > most:
            raise LimitError("characters", "A document has at most {} characters", len(text), most)
        try:
            # Comments are bounded by the characters.
            return parse(text, max_lexical_tokens=self._limits.tokens)
        except GraphQLError as error:
            if not error.message.endswith("tokens. Parsing aborted."):
                raise
            message = "A document has at most {} tokens"
            raise LimitError("tokens", message, None, self._limits.tokens) from None


class _SchemaIsNotShown(ASTValidationRule):
    """Refuses what asks for the whole schema."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Look at one field."""
        if node.name.value == "__schema":
            message = "The schema is shown to admins alone; it is published as schema.graphql."
            self.report_error(GraphQLError(message, node))


class _AllAtOnce(Visitor):
    """Takes away what would have parts of the answer come later."""

    def enter_directive(self, node: DirectiveNode, *_: object) -> VisitorAction:
        """Remove a directive, or leave it where it is."""
        return REMOVE if node.name.value in _INCREMENTAL else IDLE


class _LeavesTypesOut(Visitor):
    """Skips `__type`, of which nobody is told who may not see the schema."""

    def enter_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        """Return the field that is executed in its place; None leaves a field as it is."""
        if node.name.value != "__type":
            return None
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=node.arguments,
            directives=(*(node.directives or ()), _SKIP),
            selection_set=node.selection_set,
            loc=node.loc,
        )


_SKIP = DirectiveNode(
    name=NameNode(value="skip"),
    arguments=(ArgumentNode(name=NameNode(value="if"), value=BooleanValueNode(value=True)),),
)
