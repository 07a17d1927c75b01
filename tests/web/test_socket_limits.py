"""What a connection may cost us before it has said who it is, and how many there may be."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from websockets.exceptions import InvalidStatus

from server.app import create_app
from server.graphql.execution import Executor
from server.graphql.schema import build_schema
from server.kit.connections import ConnectionLimits
from server.kit.crowding import Crowd, Priority
from server.web.addresses import ClientAddresses
from server.web.admission import Shedding
from server.web.gate import Gate
from server.web.graphql_socket import GraphQLSocket
from tests.api import PUBLIC_URL, running_api, settings_for
from tests.web.sockets import connected, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock


@asynccontextmanager
async def _limited(
    api: Api,
    crowd: Crowd | None = None,
    **limits: Any,  # noqa: ANN401 - ConnectionLimits'
) -> AsyncIterator[str]:
    services = api.services
    gate = Gate(access=services.access, limits=services.limits, addresses=ClientAddresses(()))
    executor = Executor(schema=build_schema(), services=services, may_introspect=True)
    socket = GraphQLSocket(
        gate=gate,
        stream=executor.stream,
        own_origin=PUBLIC_URL,
        shedding=Shedding(
            crowd=crowd or Crowd(), priority_of=executor.priority_of, instruments=services.instruments
        ),
        limits=replace(ConnectionLimits(), **limits),
    )
    async with served(Starlette(routes=[socket.route("/graphql")])) as address:
        yield address


async def test_client_that_does_not_introduce_itself_is_let_go(api: Api) -> None:
    async with (
        _limited(api, socket_init_seconds=1) as address,
        connected(address) as silent,
        connected(address) as chatty,
    ):
        await chatty.send(type="ping")
        pong = await chatty.receive()
        ends = [await silent.ended(), await chatty.ended()]

    assert pong == {"type": "pong"}
    assert ends == [(4408, "Connection initialisation timeout")] * 2


async def test_client_that_introduced_itself_may_be_silent(api: Api) -> None:
    async with _limited(api, socket_init_seconds=1) as address, connected(address, api.admin) as client:
        async with connected(address) as silent:
            await silent.ended()
        await client.subscribe("{ viewer { kind } }")
        answer = await client.receive()

    assert answer["type"] == "next"


async def test_there_are_so_many_connections_and_no_more(api: Api) -> None:
    async with _limited(api, sockets=1) as address:
        async with connected(address, api.admin) as only:
            with pytest.raises(InvalidStatus) as refused:
                async with connected(address, api.admin):
                    pass
            await only.send(type="complete")
            await only.send(type="nonsense")
            await only.ended()
        async with connected(address, api.admin) as next_one:
            await next_one.subscribe("{ viewer { kind } }")
            answer = await next_one.receive()

    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"] == "5"
    assert answer["type"] == "next"


async def test_there_are_so_many_event_streams_and_no_more(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    settings = settings_for(mongodb_url, database.name)
    limited = replace(settings, connection_limits=ConnectionLimits(streams=1))
    async with (
        running_api(limited, clock) as api,
        served(create_app(api.services)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as http,
    ):
        headers = {**api.admin.headers, "Accept": "text/event-stream"}
        body = {"query": "subscription { profilesChanged { cursor } }"}
        async with http.stream("POST", "/graphql", json=body, headers=headers) as only:
            refused = await http.post("/graphql", json=body, headers=headers)

    assert only.status_code == httpx.codes.OK
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.headers["Retry-After"] == "5"
    assert refused.json()["errors"][0]["extensions"] == {"code": "OVERLOADED"}


async def test_operation_on_a_socket_is_sent_away_by_its_kind(api: Api) -> None:
    crowd, mutation = Crowd(least=10), "mutation { startVisit(input: {}) { __typename } }"
    async with (
        _limited(api, crowd) as address,
        connected(address, api.admin) as app,
        connected(address, api.page) as page,
    ):
        while crowd.has_room_for(Priority.APP):
            crowd.enter()

        await app.subscribe("{ viewer { kind } }")
        await page.subscribe(mutation)
        told = [await app.receive(), await page.receive()]

    assert told[0]["payload"] == [
        {
            "message": "There is more to do than can be done in good time: try again in 5 seconds.",
            "extensions": {"code": "OVERLOADED"},
        }
    ]
    assert told[1]["type"] == "next"
