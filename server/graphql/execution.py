"""Executes operations. What goes wrong is shown to a client only as far as the client can act on it."""

from __future__ import annotations

import logging
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, GraphQLError, execute

from server.graphql.context import Context
from server.graphql.documents import Documents
from server.kit.errors import MASKED, ExpectedError, ForbiddenError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import strawberry

    from server.access.model import Viewer
    from server.services import Services

_log = logging.getLogger(__name__)


class Executor:
    """Executes the operations of one schema over the services."""

    def __init__(self, *, schema: strawberry.Schema, services: Services, may_introspect: bool) -> None:
        self._schema = schema._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
        self._services = services
        self._documents = Documents(schema=self._schema, may_introspect=may_introspect)

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
        prepared = self._documents.prepare(query)
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
