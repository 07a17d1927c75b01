"""How long the API has with documents, bodies and frames made to hurt, and what they make it hold."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
from time import perf_counter
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from server.web.graphql_socket import PROTOCOL
from tests.bench.figures import Figure
from tests.bench.hot_path import SERVE
from tests.bench.people import ORIGIN, production_environment, settle_people
from tests.bench.processes import free_port, running
from tests.web.test_hostile import BODIES, DOCUMENTS, FRAMES, REFUSALS

if TYPE_CHECKING:
    from tests.bench.bench import Stage
    from tests.bench.people import Person

_BAR_MS = 100.0
_BAR_MB = 20.0
_TIMES = 3
_EXPECTED = frozenset({200, 400, 413, "error", *REFUSALS})


def measure(stage: Stage) -> Figure:
    """Return the longest answer, the best of a few times each, against the bar."""
    port = free_port()
    environ = {**os.environ, **production_environment(stage.mongod.url, "hostile", port)}
    (person,) = settle_people(environ, 1)
    bodies = {name: json.dumps({"query": text}).encode() for name, text in DOCUMENTS.items()} | BODIES
    with running(SERVE, environ, port=port) as api:
        _send(port, b'{"query": "{ viewer { kind } }"}')
        before = api.memory_mb("VmHWM")
        answers = {name: [_send(port, body) for _ in range(_TIMES)] for name, body in bodies.items()}
        answers |= {
            f"{name} (frame)": [_send_frame(port, person, frame) for _ in range(_TIMES)]
            for name, frame in FRAMES.items()
        }
        after = api.memory_mb("VmHWM")
    took = {name: min(milliseconds for milliseconds, _ in each) for name, each in answers.items()}
    slowest = max(took, key=lambda name: took[name])
    grown = None if before is None or after is None else after - before
    failures = [
        f"{name}: status {status}"
        for name, each in answers.items()
        for _, status in each
        if status not in _EXPECTED
    ]
    if took[slowest] > _BAR_MS:
        failures.append(f"{slowest}: {took[slowest]:.0f} ms")
    if grown is not None and grown > _BAR_MB:
        failures.append(f"all together: {grown:.0f} MB")
    return Figure(
        bench="hostile",
        figure=took[slowest],
        unit="ms",
        against=_BAR_MS,
        more={"inputs": len(answers), "grown_mb": grown},
        failures=failures,
    )


def _send(port: int, body: bytes) -> tuple[float, object]:
    """Return how many milliseconds the answer took, and its status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.connect()
        began = perf_counter()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # told before all of it was sent
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
        return (perf_counter() - began) * 1000, status
    finally:
        connection.close()


def _send_frame(port: int, person: Person, frame: str | bytes) -> tuple[float, object]:
    """Return how many milliseconds it took, and the type of the answer or the code of the end."""
    protocol = Subprotocol(PROTOCOL)
    address = f"ws://127.0.0.1:{port}/graphql"
    with connect(address, subprotocols=[protocol], additional_headers={"Origin": ORIGIN}) as socket:
        proof = {"authorization": f"Bearer {person.token}"}
        socket.send(json.dumps({"type": "connection_init", "payload": proof}))
        socket.recv()
        began = perf_counter()
        try:
            socket.send(frame)
            answer: object = json.loads(socket.recv())["type"]
        except ConnectionClosed:
            answer = socket.close_code
        return (perf_counter() - began) * 1000, answer
