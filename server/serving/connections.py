"""HTTP connections as uvicorn holds them, with an end to the patience of ours for slow and silent clients."""

from __future__ import annotations

import select
import socket
import struct
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from server.kit.connections import ConnectionLimits

_AT_ONCE = struct.pack("ii", 1, 0)  # linger, for no time: socket(7)
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n"
)


class PatientConnection(HttpToolsProtocol):
    """One connection; `limits` are for all of them.

    A request that arrives whole, as nearly all do, costs no timer: one is set where bytes are missing.
    """

    limits: ClassVar[ConnectionLimits]

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*arguments, **named)
        self._is_whole = False  # of the request at hand: nothing is missing
        self._has_head = False
        self._head_bytes = 0
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
        super().data_received(data)
        if self._is_whole or self.transport.is_closing():
            self._forget()
        elif not self._has_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.header_bytes:
                self._refuse(_TOO_LARGE)
            elif self._deadline is None:
                self._expect(self.limits.header_seconds)
        elif not had_head or self._deadline is None:
            self._expect(self.limits.body_seconds)

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._is_whole = self._has_head = False
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that the headers are there."""
        self._has_head = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the request is there."""
        self._is_whole = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket's own limits."""
        self._forget()
        super().handle_websocket_upgrade()

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
            self._refuse(_TOO_SLOW if self._head_bytes and not self._has_head else b"")
        else:
            self._cut()

    def _cut(self) -> None:
        """Reset the connection, so that the kernel does not hold for days what nobody reads."""
        ours = self.transport.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _refuse(self, response: bytes) -> None:
        self._forget()
        self.transport.write(response)
        self.transport.close()
