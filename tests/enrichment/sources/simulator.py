"""Every preset's provider behind one real socket: it wants to be asked as documented, and can misbehave."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from server.enrichment.sources.library import PRESETS, preset
from server.enrichment.sources.reading import read_spec
from server.enrichment.sources.source import HttpSource
from server.enrichment.sources.spec import SecretRef
from server.kit.calling import Caller
from tests.fakes import FakeClock
from tests.web.sockets import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from server.enrichment.sources.source import Callback
    from server.enrichment.sources.spec import EnricherSpec

MEBIBYTE = 1024 * 1024
_BOMB = gzip.compress(b" " * 16 * MEBIBYTE, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One answer. `body` is JSON unless it is bytes; `mode` names a way to misbehave."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    mode: str = "plain"


class Simulator:
    """Answers with what was scripted, then with each provider's documented example; counts its calls."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.begin()
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def begin(self) -> None:
        """Forget what was; let go of who still waits."""
        self.released.set()
        self.released = asyncio.Event()
        self.script: list[Scripted] = []
        self.calls: list[str] = []
        self.bodies: list[Any] = []
        self.refusals: list[str] = []

    async def _answer(self, request: Request) -> Response:
        self.calls.append(f"{request.headers['host']}{request.url.path}?{request.url.query}")
        body = await request.body()
        self.bodies.append(json.loads(body) if body else None)
        if self.script:
            return await self._scripted(self.script.pop(0))
        known = _asked_of(request)
        if known is None:
            self.refusals.append(self.calls[-1])
            return JSONResponse({"error": {"type": "unknown_route"}}, 404)
        example = known.example
        assert example is not None
        return JSONResponse(example.body, example.status)

    async def _scripted(self, answer: Scripted) -> Response:
        match answer.mode:
            case "hang":
                await self.released.wait()
            case "drip":
                return StreamingResponse(self._drip(), media_type="application/json")
            case "big":
                return StreamingResponse(_big(), media_type="application/json")
            case "bomb":
                headers = {"content-encoding": "gzip", "content-type": "application/json"}
                return Response(_BOMB, headers=headers)
        if answer.body is None or isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, answer.headers)
        return JSONResponse(answer.body, answer.status, answer.headers)

    async def _drip(self) -> AsyncIterator[bytes]:
        """Send a byte, and never the end."""
        yield b"{"
        await self.released.wait()


async def _big() -> AsyncIterator[bytes]:
    for _ in range(30):
        yield b" " * MEBIBYTE


def _asked_of(request: Request) -> EnricherSpec | None:
    """Return the preset that is asked as its provider documents it, secrets and all."""
    for key in PRESETS:
        spec = spec_of(key)
        host = spec.request.base_url.partition("://")[2]
        path = spec.request.path.partition("{")[0]
        is_same = request.headers["host"] == host and request.url.path.startswith(path)
        if is_same and request.method == spec.request.method and _is_proved(spec, request):
            return spec
    return None


def _is_proved(spec: EnricherSpec, request: Request) -> bool:
    for name, sent in spec.request.headers.items():
        if isinstance(sent, SecretRef) and request.headers.get(name) != secret(sent.name):
            return False
    for name, sent in spec.request.query.items():
        if isinstance(sent, SecretRef) and request.query_params.get(name) != secret(sent.name):
            return False
    auth = spec.request.auth
    if auth is None:
        return True
    if auth.secret is not None:
        return request.headers.get("authorization") == f"Bearer {secret(auth.secret)}"
    pair = ":".join("" if each is None else secret(each) for each in (auth.username, auth.password))
    return request.headers.get("authorization") == f"Basic {base64.b64encode(pair.encode()).decode()}"


def secret(name: str) -> str:
    """Return the made-up value of a secret."""
    return f"made-up-{name}"


def spec_of(key: str) -> EnricherSpec:
    """Return a preset, read."""
    return read_spec(preset(key))


class _ToSimulator(httpx.AsyncBaseTransport):
    """Sends what is for any host to one port of this machine."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._host, self._port = host, int(port)
        self._transport = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._host, port=self._port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


@dataclass(frozen=True, slots=True)
class Stand:
    """The simulator, and sources that ask it."""

    simulator: Simulator
    address: str
    transport: httpx.AsyncBaseTransport
    caller: Caller
    clock: FakeClock

    def source(
        self, spec: EnricherSpec, *, new_callback: Callable[[str], Callback] | None = None
    ) -> HttpSource:
        """Return the source of a spec, with all its secrets."""

        def none(_: str) -> Callback:
            raise AssertionError

        return HttpSource(
            key="tried",
            spec=spec,
            secrets={name: secret(name) for name in spec.secrets},
            caller=self.caller,
            clock=self.clock,
            new_callback=new_callback or none,
        )


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    """Serve a simulator on a port of its own."""
    simulator = Simulator()
    async with served(simulator.app) as address:
        transport = _ToSimulator(address)
        caller = Caller(transport)
        try:
            yield Stand(simulator, address, transport, caller, FakeClock())
        finally:
            simulator.released.set()
            await caller.close()
