"""Responses that are whole when they are sent, as nearly all are: in one piece. Others as uvicorn does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent

_OF_OTHERS = frozenset({b"connection", b"transfer-encoding"})  # which uvicorn takes notice of
_CONTROLS = bytes({*range(32), 127} - {9})  # what no header may hold (RFC 9110, section 5.5)


class WholeResponse(RequestResponseCycle):
    """Holds the head of a response of a known length until its body is there."""

    _head: HTTPResponseStartEvent | None = None
    _length = 0

    async def send(self, message: ASGISendEvent) -> None:
        """Send a head or a body."""
        head, self._head = self._head, None
        if head is None:
            if message["type"] == "http.response.start" and self._may_wait(dict(message.get("headers", ()))):
                self._head = message
            else:
                await super().send(message)
        elif not self._is_sent(head, message):
            await super().send(head)
            await super().send(message)

    def _may_wait(self, headers: Mapping[bytes, bytes]) -> bool:
        length = headers.get(b"content-length", b"")
        self._length = int(length) if length.isdigit() else -1
        return (
            self._length >= 0
            and _OF_OTHERS.isdisjoint(headers)
            and self.keep_alive
            and not self.response_started
            and self.scope["method"] != "HEAD"
        )

    def _is_sent(self, head: HTTPResponseStartEvent, message: ASGISendEvent) -> bool:
        if message["type"] != "http.response.body" or message.get("more_body", False):
            return False
        if self.disconnected or self.flow.write_paused or not self.keep_alive:
            return False
        if b"connection" in dict(self.default_headers):
            return False  # as the process is about to end, uvicorn closes it
        headers, body = [*self.default_headers, *head.get("headers", ())], message.get("body", b"")
        lines = b"\r\n".join([b"%b: %b" % each for each in headers])
        has_controls = len(lines.translate(None, _CONTROLS)) != len(lines) - 2 * (len(headers) - 1)
        if has_controls or self._length != len(body):
            return False  # uvicorn says what is wrong
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"%b%b\r\n\r\n%b" % (STATUS_LINE[head["status"]], lines, body))
        self.message_event.set()
        self.on_response()
        return True
