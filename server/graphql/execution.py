"""Executes operations. What goes wrong is shown to a client only as far as the client can act on it.

Documents are parsed and validated once per text: of a request to stock Strawberry that is four fifths.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    execute,
    parse,
    specified_rules,
    validate,
)

from server.graphql.context import Context
from server.graphql.limits import too_many_fields
from server.kit.errors import MASKED, ExpectedError, ForbiddenError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import strawberry

    from server.access.model import Viewer
    from server.services import Services

_log = logging.getLogger(__name__)
_MAX_TOKENS = 2_000  # the widget's longest document has some 150, GraphiQL's introspection 500
_CACHED_DOCUMENTS = 500


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was parsed and validated; `document` counts only where there are no errors."""

    document: DocumentNode | None
    errors: Sequence[GraphQLError]


class Executor:
    """Executes the operations of one schema over the services."""

    def __init__(self, *, schema: strawberry.Schema, services: Services, may_introspect: bool) -> None:
        self._schema = schema._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
        self._services = services
        self._may_introspect = may_introspect
        self._prepared = lru_cache(maxsize=_CACHED_DOCUMENTS)(self._prepare)

    async def execute(
        self,
        viewer: Viewer,
        request_id: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
    ) -> dict[str, Any]:
        """Return `data` and `errors` as the response of GraphQL over HTTP has them.

        `data` is missing where nothing was executed: the document did not parse or is not valid.
        """
        prepared = self._prepared(query)
        if prepared.document is None or prepared.errors:
            return {"errors": [error.formatted for error in prepared.errors]}
        context = Context(viewer=viewer, services=self._services, request_id=request_id)
        running = execute(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=None if variables is None else dict(variables),
            operation_name=operation_name,
        )
        return _response(await running if isawaitable(running) else running, request_id)

    def _prepare(self, query: str) -> Prepared:
        try:
            document = parse(query, max_tokens=_MAX_TOKENS)
        except GraphQLError as error:
            return Prepared(None, (error,))
        rules = (
            specified_rules if self._may_introspect else (*specified_rules, NoSchemaIntrospectionCustomRule)
        )
        errors = validate(self._schema, document, rules, hide_suggestions=not self._may_introspect)
        excess = None if errors else too_many_fields(document)
        return Prepared(document, errors if excess is None else (excess,))


def _response(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    errors = [_shown(error, request_id) for error in result.errors or ()]
    was_executed = result.data is not None or any(error.path for error in result.errors or ())
    response: dict[str, Any] = {"data": result.data} if was_executed else {}
    return {**response, "errors": errors} if errors else response


def _shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return dict(error.formatted)
    if isinstance(original, ExpectedError):
        return {**error.formatted, "extensions": {"code": _code(original)}}
    _log.error("unexpected error, request %s", request_id, exc_info=original)
    return {
        **error.formatted,
        "message": MASKED,
        "extensions": {"code": "INTERNAL_ERROR", "requestId": request_id},
    }


def _code(error: ExpectedError) -> str:
    if isinstance(error, InvalidInputError):
        return "BAD_USER_INPUT"
    return "FORBIDDEN" if isinstance(error, ForbiddenError) else "REQUEST_REFUSED"
