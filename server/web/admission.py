"""Lets as many operations in as can be done in good time; sends the others away at once, the lesser first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import orjson

from server.kit.connections import ConnectionLimits
from server.kit.crowding import Priority

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from server.kit.crowding import Crowd
    from server.kit.instruments import Instruments

_MESSAGE = "There is more to do than can be done in good time: try again in {} seconds."
# In which a client may come back, by priority: who matters less waits longer.
_SECONDS = {Priority.ANSWER: 1, Priority.QUESTION: 2, Priority.APP: 5, Priority.BULK: 15}
_EXECUTED = frozenset({"GET", "POST"})


class PriorityOf(Protocol):
    """Says how much an operation matters; see graphql.execution."""

    def __call__(self, text: object, sha256: object, *, is_app: bool) -> Priority:
        """Return it for a document by its text or its SHA-256, which may be neither."""


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
        crowd: Crowd,
        priority_of: PriorityOf,
        instruments: Instruments,
        most_bytes: int = ConnectionLimits().body_bytes,
    ) -> None:
        self._app = app
        self._path = path
        self._crowd = crowd
        self._priority_of = priority_of
        self._instruments = instruments
        self._most_bytes = most_bytes
        self._refusals = {priority: _refusal(seconds) for priority, seconds in _SECONDS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] not in _EXECUTED:
            await self._app(scope, receive, send)
            return
        body, received = await _received(receive, self._most_bytes)
        if not self._crowd.has_room:
            priority = self._priority(scope, body)
            if not self._crowd.has_room_for(priority):
                await self._refuse(priority, send)
                return
        await self._let_in(scope, _again(received, receive), send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request in hand until its response begins: what a stream takes is not this."""
        self._crowd.enter()
        is_in_hand = True

        async def send_and_leave(message: Message) -> None:
            nonlocal is_in_hand
            if is_in_hand:
                is_in_hand = False
                self._crowd.leave()
            await send(message)

        try:
            await self._app(scope, receive, send_and_leave)
        finally:
            if is_in_hand:
                self._crowd.leave()

    def _priority(self, scope: Scope, body: bytes) -> Priority:
        proof = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        text, sha256 = _document(body)
        return self._priority_of(text, sha256, is_app=b" sk_" in proof)

    async def _refuse(self, priority: Priority, send: Send) -> None:
        self._instruments.refused(priority.name.lower())
        self._instruments.responded(self._path, 503)
        start, body = self._refusals[priority]
        await send({**start})
        await send(body)


def _refusal(seconds: int) -> tuple[Message, Message]:
    error = {"message": _MESSAGE.format(seconds), "extensions": {"code": "OVERLOADED"}}
    body = orjson.dumps({"errors": [error]})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(seconds).encode()),
        (b"x-content-type-options", b"nosniff"),
        # It says nothing of anybody, so every page may read it: as a failure, and not as no answer at all.
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", b"Retry-After"),
    ]
    return (
        {"type": "http.response.start", "status": 503, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


async def _received(receive: Receive, most_bytes: int) -> tuple[bytes, list[Message]]:
    """Wait for a body, or for more of one than is read; return it and the messages that brought it."""
    message = await receive()
    messages, body = [message], message.get("body", b"")
    while message.get("more_body", False) and len(body) <= most_bytes:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
    return body, messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return what receives these messages first."""
    waiting = iter(messages)

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
