"""A load generator: prepared requests over keep-alive connections, one at a time on each, every answer kept.

Our own, not wrk: an answer to a question can be given once, so every request differs, and an answer
that came back fast but wrong must not count. It takes some 30 µs of its core a request.
"""

from __future__ import annotations

import gc
import re
import selectors
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.bench import BenchError
from tests.bench.figures import percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_HANG_SECONDS = 30.0
_CHUNK = 65_536  # bytes
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_OK = b"HTTP/1.1 200 "


class LoadError(BenchError):
    """The other side broke off, fell silent or does not speak the HTTP that we read."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it goes over the wire, the document it is about, and which body of a 200 is right."""

    request: bytes
    document_id: str
    is_right: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back: the response, and how long it took."""

    exchange: Exchange
    response: bytes
    seconds: float

    @property
    def body(self) -> bytes:
        """The response without its head."""
        return self.response.partition(b"\r\n\r\n")[2]

    @property
    def is_right(self) -> bool:
        """Whether it counts: a 200 with the right body."""
        return self.response.startswith(_OK) and self.exchange.is_right(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the load."""

    seconds: float
    right: Sequence[Answered]
    wrong: Sequence[Answered]

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return len(self.right) / self.seconds

    def milliseconds(self, percent: float) -> float:
        """Return a percentile of the time that right answers took."""
        return 1_000 * percentile([each.seconds for each in self.right], percent)


def post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a POST of JSON as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run_load(port: int, exchanges: Sequence[Exchange], *, connections: int) -> Run:
    """Send every request once, each connection the next one as soon as its last is answered."""
    lines = [
        _Line(socket.create_connection(("127.0.0.1", port))) for _ in range(min(connections, len(exchanges)))
    ]
    gc.collect()
    gc.disable()  # a pause of ours would be taken for one of theirs
    try:
        started = time.perf_counter()
        answered = _drive(lines, iter(exchanges))
        seconds = time.perf_counter() - started
    finally:
        gc.enable()
        for line in lines:
            line.socket.close()
    right = [each for each in answered if each.is_right]
    return Run(seconds=seconds, right=right, wrong=[each for each in answered if not each.is_right])


def is_complete(response: bytes) -> bool:
    """Whether head and body have arrived; raise LoadError for a head without Content-Length."""
    end = response.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(response, 0, end + 2)
    if length is None:
        raise LoadError(f"A response without Content-Length: {response[:200]!r}")
    return len(response) >= end + 4 + int(length[1])


class _Line:
    """One connection: sends a request, gathers the response."""

    __slots__ = ("_buffer", "_exchange", "_sent_at", "socket")

    def __init__(self, connected: socket.socket) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connected
        self._buffer = b""
        self._exchange: Exchange | None = None
        self._sent_at = 0.0

    def send(self, exchange: Exchange) -> None:
        self._exchange, self._buffer = exchange, b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(exchange.request)

    def gather(self) -> Answered | None:
        """Take what has arrived; return the response once it is whole."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk or self._exchange is None:
            raise LoadError(f"The connection was closed in the middle: {self._buffer[:200]!r}")
        self._buffer += chunk
        if not is_complete(self._buffer):
            return None
        taken = time.perf_counter() - self._sent_at
        return Answered(exchange=self._exchange, response=self._buffer, seconds=taken)


def _drive(lines: Sequence[_Line], waiting: Iterator[Exchange]) -> list[Answered]:
    answered: list[Answered] = []
    with selectors.DefaultSelector() as selector:
        for line, exchange in zip(lines, waiting, strict=False):
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(exchange)
        while selector.get_map():
            ready = selector.select(_HANG_SECONDS)
            if not ready:
                raise LoadError(f"No answer for {_HANG_SECONDS:.0f} seconds.")
            for key, _ in ready:
                line = key.data
                whole = line.gather()
                if whole is None:
                    continue
                answered.append(whole)
                following = next(waiting, None)
                if following is None:
                    selector.unregister(line.socket)
                else:
                    line.send(following)
    return answered
