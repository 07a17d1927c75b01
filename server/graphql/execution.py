"""Executes operations. What goes wrong is shown to a client only as far as the client can act on it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from inspect import isawaitable
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from graphql import ExecutionResult, GraphQLError, OperationType, subscribe

from server.access.model import ViewerKind
from server.graphql.context import Context
from server.graphql.documents import Documents, Prepared
from server.graphql.executor import Compiler
from server.graphql.increments import parts_of
from server.graphql.limits import LimitError
from server.graphql.persisted import PersistedDocuments
from server.graphql.planning import StrawberryPlanner
from server.graphql.priorities import priority_of
from server.kit.crowding import Crowd
from server.kit.errors import AWAY, MASKED, ExpectedError, ForbiddenError, InvalidInputError
from server.kit.following import LostTrackError
from server.kit.logs import tell
from server.kit.mongo import bounded, has_primary, is_outage
from server.kit.operations import OperationLimits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    import strawberry
    from graphql import ExperimentalIncrementalExecutionResults, InitialIncrementalExecutionResult

    from server.access.model import Viewer
    from server.graphql.executor import CompiledDocument
    from server.graphql.increments import StillAllowed
    from server.kit.crowding import Priority
    from server.kit.operations import Operation
    from server.services import Services

    Result = ExecutionResult | InitialIncrementalExecutionResult

_log = logging.getLogger(__name__)
_STREAMED = "A subscription is answered by a stream of events: accept text/event-stream."
_MOST_NAMED = 1_000  # documents; apps have a hundred
_LONGEST_MESSAGE = 500  # characters
_NOT_TRUSTED = "Pages may have those documents executed alone that were added beforehand."
_NOT_SAFE = "What changes anything comes by POST."


class Executor:
    """Executes the operations of one schema over the services.

    Admins may ask for the schema, in development everybody.
    """

    def __init__(
        self,
        *,
        schema: strawberry.Schema,
        services: Services,
        may_introspect: bool,
        limits: OperationLimits | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        self._crowd = crowd or Crowd()
        self._named: dict[str, str] = {}  # root fields of documents that are known by their SHA-256
        self._schema = schema._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
        self._services = services
        self._limits = limits or OperationLimits()
        self._instruments = services.instruments
        planner = StrawberryPlanner(schema)
        self._everybody_may_introspect = may_introspect
        self._open, self._closed = (self._documents(planner, may_introspect=may) for may in (True, False))
        self._persisted = PersistedDocuments()

    def _documents(self, planner: StrawberryPlanner, *, may_introspect: bool) -> Documents:
        compiler = Compiler(
            self._schema,
            planner,
            hide_suggestions=not may_introspect,
            fallbacks=self._instruments.fallbacks,
        )
        return Documents(
            compiler=compiler,
            may_introspect=may_introspect,
            limits=self._limits,
            instruments=self._instruments,
        )

    async def execute(self, viewer: Viewer, request_id: str, operation: Operation) -> dict[str, Any]:
        """Return `data` and `errors` as the response of GraphQL over HTTP has them.

        `data` is missing where nothing was executed, as of a document that is not valid.
        """
        began = perf_counter()
        with self._instruments.tracing.span("GraphQL") as span:
            prepared = await self._prepare(viewer, operation)
            response = await self._executed(prepared, viewer, request_id, operation)
            name, code = self._note(prepared, operation, response, perf_counter() - began)
            span.rename(f"GraphQL {name}")
            span.note(acquaint__viewer=viewer.kind, acquaint__code=code)
        return response

    async def deliver(
        self, viewer: Viewer, request_id: str, operation: Operation, still_allowed: StillAllowed
    ) -> dict[str, Any] | AsyncGenerator[dict[str, Any], None]:
        """Return what `execute` does; or the parts of the answer, where the document has some come later.

        `still_allowed` is asked before each later part, and raises AuthenticationError to end them.
        """
        prepared = await self._prepare(viewer, operation)
        if prepared.in_parts is None or _is_subscription(prepared, operation.name):
            return await self.execute(viewer, request_id, operation)
        until = asyncio.get_running_loop().time() + self._limits.seconds
        context = Context(viewer=viewer, services=self._services, request_id=request_id)
        first, later = await self._begun(prepared, prepared.in_parts, context, operation)
        self._note(prepared, operation, first, None)
        if later is None:
            return first
        return parts_of(
            first,
            later,
            until=until,
            still_allowed=still_allowed,
            show=lambda error: _shown(error, request_id),
            too_late=_too_late(self._limits.seconds),
        )

    async def _begun(
        self, prepared: Prepared, document: CompiledDocument, context: Context, operation: Operation
    ) -> tuple[dict[str, Any], ExperimentalIncrementalExecutionResults | None]:
        """Return the first part of an answer, and where those after it come from."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                with bounded(self._limits.seconds):
                    running = document.execute_incrementally(
                        context_value=context,
                        variable_values=operation.variables,
                        operation_name=operation.name,
                    )
                    results = await running if isawaitable(running) else running
        except TimeoutError:
            return {"errors": [_too_late(self._limits.seconds)]}, None
        if isinstance(results, ExecutionResult):
            return self._response(prepared, operation, results, context.request_id), None
        return self._response(prepared, operation, results.initial_result, context.request_id), results

    def _note(
        self, prepared: Prepared, operation: Operation, response: Mapping[str, Any], seconds: float | None
    ) -> tuple[str, str]:
        """Return what was executed, and how that ended."""
        name = prepared.name_of(operation.name)
        code = _code_of(response)
        self._instruments.operated(name, code, seconds)
        if seconds is not None:
            self._crowd.took(name, seconds)
        if operation.sha256 is not None and prepared.compiled is not None:
            if len(self._named) >= _MOST_NAMED:
                self._named.clear()
            self._named[operation.sha256] = name
        tell(operation=name, code=code)
        return name, code

    def priority_of(self, text: object, sha256: object, *, is_app: bool) -> Priority:
        """Return how much an operation matters; of a document that was not executed before by who asks."""
        if isinstance(text, str):
            known = self._open.known(text) or self._closed.known(text)
            root = None if known is None else known.name_of(None)
        else:
            root = self._named.get(str(sha256).removeprefix("sha256:"))
        return priority_of(root, is_app=is_app)

    async def _executed(
        self, prepared: Prepared, viewer: Viewer, request_id: str, operation: Operation
    ) -> dict[str, Any]:
        if prepared.compiled is None:
            return {"errors": [_short(error) for error in prepared.errors]}
        if _is_subscription(prepared, operation.name):
            return {"errors": [{"message": _STREAMED, "extensions": {"code": "BAD_REQUEST"}}]}
        context = Context(viewer=viewer, services=self._services, request_id=request_id)
        try:
            async with asyncio.timeout(self._limits.seconds):
                with bounded(self._limits.seconds):
                    running = prepared.compiled.execute(
                        context_value=context,
                        variable_values=operation.variables,
                        operation_name=operation.name,
                    )
                    result = await running if isawaitable(running) else running
        except TimeoutError:
            # No mutation is too much to ask: one that takes so long waits for the database.
            is_to_blame = _is_query(prepared, operation.name) and has_primary(self._services.client)
            return {"errors": [_too_late(self._limits.seconds) if is_to_blame else _away({}, request_id)]}
        return self._response(prepared, operation, result, request_id)

    async def _prepare(self, viewer: Viewer, operation: Operation) -> Prepared:
        """Return the document of an operation, or why it is not executed."""
        documents = self._open if self._may_introspect(viewer) else self._closed
        try:
            prepared = documents.prepare(await self._text(viewer, operation))
        except GraphQLError as error:
            return Prepared(None, (error,), None)
        if prepared.errors:
            return prepared
        self._persisted.keep(operation)
        refusal = self._refusal(prepared, operation)
        return prepared if refusal is None else Prepared(prepared.document, (refusal,), None)

    def _may_introspect(self, viewer: Viewer) -> bool:
        return self._everybody_may_introspect or viewer.kind is ViewerKind.ADMIN

    async def _text(self, viewer: Viewer, operation: Operation) -> str:
        """Return the text of the document; raise GraphQLError where it is not known or not to be executed."""
        trusted = self._services.documents
        if operation.query is None and operation.sha256 is not None:
            known = await trusted.text(operation.sha256)
            if known is not None:
                return known
        text = self._persisted.text(operation)
        if not await trusted.may_execute(viewer, text):
            raise GraphQLError(_NOT_TRUSTED, extensions={"code": "DOCUMENT_NOT_TRUSTED"})
        return text

    def _refusal(self, prepared: Prepared, operation: Operation) -> GraphQLError | None:
        chosen = prepared.operation(operation.name)
        if operation.is_safe and chosen is not None and chosen.operation is OperationType.MUTATION:
            return GraphQLError(_NOT_SAFE, extensions={"code": "METHOD_NOT_ALLOWED"})
        cost = prepared.cost(self._schema, operation.name, operation.variables or {})
        if cost <= self._limits.cost:
            return None
        return LimitError("cost", "An operation costs at most {}", cost, self._limits.cost, chosen)

    async def stream(
        self, viewer: Viewer, request_id: str, operation: Operation
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the responses of any operation: of a subscription one for each event."""
        prepared = await self._prepare(viewer, operation)
        if not _is_subscription(prepared, operation.name) or prepared.document is None:
            yield await self.execute(viewer, request_id, operation)
            return
        subscribing = subscribe(
            self._schema,
            prepared.document,
            context_value=Context(viewer=viewer, services=self._services, request_id=request_id),
            variable_values=None if operation.variables is None else dict(operation.variables),
            operation_name=operation.name,
            hide_suggestions=not self._may_introspect(viewer),
        )
        events = await subscribing if isawaitable(subscribing) else subscribing
        if isinstance(events, ExecutionResult):
            yield _shown_result(events, request_id)
            return
        self._instruments.operated(prepared.name_of(operation.name), "OK", None)
        async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", events)) as results:
            try:
                async for result in results:
                    yield _shown_result(result, request_id)
            except Exception as error:  # noqa: BLE001 - shown or masked as in any other operation
                yield {"errors": [_shown(_located(error), request_id)]}

    def _response(
        self, prepared: Prepared, operation: Operation, result: Result, request_id: str
    ) -> dict[str, Any]:
        response = _shown_result(result, request_id)
        if operation.shows_cost:
            cost = prepared.cost(self._schema, operation.name, operation.variables or {})
            response["extensions"] = {"cost": {"value": cost, "bound": self._limits.cost}}
        return response


def _is_subscription(prepared: Prepared, operation_name: str | None) -> bool:
    operation = prepared.operation(operation_name)
    return not prepared.errors and operation is not None and operation.operation is OperationType.SUBSCRIPTION


def _is_query(prepared: Prepared, operation_name: str | None) -> bool:
    operation = prepared.operation(operation_name)
    return operation is not None and operation.operation is OperationType.QUERY


def _too_late(seconds: float) -> dict[str, Any]:
    message = f"The operation took longer than {seconds:g} seconds and was given up."
    extensions = {"code": "LIMIT_EXCEEDED", "limit": "seconds", "value": None, "bound": seconds}
    return {"message": message, "extensions": extensions}


def _away(formatted: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    _log.warning("the database is away, request %s", request_id)
    return {**formatted, "message": AWAY, "extensions": {"code": "UNAVAILABLE", "requestId": request_id}}


def _located(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def _shown_result(result: Result, request_id: str) -> dict[str, Any]:
    if not result.errors:
        return {} if result.data is None else {"data": result.data}
    was_executed = result.data is not None or any(error.path for error in result.errors)
    response: dict[str, Any] = {"data": result.data} if was_executed else {}
    return {**response, "errors": [_shown(error, request_id) for error in result.errors]}


def _shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return _short(error)
    if isinstance(original, ExpectedError):
        return {**error.formatted, "extensions": {"code": _code(original)}}
    if is_outage(original):
        return _away(error.formatted, request_id)
    _log.error("unexpected error, request %s", request_id, exc_info=original)
    return {
        **error.formatted,
        "message": MASKED,
        "extensions": {"code": "INTERNAL_ERROR", "requestId": request_id},
    }


def _short(error: GraphQLError) -> dict[str, Any]:
    """Return an error as a client gets it; graphql-core repeats in full what it was sent."""
    formatted: dict[str, Any] = {**error.formatted}
    if len(error.message) > _LONGEST_MESSAGE:
        formatted["message"] = error.message[: _LONGEST_MESSAGE - 1] + "…"
    return formatted


def _code_of(response: Mapping[str, Any]) -> str:
    errors: list[dict[str, Any]] = response.get("errors") or []
    return str(errors[0].get("extensions", {}).get("code", "INVALID")) if errors else "OK"


def _code(error: ExpectedError) -> str:
    if isinstance(error, InvalidInputError):
        return "BAD_USER_INPUT"
    if isinstance(error, LostTrackError):
        return "LOST_TRACK"
    return "FORBIDDEN" if isinstance(error, ForbiddenError) else "REQUEST_REFUSED"
