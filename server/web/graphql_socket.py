"""GraphQL over WebSocket, by the protocol graphql-transport-ws with its close codes.

After the protocol's text in enisdenjo/graphql-ws (PROTOCOL.md). The legacy protocol, whose name is
`graphql-ws`, is not spoken.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from server.access.errors import AuthenticationError, TooManyRequestsError
from server.access.model import ViewerKind
from server.kit.connections import ConnectionLimits
from server.kit.crowding import Priority
from server.kit.leaving import Leaving
from server.kit.logs import begin
from server.web.admission import error_of
from server.web.reading_operations import BadRequestError, operation_of
from server.web.viewer import Proof

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.websockets import WebSocket

    from server.access.model import Viewer
    from server.kit.operations import Operation
    from server.web.admission import Shedding
    from server.web.gate import Gate
    from server.web.graphql_endpoint import Stream

_log = logging.getLogger(__name__)
PROTOCOL = "graphql-transport-ws"
_MAX_ID = 128  # characters
# Together less than the process lingers: in the first it lets its clients go one after the other, so that not
# all come back at once; the second is for operations to end that are in hand then.
_LEAVE_SECONDS = 1.0
_LAST_SECONDS = 0.5
_RETRY_SECONDS = 5


class ClosedError(Exception):
    """The conversation is over; code and reason are the protocol's."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class GraphQLSocket:
    """Answers WebSockets at one path."""

    def __init__(
        self,
        *,
        gate: Gate,
        stream: Stream,
        own_origin: str,
        shedding: Shedding,
        limits: ConnectionLimits | None = None,
        leaving: Leaving | None = None,
    ) -> None:
        self._gate = gate
        self._stream = stream
        self._own_origin = own_origin
        self._limits = limits or ConnectionLimits()
        self._connections = 0
        self._shedding = shedding
        self._leaving = leaving or Leaving()

    def route(self, path: str) -> WebSocketRoute:
        """Return the route to mount."""
        return WebSocketRoute(path, self.answer)

    async def answer(self, websocket: WebSocket) -> None:
        """Hold one conversation; never raises for what a client sends."""
        origin = websocket.headers.get("origin")
        may_come = origin in {None, self._own_origin} or await self._gate.access.may_embed(origin or "")
        if not may_come:
            await websocket.close()  # before it is accepted: HTTP 403
            return
        if not self._has_room():
            full = Response(status_code=503, headers={"Retry-After": str(_RETRY_SECONDS)})
            await websocket.send_denial_response(full)
            return
        self._connections += 1
        try:
            await self._converse(websocket)
        finally:
            self._connections -= 1

    def _has_room(self) -> bool:
        is_full = self._connections >= self._limits.sockets
        has_room = self._shedding.crowd.has_room_for(Priority.ANSWER)  # who knows what it will ask for
        return not is_full and not self._leaving.begun.is_set() and has_room

    async def _converse(self, websocket: WebSocket) -> None:
        speaks = PROTOCOL in websocket.scope["subprotocols"]
        await websocket.accept(subprotocol=PROTOCOL if speaks else None)
        try:
            conversation = _Conversation(
                websocket,
                self._gate,
                self._stream,
                speaks=speaks,
                limits=self._limits,
                shedding=self._shedding,
                leaving=self._leaving,
            )
            await conversation.run()
        except ClosedError as closed:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await websocket.close(closed.code, closed.reason)
        except (WebSocketDisconnect, TimeoutError):
            return


