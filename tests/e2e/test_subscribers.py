"""The clients that apps listen with, npm's graphql-ws and graphql-sse, against a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from server.app import create_app
from tests.e2e.subscribers.running import subscriber
from tests.web.sockets import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api import Api
    from tests.e2e.subscribers.running import Subscriber

pytestmark = pytest.mark.e2e

LIVE = """subscription ($after: String) { profilesChanged(after: $after) {
  cursor profile { traits } mergedIntoId } }"""
SET = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) { __typename } }"""
CLIENTS = ("graphql-ws", "graphql-sse")


@pytest.fixture
async def url(api: Api) -> AsyncIterator[str]:
    async with served(create_app(api.services)) as address:
        yield f"http://{address}/graphql"


async def change(api: Api, title: str) -> None:
    attributes = [{"key": "job_title", "value": title}]
    given = {"profile": {"userId": title}, "createIfMissing": True, "attributes": attributes}
    await api.data(SET, {"input": given}, by=api.admin)


async def titles_up_to(listening: Subscriber, last: str) -> list[str]:
    """Return what the client hears, each title once: of two changes both may show what the later one left."""
    titles: dict[str, None] = {}
    while last not in titles:
        said: dict[str, Any] = await listening.heard()
        titles |= dict.fromkeys(said["event"]["profile"]["traits"].values())
    return list(titles)


async def until_it_hears(api: Api, listening: Subscriber) -> None:
    """Change something again and again until the client hears of it: nothing says when it began to listen."""
    hearing, number = asyncio.ensure_future(listening.heard()), 0
    while not (await asyncio.wait({hearing}, timeout=0.2))[0]:
        number += 1
        await change(api, f"probe {number}")
    if f"probe {number}" not in str(hearing.result()):
        await titles_up_to(listening, f"probe {number}")


@pytest.mark.parametrize("client", CLIENTS)
async def test_client_that_lost_its_line_goes_on_where_it_left_off(api: Api, url: str, client: str) -> None:
    async with subscriber(client, url, api.admin.token or "", LIVE) as listening:
        await until_it_hears(api, listening)

        await listening.tell("drop")
        assert await listening.heard() == {"dropped": True}
        for number in range(5):
            await change(api, f"missed {number}")
        await listening.tell("go")
        missed = await titles_up_to(listening, "missed 4")
        await change(api, "live again")
        live = await titles_up_to(listening, "live again")

    assert [title for title in missed if "probe" not in title] == [f"missed {number}" for number in range(5)]
    assert live[-1] == "live again"


@pytest.mark.parametrize("client", CLIENTS)
async def test_client_with_a_cursor_that_is_none_is_told_why(api: Api, url: str, client: str) -> None:
    query = LIVE.replace("$after)", '"garbage")').replace("($after: String)", "")
    async with subscriber(client, url, api.admin.token or "", query) as listening:
        said = await listening.heard()

    assert "cursor" in str(said)
