"""Executes operations. What goes wrong is shown to a client only as far as the client can act on it."""

from __future__ import annotations

import logging
from contextlib import aclosing
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast

from graphql import ExecutionResult, GraphQLError, OperationType, get_operation_ast, subscribe

from server.graphql.context import Context
from server.graphql.documents import Documents
from server.graphql.executor import Compiler
from server.graphql.planning import StrawberryPlanner
from server.kit.errors import MASKED, ExpectedError, ForbiddenError, InvalidInputError
from server.kit.following import LostTrackError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    import strawberry

    from server.access.model import Viewer
    from server.graphql.documents import Prepared
    from server.services import Services

_log = logging.getLogger(__name__)
_STREAMED = "A subscription is answered by a stream of events: accept text/event-stream."


class Executor:
    """Executes the operations of one schema over the services."""

    def __init__(self, *, schema: strawberry.Schema, services: Services, may_introspect: bool) -> None:
        self._schema = schema._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
        self._services = services
        compiler = Compiler(self._schema, StrawberryPlanner(schema))
        self._documents = Documents(compiler=compiler, may_introspect=may_introspect)

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
        if prepared.compiled is None:
            return {"errors": [error.formatted for error in prepared.errors]}
        if _is_subscription(prepared, operation_name):
            return {"errors": [{"message": _STREAMED}]}
        context = Context(viewer=viewer, services=self._services, request_id=request_id)
        running = prepared.compiled.execute(
            context_value=context, variable_values=variables, operation_name=operation_name
        )
        return _response(await running if isawaitable(running) else running, request_id)

    async def stream(
        self,
        viewer: Viewer,
        request_id: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the responses of any operation: of a subscription one for each event."""
        prepared = self._documents.prepare(query)
        if not _is_subscription(prepared, operation_name) or prepared.document is None:
            yield await self.execute(viewer, request_id, query, variables, operation_name)
            return
        subscribing = subscribe(
            self._schema,
            prepared.document,
            context_value=Context(viewer=viewer, services=self._services, request_id=request_id),
            variable_values=None if variables is None else dict(variables),
            operation_name=operation_name,
        )
        events = await subscribing if isawaitable(subscribing) else subscribing
        if isinstance(events, ExecutionResult):
            yield _response(events, request_id)
            return
        async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", events)) as results:
            try:
                async for result in results:
                    yield _response(result, request_id)
            except Exception as error:  # noqa: BLE001 - shown or masked as in any other operation
                yield {"errors": [_shown(_located(error), request_id)]}


def _is_subscription(prepared: Prepared, operation_name: str | None) -> bool:
    if prepared.document is None or prepared.errors:
        return False
    operation = get_operation_ast(prepared.document, operation_name)
    return operation is not None and operation.operation is OperationType.SUBSCRIPTION


def _located(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


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
    if isinstance(error, LostTrackError):
        return "LOST_TRACK"
    return "FORBIDDEN" if isinstance(error, ForbiddenError) else "REQUEST_REFUSED"
