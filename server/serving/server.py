"""One server: how it is set up, how it begins to serve and how it ends without failing a request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn

from server.kit.connections import ConnectionLimits
from server.kit.leaving import Leaving
from server.serving.connections import PatientConnection
from server.serving.supervisor import READY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

_log = logging.getLogger(__name__)
_READY_SECONDS = 10.0  # that a new process waits until it can serve before it takes connections all the same
_READY_PAUSE = 0.2
_TICK_SECONDS = 0.05
_LINGER_TICKS = 40  # two seconds for clients to take the hint that their connection ends with a response
_GRACE_SECONDS = 6  # to finish requests in hand: both, as container runtimes kill ten seconds after SIGTERM
_BACKLOG = 2_048  # connections that wait to be taken
# Of a connection whose other side is gone without a word (tcp(7)): found out within a minute and a half,
# and within 30 seconds where something was sent.
_ALIVE = {"TCP_KEEPIDLE": 45, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
_CLOSE = (b"connection", b"close")
# What uvicorn has logged of clients, as warnings and errors: they are told, and nobody here is to blame.
_OF_CLIENTS = frozenset(
    {
        "Invalid HTTP request received.",
        "Unsupported upgrade request.",
        "Invalid UTF-8 sequence received from client.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a server treats its clients; `drain_seconds` it says it can't serve before it stops to."""

    limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    leaving: Leaving = field(default_factory=Leaving)
    drain_seconds: float = 0


class Server(uvicorn.Server):
    """Serves on given sockets until SIGTERM or Ctrl-C."""

    def __init__(self, app: Callable[..., Any], manners: Manners) -> None:
        super().__init__(_config(app, manners.limits))
        self._manners = manners
        self.is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self.is_listening.set()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end: also where what goes on beside requests has failed, as they need it."""
        return self.lifespan.error_occurred or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so, take nothing more, answer what is in hand, and only then let go."""
        leaving = self._manners.leaving
        leaving.announced.set()
        await self._drain(self._manners.drain_seconds)
        for server in self.servers:
            server.close()
        leaving.begun.set()
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        for connection in list(self.server_state.connections):
            if isinstance(connection, PatientConnection) and not connection.is_idle:
                connection.shutdown()
        await self._linger()
        await super().shutdown(sockets)

    async def _drain(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end and not self.force_exit:  # noqa: ASYNC110 - uvicorn tells by flags
            await asyncio.sleep(_TICK_SECONDS)

    async def _linger(self) -> None:
        """Give conversations the time to say goodbye.

        Told by ticks and not by the clock: where this process did not run for a while, nobody could.
        """
        for _ in range(_LINGER_TICKS):
            if not self.server_state.connections or self.force_exit:
                break
            await asyncio.sleep(_TICK_SECONDS)


class _OneOfSeveral(Server):
    """Takes connections once it can serve, and says so to its supervisor.

    Where it can't for long it takes them too: to say why.
    """

    def __init__(
        self, app: Callable[..., Any], manners: Manners, can_serve: Callable[[], Awaitable[bool]]
    ) -> None:
        super().__init__(app, manners)
        self._can_serve = can_serve

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        is_able = await self._becomes_able()
        await super().startup(sockets)
        if is_able:
            sys.stdout.buffer.write(READY)
            sys.stdout.flush()

    async def _becomes_able(self) -> bool:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not self.should_exit and not await self._can_serve():  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(_READY_PAUSE)
        except TimeoutError:
            return False
        return True


class _Beside(Server):
    """Leaves signals to whoever it is beside."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await uvicorn.Server.shutdown(self, sockets)


def run_server(app: Callable[..., Any], ours: socket.socket, manners: Manners | None = None) -> None:
    """Serve on a socket until SIGTERM or Ctrl-C."""
    raise_open_files()
    with contextlib.suppress(KeyboardInterrupt):  # raised again once uvicorn has ended in good order
        Server(app, manners or Manners()).run([ours])


def serve_on(
    descriptor: int,
    app: Callable[..., Any],
    manners: Manners,
    *,
    can_serve: Callable[[], Awaitable[bool]],
    beside: AbstractAsyncContextManager[None],
) -> None:
    """Serve as one of several processes, on their supervisor's socket, until SIGTERM."""
    raise_open_files()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the supervisor's; a terminal that hangs up ends that
    server = _OneOfSeveral(app, manners, can_serve)

    async def serve() -> None:
        async with beside:
            await server.serve([socket.socket(fileno=descriptor)])

    with (
        contextlib.suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner,
    ):
        runner.run(serve())


@contextlib.asynccontextmanager
async def served_beside(
    app: Callable[..., Any], host: str, port: int, manners: Manners | None = None
) -> AsyncIterator[None]:
    """Serve while the block runs, which ends by its own means.

    For a moment two processes may have the port: one that ends and its successor.
    """
    server = _Beside(app, manners or Manners())
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening(host, port, is_shared=True)]))
        try:
            await server.is_listening.wait()
            yield
        finally:
            server.should_exit = True


def listening(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """Return a socket that listens; raise OSError where the address can't be had.

    What is said here of connections is true of each that is accepted.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ours = socket.create_server((host, port), family=family, backlog=_BACKLOG, reuse_port=is_shared)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _ALIVE.items():
        if hasattr(socket, name):  # not everywhere but on Linux
            ours.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    _log.info("listening on %s, port %d", host, port)
    return ours


def raise_open_files() -> None:
    """Let this process open as many files as it may: each connection is one, and the usual 1,024 are few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS says unlimited and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _is_ours(record: logging.LogRecord) -> bool:
    return record.msg not in _OF_CLIENTS


def _config(app: Callable[..., Any], limits: ConnectionLimits) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_ours)
    return uvicorn.Config(
        app,
        ws="websockets-sansio",  # see PatientConnection
        http=type("Connection", (PatientConnection,), {"limits": limits}),
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whom to believe is said by ACQUAINT_TRUSTED_PROXIES: see web/addresses.py
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=limits.idle_seconds,
        log_config=None,
        ws_max_size=limits.body_bytes,
        ws_per_message_deflate=False,  # messages are short, and each connection would hold its dictionaries
        ws_ping_interval=limits.ping_seconds,
        ws_ping_timeout=limits.ping_seconds,
    )
