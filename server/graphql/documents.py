"""Documents, parsed and validated once per text: of a request to stock Strawberry that is four fifths."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)

from server.graphql.limits import too_many_fields, too_many_mutations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.graphql.executor import CompiledDocument, Compiler

_MAX_TOKENS = 2_000  # the widget's longest document has some 150, GraphiQL's introspection 500
# Characters of text; some 200 documents of applications. A character makes up to 280 bytes of parsed
# document, so that whoever sends us one after the other makes us keep 70 MB at worst.
_ROOM = 256 * 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was parsed and validated; it executes, unless there are errors."""

    document: DocumentNode | None
    errors: Sequence[GraphQLError]
    compiled: CompiledDocument | None


class Documents:
    """Keeps the valid documents that were used last, as far as there is `room` for their texts.

    Without `may_introspect` a document may not ask for the schema, and no error suggests a name.
    """

    def __init__(self, *, compiler: Compiler, may_introspect: bool, room: int = _ROOM) -> None:
        self._compiler = compiler
        self._may_introspect = may_introspect
        self._room = room
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._size = 0

    def prepare(self, text: str) -> Prepared:
        """Return the document of a text, or its errors."""
        kept = self._kept.get(text)
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
            document = parse(text, max_tokens=_MAX_TOKENS)
        except GraphQLError as error:
            return Prepared(None, (error,), None)
        rules = (
            specified_rules if self._may_introspect else (*specified_rules, NoSchemaIntrospectionCustomRule)
        )
        errors = validate(self._compiler.schema, document, rules, hide_suggestions=not self._may_introspect)
        excess = None if errors else too_many_fields(document) or too_many_mutations(document)
        if errors or excess is not None:
            return Prepared(document, errors if excess is None else (excess,), None)
        return Prepared(document, (), self._compiler.compile(document))
