"""GraphQL over HTTP: POST with JSON; GET shows GraphiQL in development.

After the GraphQL-over-HTTP specification (2025 draft): a client that accepts
`application/graphql-response+json` gets 400 where nothing was executed, one that accepts only
`application/json` gets 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from server.access.errors import AuthenticationError, OriginNotAllowedError, TooManyRequestsError
from server.web.event_stream import EventStream, wants_stream
from server.web.graphiql import graphiql_page
from server.web.viewer import proof_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.requests import Request

    from server.access.model import Viewer
    from server.web.gate import Gate

MAX_BODY = 256 * 1024  # bytes; the widget's largest answer has 10,000 characters
MAX_DEPTH = 64  # of variables; a condition of ten levels has some thirty
_JSON = "application/json"
_GRAPHQL = "application/graphql-response+json"


class Execute(Protocol):
    """Runs one operation; see graphql.schema."""

    async def __call__(
        self,
        viewer: Viewer,
        request_id: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
    ) -> dict[str, Any]:
        """Return the response as GraphQL over HTTP has it."""


class Stream(Protocol):
    """Runs one operation of any kind; see graphql.execution."""

    def __call__(
        self,
        viewer: Viewer,
        request_id: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Return its responses: of a query or a mutation one, of a subscription any number."""


class BadRequestError(Exception):
    """The request is not one that GraphQL over HTTP knows; `status` is how HTTP says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client wants executed."""

    query: str
    variables: Mapping[str, Any] | None
    name: str | None


class GraphQLEndpoint:
    """Answers at one path."""

    def __init__(self, *, gate: Gate, execute: Execute, stream: Stream, has_graphiql: bool) -> None:
        self._gate = gate
        self._execute = execute
        self._stream = stream
        self._has_graphiql = has_graphiql

    def route(self, path: str) -> Route:
        """Return the route to mount."""
        return Route(path, self.answer, methods=["GET", "POST"])

    async def answer(self, request: Request) -> Response:
        """Return the response to one request; never raises for what a client sends."""
        if request.method != "POST":
            return self._page()
        try:
            operation = read_operation(request.headers.get("content-type", ""), await _body(request))
            proof = proof_of(request)
            viewer = await self._gate.viewer(request.scope, proof)
        except BadRequestError as error:
            return _refusal(error.status, str(error), "BAD_REQUEST")
        except AuthenticationError as error:
            status = 403 if isinstance(error, OriginNotAllowedError) else 401
            return _refusal(status, error.message, error.code)
        except TooManyRequestsError as error:
            wait = {"Retry-After": str(error.retry_after_seconds)}
            return _refusal(429, error.message, error.code, wait)
        given = (
            viewer,
            request.state.request_id,
            operation.query,
            operation.variables,
            operation.name,
        )
        if wants_stream(request.headers.get("accept", "")):
            return EventStream(self._stream(*given), lambda: proof.viewer(self._gate.access))
        response = await self._execute(*given)
        return _negotiated(request, response)

    def _page(self) -> Response:
        if self._has_graphiql:
            return graphiql_page()
        return _refusal(405, "Send GraphQL by POST.", "BAD_REQUEST", {"Allow": "POST"})


def read_operation(content_type: str, body: bytes) -> Operation:
    """Return the operation of a request; raise BadRequestError for what is none."""
    if content_type.partition(";")[0].strip().lower() != _JSON:
        raise BadRequestError(415, "The Content-Type must be application/json.")
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequestError(400, "The body is not JSON in UTF-8.") from None
    return operation_of(given)


def operation_of(given: object) -> Operation:
    """Return the operation that a JSON value describes; raise BadRequestError for one that describes none."""
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise BadRequestError(400, "The body must be a JSON object with a `query` that is a string.")
    variables, name = given.get("variables"), given.get("operationName")
    if not isinstance(variables, dict | None):
        raise BadRequestError(400, "`variables` must be a JSON object.")
    if is_deeper(variables, MAX_DEPTH):
        raise BadRequestError(400, f"`variables` may be nested {MAX_DEPTH} deep.")
    if not isinstance(name, str | None):
        raise BadRequestError(400, "`operationName` must be a string.")
    return Operation(query=given["query"], variables=variables, name=name)


def is_deeper(value: object, most: int) -> bool:
    """Whether a JSON value is nested deeper than `most`: what reads it next would be, too."""
    layer: list[Any] = [value]
    for _ in range(most + 1):
        inner = [each.values() if isinstance(each, dict) else each for each in layer]
        layer = [item for items in inner if not isinstance(items, _PLAIN) for item in items]
        if not layer:
            return False
    return True


_PLAIN = (str, int, float, bool, type(None))


async def _body(request: Request) -> bytes:
    """Read the body up to the cap, whatever Content-Length promised."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MAX_BODY:
                raise BadRequestError(413, f"The body is larger than {MAX_BODY} bytes.")
            parts.append(part)
    except ClientDisconnect:
        raise BadRequestError(400, "The body ended early.") from None
    return b"".join(parts)


def _negotiated(request: Request, response: dict[str, Any]) -> Response:
    media_type = _GRAPHQL if _GRAPHQL in request.headers.get("accept", "") else _JSON
    status = 400 if media_type == _GRAPHQL and "data" not in response else 200
    return _json(status, response, media_type)


def _refusal(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> Response:
    errors = {"errors": [{"message": message, "extensions": {"code": code}}]}
    response = _json(status, errors, _JSON)
    response.headers.update(headers or {})
    if status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2: a 401 names a scheme
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _json(status: int, content: dict[str, Any], media_type: str) -> Response:
    response = Response(orjson.dumps(content), status_code=status, media_type=media_type)
    response.headers["Cache-Control"] = "no-store"
    return response
