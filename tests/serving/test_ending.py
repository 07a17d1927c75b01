"""A server ends where it can't serve as it should: whoever watches over it starts another."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from server.serving.server import Manners, Server, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def test_server_ends_with_what_goes_on_beside_its_requests() -> None:
    fails = asyncio.Event()

    async def follow() -> None:
        await fails.wait()
        raise KeyError

    @asynccontextmanager
    async def following(_: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(follow())
            yield

    server = Server(Starlette(lifespan=following), Manners())
    serving = asyncio.create_task(server.serve([listening("127.0.0.1", 0)]))
    await server.is_listening.wait()

    fails.set()

    async with asyncio.timeout(60):
        await serving