@dataclass(slots=True)
class _Conversation:
    """One connection after the handshake."""

    websocket: WebSocket
    gate: Gate
    stream: Stream
    speaks: bool
    limits: ConnectionLimits
    shedding: Shedding
    leaving: Leaving
    proof: Proof | None = None
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Talk until either side ends it; raises ClosedError with the reason."""
        # Raised below the try: Python 3.11.2 puts what `except*` raises into the group again.
        ended: Exception | None = None
        try:
            async with asyncio.TaskGroup() as group:
                leaving = group.create_task(self._leave())
                try:
                    await self._open()
                    while True:
                        await self._handle(await self._receive(), group)
                finally:
                    for task in (leaving, *self.operations.values()):
                        task.cancel()
        except* ClosedError as errors:
            ended = _first(errors)
        except* (WebSocketDisconnect, TimeoutError, OSError):
            ended = ended or WebSocketDisconnect()
        if ended is not None:
            raise ended

    async def _leave(self) -> None:
        """Say goodbye when this process is about to end; what has one response gets it before."""
        await self.leaving.begun.wait()
        await asyncio.sleep(random.uniform(0, _LEAVE_SECONDS))  # noqa: S311 - spreads the clients
        if self.operations:
            await asyncio.wait(self.operations.values(), timeout=_LAST_SECONDS)
        raise ClosedError(1001, "The server is about to end: connect again")

    async def _open(self) -> None:
        if not self.speaks:
            raise ClosedError(4406, "Subprotocol not acceptable")
        try:
            async with asyncio.timeout(self.limits.socket_init_seconds):
                message = await self._receive()
                while message["type"] in {"ping", "pong"}:
                    await self._pong(message)
                    message = await self._receive()
        except TimeoutError:
            raise ClosedError(4408, "Connection initialisation timeout") from None
        if message["type"] != "connection_init":
            raise ClosedError(4401, "Unauthorized")
        self.proof = _proof(self.websocket, message.get("payload"))
        try:
            await self._admitted()
        except TooManyRequestsError as error:
            raise ClosedError(4429, error.message) from None
        await self._send({"type": "connection_ack"})

    async def _admitted(self) -> Viewer:
        """Return who is asking, where another operation of theirs is welcome; raise TooManyRequestsError."""
        return await self._proved(lambda proof: self.gate.viewer(self.websocket.scope, proof))

    async def _still_allowed(self) -> None:
        """See to it that the proof is still good: tokens end and keys are revoked."""
        await self._proved(lambda proof: proof.viewer(self.gate.access))

    async def _proved(self, prove: Callable[[Proof], Awaitable[Viewer]]) -> Viewer:
        try:
            viewer = await prove(self.proof) if self.proof is not None else None
        except AuthenticationError as error:
            raise ClosedError(4403, error.code) from None
        if viewer is None or viewer.kind is ViewerKind.NOBODY:
            raise ClosedError(4403, "Forbidden")
        return viewer

    async def _handle(self, message: dict[str, Any], group: asyncio.TaskGroup) -> None:
        match message["type"]:
            case "ping" | "pong":
                await self._pong(message)
            case "subscribe":
                await self._subscribe(message, group)
            case "complete":
                task = self.operations.pop(str(message.get("id")), None)
                if task is not None:
                    task.cancel()
            case "connection_init":
                raise ClosedError(4429, "Too many initialisation requests")
            case _:
                raise ClosedError(4400, "Unknown message type")

    async def _pong(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "ping":
            await self._send({"type": "pong"})

    async def _subscribe(self, message: Mapping[str, Any], group: asyncio.TaskGroup) -> None:
        name = message.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= _MAX_ID:
            raise ClosedError(4400, f"An id has 1 to {_MAX_ID} characters")
        try:
            operation = operation_of(message.get("payload"), self.limits.body_depth)
        except BadRequestError as error:
            raise ClosedError(4400, str(error)) from None
        if self.leaving.begun.is_set():
            return  # the client hears that we close, and asks elsewhere
        if name in self.operations:
            raise ClosedError(4409, f"Subscriber for {name} already exists"[:120])
        most = self.limits.socket_operations
        if len(self.operations) >= most:
            await self._error(name, f"A connection has at most {most} operations at a time.")
            return
        self.operations[name] = group.create_task(self._operate(name, operation))

    async def _operate(self, name: str, operation: Operation) -> None:
        request_id, began = secrets.token_hex(8), perf_counter()
        begin(request_id=request_id)
        try:
            refused = self.shedding.refused(
                operation.query, operation.sha256, is_app=self.proof is not None and self.proof.is_secret_key
            )
            if refused is None:
                await self._answer(name, operation, request_id)
            else:
                self.operations.pop(name, None)
                await self._send({"type": "error", "id": name, "payload": [error_of(refused)]})
        finally:
            _log.info("socket operation", extra={"duration_ms": round((perf_counter() - began) * 1000, 2)})

    async def _answer(self, name: str, operation: Operation, request_id: str) -> None:
        try:
            viewer = await self._admitted()
        except TooManyRequestsError as error:
            self.operations.pop(name, None)
            await self._error(name, error.message)
            return
        responses = self.stream(viewer, request_id, operation)
        async with contextlib.aclosing(responses):
            async for response in responses:
                await self._still_allowed()
                if "data" not in response:
                    self.operations.pop(name, None)
                    await self._send({"type": "error", "id": name, "payload": response["errors"]})
                    return
                await self._send({"type": "next", "id": name, "payload": response})
        self.operations.pop(name, None)
        await self._send({"type": "complete", "id": name})

    async def _error(self, name: str, message: str) -> None:
        await self._send({"type": "error", "id": name, "payload": [{"message": message}]})

    async def _receive(self) -> dict[str, Any]:
        received = await self.websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code") or 1000)
        text = received.get("text")
        most = self.limits.body_bytes
        if text is None or len(text) > most:
            raise ClosedError(4400, f"A message is a text of at most {most} characters")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ClosedError(4400, "The message is not JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ClosedError(4400, "A message is a JSON object with a type")
        return message

    async def _send(self, message: Mapping[str, Any]) -> None:
        async with asyncio.timeout(self.limits.send_seconds), self.sending:
            await self.websocket.send_text(orjson.dumps(message).decode())


def _proof(websocket: WebSocket, payload: object) -> Proof:
    """Return what the client shows: in `connection_init`, as browsers have to, or in the handshake."""
    given = payload if isinstance(payload, dict) else {}
    shown = next((value for key, value in given.items() if key.lower() == "authorization"), None)
    if shown is None:
        shown = websocket.headers.get("authorization")
    if not isinstance(shown, str | None):
        raise ClosedError(4400, "`authorization` must be a string")
    return Proof(shown, websocket.headers.get("origin"))


def _first(errors: BaseExceptionGroup[ClosedError]) -> ClosedError:
    first = errors.exceptions[0]
    return first if isinstance(first, ClosedError) else _first(first)
