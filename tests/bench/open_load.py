"""A load that does not wait for answers: requests go out at a rate, however long those before them take.

Over keep-alive connections, one request at a time on each. Where all are busy a request waits, and its time
counts from when it should have gone out.
"""

from __future__ import annotations

import gc
import selectors
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.figures import percentile
from tests.bench.load import LoadError, is_complete

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHUNK = 65_536  # bytes
_OK = b"HTTP/1.1 200 "
_REFUSED = b"HTTP/1.1 503 "
_HANG_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of one kind, and what came of it; `at` counts from the beginning of the load."""

    kind: str
    at: float
    seconds: float
    response: bytes

    @property
    def is_right(self) -> bool:
        """Whether it was answered."""
        return self.response.startswith(_OK) and b'"errors"' not in self.response

    @property
    def is_refused(self) -> bool:
        """Whether it was sent away for now."""
        return self.response.startswith(_REFUSED) and b"\r\nretry-after:" in self.response


def milliseconds(sent: Sequence[Sent], percent: float) -> float:
    """Return a percentile of the time that right answers took."""
    return 1_000 * percentile([each.seconds for each in sent if each.is_right], percent)


@dataclass(slots=True)
class _Line:
    """One connection and the request on it."""

    connected: socket.socket
    kind: str = ""
    due: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


def run_open_load(
    port: int, requests: Iterator[tuple[str, bytes]], *, rate: float, seconds: float, connections: int
) -> list[Sent]:
    """Send so many a second for so long, and return all once the last is answered."""
    lines = [_connected(port) for _ in range(connections)]
    gc.collect()
    gc.disable()  # a pause of ours would be taken for one of theirs
    try:
        with selectors.DefaultSelector() as selector:
            for line in lines:
                selector.register(line.connected, selectors.EVENT_READ, line)
            return _drive(selector, deque(lines), requests, rate, seconds)
    finally:
        gc.enable()
        for line in lines:
            line.connected.close()


def _connected(port: int) -> _Line:
    connected = socket.create_connection(("127.0.0.1", port))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Line(connected)


def _drive(
    selector: selectors.BaseSelector,
    free: deque[_Line],
    requests: Iterator[tuple[str, bytes]],
    rate: float,
    seconds: float,
) -> list[Sent]:
    sent: list[Sent] = []
    total, count, gap = int(rate * seconds), 0, 1 / rate
    began = last = time.perf_counter()
    while len(sent) < total:
        now = time.perf_counter()
        while free and count < total and began + count * gap <= now:
            _send(free.popleft(), next(requests), began + count * gap)
            count += 1
        for key, _ in selector.select(0.001):  # no shorter: whoever spins takes the core that MongoDB has
            line: _Line = key.data
            line.buffer += line.connected.recv(_CHUNK)
            response = bytes(line.buffer)
            if is_complete(response):
                last = time.perf_counter()
                sent.append(Sent(line.kind, line.due - began, last - line.due, response))
                free.append(line)
        if now - last > _HANG_SECONDS:
            raise LoadError(f"No answer for {_HANG_SECONDS:.0f} seconds.")
    return sent


def _send(line: _Line, request: tuple[str, bytes], due: float) -> None:
    line.kind, content = request
    line.due = due
    line.buffer.clear()
    line.connected.sendall(content)
