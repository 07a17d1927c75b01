"""Lets as many operations in as can be done in good time; sends the others away at once, the lesser first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from server.kit.connections import ConnectionLimits
from server.kit.crowding import Priority

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from server.kit.crowding import Crowd
    from server.kit.instruments import Instruments
    from server.web.middleware import Defaults

_MESSAGE = "There is more to do than can be done in good time: try again in {} seconds."
# In which a client may come back, by priority: who matters less waits longer.
_SECONDS = {Priority.ANSWER: 1, Priority.QUESTION: 2, Priority.APP: 5, Priority.BULK: 15}
_EXECUTED = frozenset({"GET", "POST"})


class PriorityOf(Protocol):
    """Says how much an operation matters; see graphql.execution."""

    def __call__(self, text: object, sha256: object, *, is_app: bool) -> Priority:
        """Return it for a document by its text or its SHA-256, which may be neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shedding:
    """Decides whom to send away."""

    crowd: Crowd
    priority_of: PriorityOf
    instruments: Instruments

    def refused(self, text: object, sha256: object, *, is_app: bool) -> Priority | None:
        """Return the priority of an operation that there is no room for; None where there is."""
        priority = self.priority_of(text, sha256, is_app=is_app)
        if self.crowd.has_room_for(priority):
            return None
        self.instruments.refused(priority.name.lower())
        return priority


class Admission:
    """Stands before everything at one path: who is refused costs no more than reading what they sent.

    As long as there is room for all, a request is counted in and out and nothing more is looked at. What
    trickles in is in nobody's way: a request is let in once its body is there.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str,
        shedding: Shedding,
        defaults: Defaults,
        most_bytes: int = ConnectionLimits().body_bytes,
    ) -> None:
        self._app = app
        self._path = path
        self._shedding = shedding
        self._crowd = shedding.crowd
        self._most_bytes = most_bytes
        self._refusals = {priority: _refusal(priority, defaults) for priority in Priority}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] not in _EXECUTED:
            await self._app(scope, receive, send)
            return
        body, received = await _received(receive, self._most_bytes)
        if not self._crowd.has_room:
            proof = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            priority = self._shedding.refused(*_document(body), is_app=b" sk_" in proof)
            if priority is not None:
                await self._refuse(priority, send)
                return
        in_hand = _InHand(self._crowd, send)
        try:
            await self._app(scope, _again(received, receive), in_hand)
        finally:
            in_hand.leave()

    async def _refuse(self, priority: Priority, send: Send) -> None:
        self._shedding.instruments.responded(self._path, 503)
        start, body = self._refusals[priority]
        await send({**start})
        await send(body)


class _InHand:
    """A request that is in hand until its response begins: what a stream takes is not this."""

    __slots__ = ("_crowd", "_has_left", "_send")

    def __init__(self, crowd: Crowd, send: Send) -> None:
        self._crowd, self._send = crowd, send
        self._has_left = False
        crowd.enter()

    def __call__(self, message: Message) -> Awaitable[None]:
        """Send a part of the response."""
        self.leave()
        return self._send(message)

    def leave(self) -> None:
        """Have it done, if it was not."""
        if not self._has_left:
            self._has_left = True
            self._crowd.leave()


def error_of(priority: Priority) -> dict[str, Any]:
    """Return what an operation of this priority hears that is sent away."""
    return {"message": _MESSAGE.format(_SECONDS[priority]), "extensions": {"code": "OVERLOADED"}}


def _refusal(priority: Priority, defaults: Defaults) -> tuple[Message, Message]:
    body = orjson.dumps({"errors": [error_of(priority)]})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(_SECONDS[priority]).encode()),
        # It says nothing of anybody, so every page may read it: as a failure, and not as no answer at all.
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", b"Retry-After"),
    ]
    return (
        {"type": "http.response.start", "status": 503, "headers": defaults.beside(headers)},
        {"type": "http.response.body", "body": body},
    )


async def _received(receive: Receive, most_bytes: int) -> tuple[bytes, Message]:
    """Wait for a body, or for more of one than is read; return it, and all that brought it as one message."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) and len(body) <= most_bytes:
        more = await receive()
        body += more.get("body", b"")
        message = {**more, "body": body}
    return body, message


def _again(received: Message, receive: Receive) -> Receive:
    """Return what receives this message first."""
    waiting = iter((received,))

    async def receive_again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return receive_again


def _document(body: bytes) -> tuple[object, object]:
    """Return the text of the document that a body asks for, and its SHA-256, as far as it names them."""
    try:
        given = orjson.loads(body)
        extensions = given.get("extensions") or {}
        persisted = extensions.get("persistedQuery") or {}
        sha256 = persisted.get("sha256Hash") or given.get("documentId")
        return given.get("query"), sha256
    except (AttributeError, ValueError):
        return None, None
