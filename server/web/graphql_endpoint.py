"""GraphQL over HTTP: POST with JSON, GET for what changes nothing; GraphiQL in development.

After the GraphQL-over-HTTP specification (2025 draft): a client that accepts
`application/graphql-response+json` gets 400 where nothing was executed, one that accepts only
`application/json` gets 200.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.errors import AuthenticationError, OriginNotAllowedError, TooManyRequestsError
from server.kit.errors import AWAY_SECONDS
from server.web.accepting import MediaType, Parts, accepted, accepted_parts
from server.web.event_stream import EventStream
from server.web.graphiql import graphiql_page
from server.web.parts import InParts, only
from server.web.reading_headers import header
from server.web.reading_operations import BadRequestError, TooLargeError, read_body, read_query
from server.web.viewer import proof_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from server.access.model import Viewer
    from server.kit.connections import ConnectionLimits
    from server.kit.leaving import Leaving
    from server.kit.operations import Operation
    from server.web.gate import Gate
    from server.web.viewer import Proof

_METHODS = "GET, POST"
_RETRY_SECONDS = 5  # another process may have room
_NAMES_A_DOCUMENT = frozenset({"query", "documentId", "extensions"})
# What a request that could be read came to, where the client speaks the response type; 200 for all else.
_STATUS = {"METHOD_NOT_ALLOWED": 405, "INTERNAL_ERROR": 500, "UNAVAILABLE": 503}
_NOT_EXECUTED = 400


class Execute(Protocol):
    """Runs one operation; see graphql.execution."""

    async def __call__(self, viewer: Viewer, request_id: str, operation: Operation) -> dict[str, Any]:
        """Return the response as GraphQL over HTTP has it."""


class Stream(Protocol):
    """Runs one operation of any kind; see graphql.execution."""

    def __call__(
        self, viewer: Viewer, request_id: str, operation: Operation
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Return its responses: of a query or a mutation one, of a subscription any number."""


class Deliver(Protocol):
    """Runs one operation whose answer may come in parts; see graphql.execution."""

    async def __call__(
        self,
        viewer: Viewer,
        request_id: str,
        operation: Operation,
        still_allowed: Callable[[], Awaitable[object]],
    ) -> dict[str, Any] | AsyncGenerator[dict[str, Any], None]:
        """Return the response, or its parts."""


