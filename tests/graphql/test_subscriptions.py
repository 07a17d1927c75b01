"""Listening to changes: who hears what, what was missed, and frames that no client should send."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from server.access.model import VIEWER_TOKEN_LIFETIME, Scope
from server.app import create_app
from server.profiles.model import ProfileUpdate
from tests.api import Caller
from tests.factories.profiles import APP, browser, user
from tests.web.sockets import connected, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.profiles.model import Profile
    from tests.api import Api
    from tests.fakes import FakeClock
    from tests.web.sockets import Client

ONE = """subscription ($id: ID!, $after: String) {
  profileChanged(id: $id, after: $after) { cursor profileId profile { id traits } mergedIntoId }
}"""
ALL = """subscription ($filter: Condition, $after: String) {
  profilesChanged(filter: $filter, after: $after) { cursor profileId profile { traits } mergedIntoId }
}"""


@pytest.fixture
async def address(api: Api) -> AsyncIterator[str]:
    """Host and port of the API behind a real socket."""
    async with served(create_app(api.services)) as address:
        yield address


async def _made(api: Api, name: str, **values: object) -> Profile:
    profiles = api.services.profiles
    recognised = await profiles.recognise(user(name))
    written = await profiles.write(recognised.id, ProfileUpdate(claims=await profiles.claims(values, APP)))
    assert written is not None
    return written


async def _listening(client: Client, api: Api, query: str, variables: dict[str, Any]) -> str:
    """Subscribe, wait until a change is heard, and return its cursor."""
    await client.subscribe(query, variables)
    probe = variables.get("id")
    for _ in range(100):
        if probe is None:
            await _made(api, "probe", job_title="probe")
        else:
            profile = await api.services.profiles.find(probe)
            assert profile is not None
            await api.services.profiles.write(profile.id, ProfileUpdate())
        try:
            async with asyncio.timeout(0.2):
                heard = json.loads(await client.connection.recv())
        except TimeoutError:
            continue
        return str(next(iter(heard["payload"]["data"].values()))["cursor"])
    raise AssertionError("nothing was ever heard")


async def _heard(client: Client) -> dict[str, Any]:
    message = await client.receive()
    assert message["type"] == "next", message
    event: dict[str, Any] = next(iter(message["payload"]["data"].values()))
    return event


async def _until(client: Client, profile_id: str, **traits: object) -> dict[str, Any]:
    """Return the first event that tells of a profile with these traits."""
    async with asyncio.timeout(10):
        while True:
            event = await _heard(client)
            known = (event["profile"] or {}).get("traits", {})
            if event["profileId"] == profile_id and traits.items() <= known.items():
                return event


async def test_change_of_a_profile_is_heard(api: Api, address: str) -> None:
    ada = await _made(api, "ada")

    async with connected(address, api.admin) as client:
        await _listening(client, api, ONE, {"id": ada.id})
        await _made(api, "bob", job_title="nobody's business")
        await _made(api, "ada", job_title="Countess")
        event = await _until(client, ada.id, job_title="Countess")

    assert event["profile"] == {"id": ada.id, "traits": {"job_title": "Countess"}}


async def test_listener_goes_on_where_it_left_off(api: Api, address: str) -> None:
    async with connected(address, api.admin) as client:
        cursor = await _listening(client, api, ALL, {})
    names = [f"u-{number}" for number in range(30)]
    for name in names:
        await _made(api, name, job_title=name)

    async with connected(address, api.admin) as again:
        await again.subscribe(ALL, {"after": cursor})
        told: set[str] = set()
        while not set(names) <= told:
            event = await _heard(again)
            told.add(event["profile"]["traits"].get("job_title"))

    assert set(names) <= told


async def test_listener_goes_on_in_another_process(api: Api, address: str) -> None:
    async with connected(address, api.admin) as client:
        cursor = await _listening(client, api, ALL, {})
    await _made(api, "ada", job_title="Countess")
    api.services.follower._forget()  # noqa: SLF001 - as a process that has just begun

    async with connected(address, api.admin) as again:
        await again.subscribe(ALL, {"after": cursor})
        while (await _heard(again))["profile"]["traits"] != {"job_title": "Countess"}:
            pass


async def test_filter_is_asked_of_what_a_profile_has_become(api: Api, address: str) -> None:
    chief = {"attribute": {"key": "job_title", "operator": "IN", "values": ["Chief", "probe"]}}

    async with connected(address, api.admin) as client:
        await _listening(client, api, ALL, {"filter": chief})
        await _made(api, "ada", job_title="Clerk")
        bob = await _made(api, "bob", job_title="Chief")
        event = await _heard(client)
        while event["profile"]["traits"]["job_title"] == "probe":
            event = await _heard(client)

    assert event["profileId"] == bob.id


async def test_merge_is_told_with_where_the_profile_went(api: Api, address: str) -> None:
    ada, stranger = await _made(api, "ada"), await api.services.profiles.recognise(browser())

    async with connected(address, api.admin) as client:
        await _listening(client, api, ONE, {"id": stranger.id})
        await api.services.profiles.fold(ada.id, stranger.id)
        event = await _heard(client)
        while event["mergedIntoId"] is None:
            event = await _heard(client)

    assert event["profile"] is None
    assert event["mergedIntoId"] == ada.id


async def test_person_hears_of_themself_alone(api: Api, address: str) -> None:
    person, ada = await api.person(), await _made(api, "ada")

    async with connected(address, person) as client:
        await _listening(client, api, ONE, {"id": person.profile_id})
    async with connected(address, person) as client:
        await client.subscribe(ONE, {"id": ada.id}, id="other")
        other = await client.receive()
        await client.subscribe(ALL, {}, id="all")
        everybody = await client.receive()

    assert (other["type"], other["payload"][0]["message"]) == ("error", "There is no such profile.")
    assert everybody["payload"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_queries_are_answered_over_the_same_connection(api: Api, address: str) -> None:
    async with connected(address, api.admin) as client:
        await client.subscribe("{ viewer { kind } }")
        answer, end = await client.receive(), await client.receive()

    assert answer == {"type": "next", "id": "1", "payload": {"data": {"viewer": {"kind": "ADMIN"}}}}
    assert end == {"type": "complete", "id": "1"}


async def test_listening_ends_with_the_token(api: Api, address: str, clock: FakeClock) -> None:
    person = await api.person()

    async with connected(address, person) as client:
        await _listening(client, api, ONE, {"id": person.profile_id})
        clock.advance(VIEWER_TOKEN_LIFETIME + timedelta(seconds=1))
        await api.services.profiles.write(person.profile_id, ProfileUpdate())
        ended = await client.ended()

    assert ended == (4403, "TOKEN_EXPIRED")


# Frames that no client should send


@pytest.mark.parametrize(
    "frame",
    [
        *("[]", "null", "1", '"x"', "{", "", "[" * 100_000, "9" * 5_000, "{}", "\0"),
        *('{"type": 1}', '{"type": "wish"}', '{"type": "subscribe"}', '{"type": "subscribe", "id": "1"}'),
        '{"type": "subscribe", "id": 1, "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
    ],
)
async def test_frame_that_is_none_closes_its_own_connection(api: Api, address: str, frame: str) -> None:
    async with connected(address, api.admin) as bystander, connected(address, api.admin) as client:
        await client.connection.send(frame)
        code, _ = await client.ended()
        await bystander.subscribe("{ viewer { kind } }")
        answer = await bystander.receive()

    assert code == 4400
    assert answer["type"] == "next"


async def test_binary_and_endless_frames_close_the_connection(api: Api, address: str) -> None:
    async with connected(address, api.admin) as binary, connected(address, api.admin) as endless:
        await binary.connection.send(b"{}")
        await endless.connection.send("x" * 300_000)
        codes = (await binary.ended())[0], (await endless.ended())[0]

    assert codes == (4400, 1009)


async def test_wrong_document_ends_its_operation_and_no_other(api: Api, address: str) -> None:
    async with connected(address, api.admin) as client:
        await client.subscribe("{", id="a")
        await client.subscribe("{ nope }", id="b")
        await client.subscribe(ALL, {"after": "garbage"}, id="c")
        await client.subscribe("{ viewer { kind } }", id="d")
        received = {message["id"]: message["type"] for message in [await client.receive() for _ in range(5)]}

    assert received == {"a": "error", "b": "error", "c": "error", "d": "complete"}


async def test_nobody_gets_in_without_proof(api: Api, address: str) -> None:
    ends = []
    for caller in (Caller(token="sk_wrong"), Caller(token=api.page.token, origin="https://shop.test.evil")):
        try:
            async with connected(address, origin=caller.origin) as client:
                await client.send(type="connection_init", payload={"authorization": f"Bearer {caller.token}"})
                ends.append(await client.ended())
        except InvalidStatus as refused:
            ends.append((refused.response.status_code, ""))
    async with connected(address) as client:
        await client.send(type="connection_init")
        ends.append(await client.ended())
    async with connected(address) as client:
        await client.subscribe(ALL)
        ends.append(await client.ended())

    assert ends == [(4403, "KEY_INVALID"), (403, ""), (4403, "Forbidden"), (4401, "Unauthorized")]


async def test_protocol_is_kept(api: Api, address: str) -> None:
    async with connected(address, api.admin) as twice:
        await twice.send(type="connection_init")
        introduced_twice = await twice.ended()
    async with connected(address, api.admin) as same:
        await same.subscribe(ALL)
        await same.subscribe(ALL)
        same_id = await same.ended()
    async with connected(address, api.admin) as many:
        await many.send(type="ping")
        pong = await many.receive()
        for number in range(21):
            await many.subscribe(ALL, id=str(number))
        refused = await many.receive()

    assert introduced_twice == (4429, "Too many initialisation requests")
    assert same_id == (4409, "Subscriber for 1 already exists")
    assert pong == {"type": "pong"}
    assert refused["id"] == "20"
    assert "at most 20 operations" in refused["payload"][0]["message"]


# Server-sent events


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            yield name, line.removeprefix("data:").strip()


async def test_changes_are_told_by_server_sent_events(api: Api, address: str) -> None:
    app = await api.app(Scope.PROFILES_READ)
    headers = {**app.headers, "Accept": "text/event-stream"}
    body = {"query": ALL}

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=10) as client:
        async with client.stream("POST", "/graphql", json=body, headers=headers) as response:
            events = _events(response)
            upcoming = asyncio.ensure_future(anext(events))
            for _ in range(100):
                await _made(api, "ada", job_title="Countess")
                if (await asyncio.wait({upcoming}, timeout=0.2))[0]:
                    break
            name, data = await upcoming
            kind = response.headers["content-type"]
        single = await client.post("/graphql", json={"query": "{ viewer { kind } }"}, headers=headers)
        refused = await client.post("/graphql", json=body, headers=app.headers)

    assert name == "next"
    assert json.loads(data)["data"]["profilesChanged"]["profile"] is not None
    assert kind.startswith("text/event-stream")
    assert (
        single.text == 'event: next\ndata: {"data":{"viewer":{"kind":"APP"}}}\n\nevent: complete\ndata:\n\n'
    )
    assert "text/event-stream" in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "accept", ["application/json, text/event-stream", "*/*", "application/graphql-response+json"]
)
async def test_who_takes_json_gets_json(api: Api, accept: str) -> None:
    response = await api.post("{ viewer { kind } }", by=api.admin, Accept=accept)

    assert response.json() == {"data": {"viewer": {"kind": "ADMIN"}}}
