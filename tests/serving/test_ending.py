"""A server ends where it can't serve as it should: whoever watches over it starts another."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from server.access.model import KeyId
from server.app import create_app
from server.kit.database_limits import DatabaseLimits
from server.services import build_services
from server.serving.server import Manners, Server, listening
from tests.api import settings_for
from tests.web.sockets import connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api import Api


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


async def test_process_ends_soon_though_the_database_is_away() -> None:
    patient = replace(DatabaseLimits(), selection_seconds=25)
    services = build_services(replace(settings_for("mongodb://127.0.0.1:1", "none"), database_limits=patient))
    app = create_app(services)

    async with asyncio.timeout(20), app.router.lifespan_context(app):
        services.access.uses.note(KeyId("key_1"))


async def test_conversation_hears_goodbye_however_busy_the_machine_is(api: Api) -> None:
    manners = Manners()
    services = build_services(api.services.settings)  # which it closes
    server = Server(create_app(services, manners.leaving), manners)
    listens = listening("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve([listens]))
    await server.is_listening.wait()
    async with connected(f"127.0.0.1:{listens.getsockname()[1]}", api.admin) as client:
        await client.subscribe("subscription { profilesChanged { cursor } }")

        server.should_exit = True
        await manners.leaving.begun.wait()
        time.sleep(4)  # noqa: ASYNC251 - nothing of ours runs for longer than a server lingers
        ended = await client.ended()

    await serving
    assert ended == (1001, "The server is about to end: connect again")