class GraphQLEndpoint:
    """Answers at one path."""

    def __init__(
        self,
        *,
        gate: Gate,
        execute: Execute,
        deliver: Deliver,
        stream: Stream,
        leaving: Leaving,
        has_graphiql: bool,
        limits: ConnectionLimits,
    ) -> None:
        self._gate = gate
        self._leaving = leaving
        self._limits = limits
        self._streams: set[EventStream] = set()  # those that are being sent
        self._execute = execute
        self._deliver = deliver
        self._stream = stream
        self._has_graphiql = has_graphiql

    def route(self, path: str) -> Route:
        """Return the route to mount; it takes every method, so that every refusal is ours to word."""
        return Route(path, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._response(scope, receive)
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        """Return the response to one request; never raises for what a client sends."""
        if self._has_graphiql and _is_visit(scope):
            return graphiql_page()
        accept = header(scope, b"accept")
        media_type = accepted(accept)
        if media_type is None:
            return _refusal(406, f"The answer comes as {' or '.join(MediaType)}.", "BAD_REQUEST", None)
        return await self._answer(scope, receive, media_type, accepted_parts(accept))

    async def _answer(
        self, scope: Scope, receive: Receive, media_type: MediaType, parts: Parts | None
    ) -> Response:
        try:
            operation = await _operation(scope, receive, self._limits)
            proof = proof_of(scope)
            viewer = await self._gate.viewer(scope, proof)
        except BadRequestError as error:
            return _refused(error.status, str(error), error.extensions, media_type)
        except AuthenticationError as error:
            status = 403 if isinstance(error, OriginNotAllowedError) else 401
            return _refusal(status, error.message, error.code, media_type)
        except TooManyRequestsError as error:
            response = _refusal(429, error.message, error.code, media_type)
            response.headers["Retry-After"] = str(error.retry_after_seconds)
            return response
        if parts is None and media_type is not MediaType.EVENTS:
            executed = await self._execute(viewer, scope["state"]["request_id"], operation)
            return _answered(scope, operation, executed, media_type)
        return await self._streamed(scope, operation, media_type, parts, viewer, proof)

    async def _streamed(
        self,
        scope: Scope,
        operation: Operation,
        media_type: MediaType,
        parts: Parts | None,
        viewer: Viewer,
        proof: Proof,
    ) -> Response:
        def still_allowed() -> Awaitable[Viewer]:
            return proof.viewer(self._gate.access)

        request_id = scope["state"]["request_id"]
        if parts is None or media_type is MediaType.EVENTS:
            if len(self._streams) >= self._limits.streams:
                return _full(media_type)
            responses = self._stream(viewer, request_id, operation)
            return EventStream(responses, still_allowed, self._leaving, self._streams)
        delivered = await self._deliver(viewer, request_id, operation, still_allowed)
        if isinstance(delivered, dict) and media_type is not MediaType.PARTS:
            return _answered(scope, operation, delivered, media_type)
        return InParts(only(delivered) if isinstance(delivered, dict) else delivered, parts)


def _is_visit(scope: Scope) -> bool:
    """Whether somebody typed the address into a browser."""
    return bool(scope["method"] == "GET" and "text/html" in (header(scope, b"accept") or ""))


async def _operation(scope: Scope, receive: Receive, limits: ConnectionLimits) -> Operation:
    if scope["method"] == "POST":
        body = await _body(scope, receive, limits.body_bytes)
        return read_body(header(scope, b"content-type") or "", body, limits.body_depth)
    if scope["method"] != "GET":
        raise BadRequestError(405, "Send GraphQL by POST, or by GET what changes nothing.")
    request = Request(scope)
    if not _NAMES_A_DOCUMENT & request.query_params.keys():
        raise BadRequestError(400, "A GET names its document by the parameter `query` or `documentId`.")
    return read_query(request.query_params, request.headers, limits.body_depth)


async def _body(scope: Scope, receive: Receive, most_bytes: int) -> bytes:
    """Read the body up to the cap, whatever Content-Length promised."""
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequestError(400, "The body ended early.")
        body += message.get("body", b"")
        is_whole = not message.get("more_body", False)
        if len(body) > most_bytes:
            announced = header(scope, b"content-length") or ""
            raise TooLargeError(most_bytes, int(announced) if announced.isdecimal() else None)
    return body


def _answered(
    scope: Scope, operation: Operation, response: dict[str, Any], media_type: MediaType
) -> Response:
    code = _code(response)
    status = 200
    if "data" not in response and (media_type is MediaType.RESPONSE or code in _STATUS):
        status = _STATUS.get(code, _NOT_EXECUTED)
    elif code == "UNAVAILABLE" and not any((response["data"] or {}).values()):
        status = 503  # nothing came of it, though it was begun
    answer = _json(status, response, media_type)
    if operation.is_safe and operation.sha256 is not None and status == 200 and "errors" not in response:  # noqa: PLR2004
        return _kept_by_the_client(scope, answer)
    return answer


def _kept_by_the_client(scope: Scope, answer: Response) -> Response:
    """Let the browser keep the answer of a named document, and ask each time whether it still holds."""
    tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": tag, "Vary": "Accept, Authorization, Origin"}
    if header(scope, b"if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer


def _code(response: dict[str, Any]) -> str:
    errors: list[dict[str, Any]] = response.get("errors") or [{}]
    code: str = errors[0].get("extensions", {}).get("code", "")
    return code


def _full(media_type: MediaType) -> Response:
    response = _refusal(503, "There are as many streams as one process sends.", "OVERLOADED", media_type)
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _refusal(status: int, message: str, code: str, media_type: MediaType | None) -> Response:
    return _refused(status, message, {"code": code}, media_type)


def _refused(
    status: int, message: str, extensions: Mapping[str, object], media_type: MediaType | None
) -> Response:
    errors = {"errors": [{"message": message, "extensions": extensions}]}
    return _json(status, errors, MediaType.JSON if media_type is not MediaType.RESPONSE else media_type)


class _Json(Response):
    """What is nobody's to keep, with its headers as they go over the wire."""

    def __init__(self, status: int, body: bytes, media_type: MediaType) -> None:
        self.status_code, self.body, self.background = status, body, None
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [length, (b"content-type", _SPELLED[media_type]), (b"cache-control", b"no-store")]


_SPELLED = {each: each.value.encode() for each in MediaType}


def _json(status: int, content: dict[str, Any], media_type: MediaType) -> Response:
    response = _Json(status, orjson.dumps(content), media_type)
    if status == 503:  # noqa: PLR2004 - RFC 9110, section 15.6.4: a 503 may say when to come again
        response.headers["Retry-After"] = str(AWAY_SECONDS)
    if status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2: a 401 names a scheme
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 405:  # noqa: PLR2004 - RFC 9110, section 15.5.6: a 405 names what is allowed
        response.headers["Allow"] = _METHODS
    return response
