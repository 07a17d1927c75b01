"""HTTP connections as uvicorn holds them, with an end to the patience of ours for slow and silent clients."""

from __future__ import annotations

import select
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.serving.responses import WholeResponse

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    from server.kit.connections import ConnectionLimits

_AT_ONCE = struct.pack("ii", 1, 0)  # linger, for no time: socket(7)


def _answer(status: HTTPStatus, message: str, *headers: str, **extensions: object) -> bytes:
    """Return a response that is written as it is, since no application is there to make one."""
    body = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        *("connection: close", "content-type: application/json", "cache-control: no-store"),
        *("x-content-type-options: nosniff", "content-security-policy: default-src 'none'", *headers),
        f"content-length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


_TOO_MANY = _answer(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "There are as many connections as one process takes.",
    "retry-after: 5",
    code="OVERLOADED",
)
_NOT_HTTP = _answer(HTTPStatus.BAD_REQUEST, "The request is not HTTP.", code="BAD_REQUEST")
_NO_HANDSHAKE = _answer(
    HTTPStatus.BAD_REQUEST,
    "The handshake of a WebSocket has no body, at most 128 headers, and at most 8192 bytes in each line.",
    code="BAD_REQUEST",
)
_AROUND = len(": \r\n")  # of a header, beside its name and its value


class PatientConnection(HttpToolsProtocol):
    """One connection; `limits` are for all of them.

    A request that arrives whole, as nearly all do, costs no timer: one is set where bytes are missing.
    """

    limits: ClassVar[ConnectionLimits]

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*arguments, **named)
        self._is_whole = False  # of the request at hand: nothing is missing
        self._has_head = False
        self._head_bytes = self._chunk_bytes = 0
        self._has_tail = False  # the last chunk ended a request, and may have begun another
        self._deadline: asyncio.TimerHandle | None = None
        self._send_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Expect a request, unless there are enough connections."""
        super().connection_made(cast("asyncio.Transport", transport))
        if len(self.connections) > self.limits.connections:
            self._refuse(_TOO_MANY)
            return
        self._expect(self.limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what waited."""
        self._forget()
        self._sent()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and see to it that what is missing comes in time."""
        had_head = self._has_head
        self._chunk_bytes, self._has_tail = len(data), False
        super().data_received(data)
        if self._is_whole or self.transport.is_closing():
            self._forget()
        elif not self._has_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.header_bytes:
                self._refuse(self._too_large())
            elif self._deadline is None:
                self._expect(self.limits.header_seconds)
        elif not had_head or self._deadline is None:
            self._expect(self.limits.body_seconds)

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._is_whole = self._has_head = False
        self._head_bytes = -self._chunk_bytes if self._has_tail else 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that the headers are there."""
        self._has_head = True
        most = self.limits.header_bytes
        # Nearly all that comes is smaller than the headers alone may be.
        if max(self._head_bytes, 0) + self._chunk_bytes > most and self._size() > most:
            self._refuse(self._too_large())
            raise _TooLargeError
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.__class__ = WholeResponse  # uvicorn has no other seam for it

    def on_message_complete(self) -> None:
        """Note that the request is there."""
        self._is_whole = self._has_tail = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket's own limits.

        A handshake that the library can't read is an event of its that uvicorn does not look at: nothing
        would ever be said.
        """
        self._forget()
        super().handle_websocket_upgrade()
        if cast("WebSocketsSansIOProtocol", self.transport.get_protocol()).conn.handshake_exc is not None:
            self._refuse(_NO_HANDSHAKE)

    def pause_writing(self) -> None:
        """Give a client that does not read its time."""
        super().pause_writing()
        self._send_deadline = self.loop.call_later(self.limits.send_seconds, self._cut)

    def resume_writing(self) -> None:
        """Note that it reads."""
        self._sent()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Cut an idle connection; what its client has not taken by now it does not want."""
        if self.transport.get_write_buffer_size():
            self._cut()
        else:
            super().timeout_keep_alive_handler()

    @property
    def is_idle(self) -> bool:
        """Whether no request is in hand."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return cycle is None or cycle.response_complete

    def shutdown(self) -> None:
        """Close once what is in hand is answered, what has arrived unread included."""
        if not self.is_idle or not self._has_unread():
            super().shutdown()

    def _has_unread(self) -> bool:
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _expect(self, seconds: float) -> None:
        self._forget()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _sent(self) -> None:
        if self._send_deadline is not None:
            self._send_deadline.cancel()
            self._send_deadline = None

    def _give_up(self) -> None:
        """End a request that did not come in time; the application hears that its client is gone."""
        if self.is_idle:
            self._refuse(self._too_slow("headers") if self._head_bytes and not self._has_head else b"")
        elif not self.cycle.response_started and not self.pipeline:
            self.transport.write(self._too_slow("body"))
            self.transport.close()
        else:  # another answer is on its way
            self._cut()

    def _cut(self) -> None:
        """Reset the connection, so that the kernel does not hold for days what nobody reads."""
        ours = self.transport.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser stopped at, unless that was a refusal of ours."""
        del msg  # in text
        self._refuse(_NOT_HTTP)

    def _refuse(self, response: bytes) -> None:
        """Answer and hang up; into another answer that is on its way nothing is said."""
        self._forget()
        if self.is_idle and not self.transport.is_closing():
            self.transport.write(response)
        self.transport.close()

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + _AROUND for name, value in self.headers)

    def _too_large(self) -> bytes:
        bound = self.limits.header_bytes
        message = f"The address and the headers of a request have at most {bound} bytes."
        return _exceeded(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message, "header_bytes", bound)

    def _too_slow(self, part: Literal["headers", "body"]) -> bytes:
        limit = "header_seconds" if part == "headers" else "body_seconds"
        bound: int = getattr(self.limits, limit)
        message = f"The {part} of a request must come within {bound} seconds."
        return _exceeded(HTTPStatus.REQUEST_TIMEOUT, message, limit, bound)


class _TooLargeError(Exception):
    """Stops the parser."""


def _exceeded(status: HTTPStatus, message: str, limit: str, bound: int) -> bytes:
    return _answer(status, message, code="LIMIT_EXCEEDED", limit=limit, value=None, bound=bound)
