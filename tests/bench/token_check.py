"""What it costs to know who asks, beside the whole request: one viewer token, shown again and again."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from server.access.limiting import DEFAULTS
from server.app import create_app
from server.kit.clock import system_clock
from server.web.addresses import ClientAddresses
from server.web.gate import Gate
from server.web.viewer import Proof
from tests.api import running_api, settings_for
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.widget import NEXT_QUESTION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message

    from tests.api import Api, Person
    from tests.bench.bench import Stage

_BAR_US = 20.0
_ROUNDS = 5
_SECONDS = 0.5  # of each round


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the widget, as the server hands it to the application: no socket, no client."""

    app: ASGIApp
    scope: dict[str, Any]
    body: bytes

    async def __call__(self) -> bytes:
        """Let the application answer it, and return the body."""
        said: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def send(message: Message) -> None:
            said.append(message.get("body", b""))

        await self.app({**self.scope, "state": {}}, receive, send)
        return b"".join(said)


def measure(stage: Stage) -> Figure:
    """Return the microseconds of a token check with a warm cache, held against the bar."""
    return asyncio.run(_measure(stage))


async def _measure(stage: Stage) -> Figure:
    settings = replace(
        settings_for(stage.mongod.url, "token_check"), limits=dict.fromkeys(DEFAULTS, (10**9, 60))
    )
    async with running_api(settings, system_clock) as api:
        person = await api.person()
        access = api.services.access
        asked = asked_by(api, person)
        gate = Gate(access=access, limits=api.services.limits, addresses=ClientAddresses(()))
        proof = Proof(f"Bearer {person.token}", person.origin)
        if b'"nextQuestion"' not in await asked():
            raise BenchError("The request was not answered.")
        whole = await _microseconds(asked)
        checked = await _microseconds(lambda: access.identify(person.token, person.origin))
        admitted = await _microseconds(lambda: gate.viewer(asked.scope, proof))
        cold = await _cold(api, person)
    return Figure(
        bench="token_check",
        figure=checked,
        unit="us",
        against=_BAR_US,
        more={
            "with_limits_us": admitted,
            "first_seen_us": cold,
            "whole_request_us": whole,
            "share_of_request": checked / whole,
        },
        failures=() if checked < _BAR_US else (f"{checked:.1f} us is above the bar of {_BAR_US:.0f}.",),
    )


def asked_by(api: Api, person: Person) -> Asked:
    """Return the widget's request for the next question."""
    body = json.dumps({"query": NEXT_QUESTION, "variables": {"placement": "home"}}).encode()
    given = {**person.headers, "content-type": "application/json", "accept": "application/json"}
    return Asked(
        app=create_app(api.services),
        scope={
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "client": ("203.0.113.7", 4711),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        },
        body=body,
    )


async def _cold(api: Api, person: Person) -> float:
    """Return what a token costs that was not seen before: its signature is verified."""
    access = api.services.access
    viewer = await access.identify(person.token, person.origin)
    tokens = iter([access.viewer_token(replace(viewer, profile_id=f"prf_{n}")).token for n in range(2_000)])
    began = time.perf_counter()
    for token in tokens:
        await access.identify(token, person.origin)
    return (time.perf_counter() - began) / 2_000 * 1e6


async def _microseconds(work: Callable[[], Awaitable[object]]) -> float:
    return median([await _round(work) for _ in range(_ROUNDS)])


async def _round(work: Callable[[], Awaitable[object]]) -> float:
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < _SECONDS:
        await work()
        count += 1
    return passed / count * 1e6
