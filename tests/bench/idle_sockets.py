"""Ten thousand WebSockets that say nothing, and what everybody else notices of them."""

from __future__ import annotations

import asyncio
import json
import os
from itertools import cycle
from typing import TYPE_CHECKING

from server.serving.server import raise_open_files
from server.web.graphql_socket import PROTOCOL
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.hot_path import SERVE
from tests.bench.load import Exchange, run_load
from tests.bench.people import ORIGIN, production_environment, settle_people
from tests.bench.processes import free_port, running
from tests.bench.widget import NEXT_QUESTION, widget_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.bench import Stage
    from tests.bench.load import Run
    from tests.bench.people import Person
    from tests.bench.processes import Measured

_SOCKETS = 10_000
_AT_ONCE = 100
_REQUESTS = 2_000
_CONNECTIONS = 8
_BAR = 1.25  # times the p99 without them
_UPGRADE = (
    "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    f"Origin: {ORIGIN}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
)


def measure(stage: Stage) -> Figure:
    """Return the p99 of the next question beside idle WebSockets, against that without."""
    raise_open_files()
    port = free_port()
    environ = {**os.environ, **production_environment(stage.mongod.url, "idle_sockets", port)}
    people = settle_people(environ, 1_000)
    with running(SERVE, environ, port=port) as api:
        return asyncio.run(_measure(api, people))


async def _measure(api: Measured, people: list[Person]) -> Figure:
    crowd = cycle(people)
    _ask(api, crowd)
    before, memory = _ask(api, crowd), api.memory_mb() or 0.0
    sockets = await _connected(api.port, people[0])
    beside, larger = _ask(api, crowd), api.memory_mb() or 0.0
    for writer in sockets:
        writer.close()
    return Figure(
        bench="idle_sockets",
        figure=beside.milliseconds(99),
        unit="ms, p99 beside idle WebSockets",
        against=before.milliseconds(99),
        more={
            "bar": _BAR,
            "sockets": len(sockets),
            "rate": beside.rate,
            "against_rate": before.rate,
            "p50_ms": beside.milliseconds(50),
            "against_p50_ms": before.milliseconds(50),
            "mb": larger,
            "kb_a_socket": 1_000 * (larger - memory) / len(sockets),
        },
        failures=[f"{len(run.wrong)} requests failed" for run in (before, beside) if run.wrong],
    )


def _ask(api: Measured, crowd: Iterator[Person]) -> Run:
    exchanges = [
        Exchange(widget_request(api.port, each, NEXT_QUESTION, {"placement": "home"}), "", _is_right)
        for each in (next(crowd) for _ in range(_REQUESTS))
    ]
    return run_load(api.port, exchanges, connections=_CONNECTIONS)


def _is_right(body: bytes) -> bool:
    return b'"READY"' in body


async def _connected(port: int, person: Person) -> list[asyncio.StreamWriter]:
    """Return so many connections that have introduced themselves."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def connect() -> asyncio.StreamWriter:
        async with room:
            return await _introduced(port, person)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(connect()) for _ in range(_SOCKETS)]
    return [task.result() for task in tasks]


async def _introduced(port: int, person: Person) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_UPGRADE.format(port=port).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise BenchError(f"A WebSocket was refused: {head[:100]!r}")
    payload = {"type": "connection_init", "payload": {"authorization": f"Bearer {person.token}"}}
    writer.write(_frame(json.dumps(payload).encode()))
    told = await reader.readexactly(2)
    if b"connection_ack" not in await reader.readexactly(told[1]):
        raise BenchError("A WebSocket was not let in.")
    return writer


def _frame(text: bytes) -> bytes:
    """Return a message as a client sends it (RFC 6455, section 5.2), masked by zeros."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0xFE]) + len(text).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + text
