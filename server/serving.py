"""uvicorn, as we run it: the one server of a process, or a small one beside its work."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import uvicorn

from server.web.graphql_endpoint import MAX_BODY

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterator

_GRACE_SECONDS = 8  # to finish requests in hand; container runtimes kill ten seconds after SIGTERM


def run_server(app: Callable[..., Any], host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):  # raised again once uvicorn has ended in good order
        uvicorn.Server(_config(app, host, port)).run()


@contextlib.asynccontextmanager
async def served_beside(app: Callable[..., Any], host: str, port: int) -> AsyncIterator[None]:
    """Serve while the block runs, which ends by its own means."""
    server = _Beside(_config(app, host, port))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        try:
            await server.is_listening.wait()
            yield
        finally:
            server.should_exit = True


class _Beside(uvicorn.Server):
    """Leaves signals to whoever it is beside, and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Callable[..., Any], host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whom to believe is said by ACQUAINT_TRUSTED_PROXIES: see web/addresses.py
        timeout_graceful_shutdown=_GRACE_SECONDS,
        log_config=None,
        ws_max_size=MAX_BODY,
    )
