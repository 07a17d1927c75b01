"""The API behind a real socket, and clients that speak to it frame by frame."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from server.kit.connections import ConnectionLimits
from server.web.graphql_socket import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette

    from tests.api import Caller


PATIENCE = 60.0  # seconds: a loaded machine takes some


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Serve an application that runs already, on a port of its own; yield host and port."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, lifespan="off", log_level="critical", ws_max_size=ConnectionLimits().body_bytes
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listening.close()


@dataclass(slots=True)
class Client:
    """Speaks graphql-transport-ws, also badly."""

    connection: ClientConnection
    kept: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **message: object) -> None:
        """Send one message."""
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """Return the next message; fail where none comes."""
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def subscribe(self, query: str, variables: object = None, *, id: str = "1") -> None:  # noqa: A002 - the protocol's word
        """Begin an operation."""
        await self.send(type="subscribe", id=id, payload={"query": query, "variables": variables})

    async def ended(self) -> tuple[int, str]:
        """Return the code and the reason with which the server closes."""
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def connected(
    address: str, caller: Caller | None = None, *, origin: str | None = None
) -> AsyncIterator[Client]:
    """Connect, and where there is a caller introduce them."""
    came_from = origin if caller is None else caller.origin
    headers = {} if came_from is None else {"Origin": came_from}
    async with connect(
        f"ws://{address}/graphql",
        subprotocols=[Subprotocol(PROTOCOL)],
        additional_headers=headers,
        open_timeout=PATIENCE,
    ) as connection:
        client = Client(connection)
        if caller is not None:
            await client.send(type="connection_init", payload={"authorization": f"Bearer {caller.token}"})
            assert await client.receive() == {"type": "connection_ack"}
        yield client
