"""Real processes are replaced and ended under real load, and no request fails."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from server.kit.leash import leashed
from tests.api import Caller
from tests.e2e.deployment import free_ports
from tests.test_architecture import ROOT
from tests.web.sockets import connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

pytestmark = pytest.mark.e2e

PATIENCE = 90.0
TOKEN = "t" * 32  # of metrics
ORIGIN = "http://shop.test:8001"
UNLIMITED = """{"visits_per_address": null, "visits_per_key": null, "requests_per_address": null,
  "requests_per_key": null}"""
COUNT = r'acquaint_operations_total{code="OK",operation="viewer"} (.*)'
KIND = {"query": "{ viewer { kind } }"}
VISIT = {"query": "mutation { startVisit(input: {}) { ... on StartVisitSuccess { viewerToken } } }"}
WRITE = """mutation ($id: String!) {
  setAttributes(
    input: {profile: {userId: $id}, attributes: [{key: "nickname", value: "Ada"}], createIfMissing: true}
  ) { __typename } }"""
PERSON = {"data": {"viewer": {"kind": "PERSON"}}}
WRITTEN = {"data": {"setAttributes": {"__typename": "SetAttributesSuccess"}}}
HEAR = "subscription { profilesChanged { cursor } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running `acquaint serve`."""

    process: subprocess.Popen[bytes]
    url: str
    key: str
    page_key: str
    first_port: int  # of those by which its processes are watched

    @property
    def headers(self) -> dict[str, str]:
        """What proves that it is an admin who asks."""
        return {"Authorization": f"Bearer {self.key}"}

    def workers(self) -> set[int]:
        """Return the process ids of those that serve."""
        pid = self.process.pid
        return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def _two_ports() -> int:
    """Return a port of loopback that nobody listens on, nor on the next."""
    while True:
        first, _ = free_ports()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", first + 1)):
            return first


@contextlib.contextmanager
def _serving(mongodb_url: str, *options: str, **environ: str) -> Iterator[Service]:
    (port, _), first_port = free_ports(), _two_ports()
    secret = {} if "ACQUAINT_SECRET_FILE" in environ else {"ACQUAINT_SECRET": secrets.token_hex(32)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACQUAINT_")}
    ours = {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_LOG_LEVEL": "error",
        **secret,
        "ACQUAINT_METRICS_TOKEN": TOKEN,
        "ACQUAINT_FIRST_PROCESS_PORT": str(first_port),
        "ACQUAINT_LIMITS": UNLIMITED,
        "ACQUAINT_DEMO_URL": ORIGIN,
        "ACQUAINT_MONGODB_URL": mongodb_url,
        "ACQUAINT_DATABASE": f"serving_{secrets.token_hex(4)}",
        "ACQUAINT_PORT": str(port),
        **environ,
    }
    program = [sys.executable, "-m", "server"]
    printed = subprocess.run([*program, "setup"], env=ours, check=True, capture_output=True).stdout
    keys = {each["kind"]: each.get("token") for each in map(json.loads, printed.splitlines())}
    process = subprocess.Popen(leashed([*program, "serve", *options]), env=ours)
    try:
        yield Service(
            process=process,
            url=f"http://127.0.0.1:{port}",
            key=keys["admin_key"],
            page_key=keys["publishable_key"],
            first_port=first_port,
        )
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def service(mongodb_url: str) -> Iterator[Service]:
    """Two processes on one port."""
    with _serving(mongodb_url, "--workers", "2") as service:
        yield service


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps its connections."""
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        yield http


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nobody tells what other processes do
            await asyncio.sleep(0.02)


async def _is_ready(service: Service, http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(f"{service.url}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)


class _Load:
    """Requests one after the other, over connections that are kept and over new ones; what came of them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.right = 0
        self.wrong: list[str] = []

    async def run(self, *, keeps: bool) -> None:
        """Send until cancelled."""
        limits = httpx.Limits(max_keepalive_connections=1 if keeps else 0)
        async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as http:
            while True:
                await self._send(http)

    async def _send(self, http: httpx.AsyncClient) -> None:
        body = {"query": WRITE, "variables": {"id": secrets.token_hex(8)}}
        self._judge(await self._reply(http, body, self._service.headers), WRITTEN)

    async def _reply(self, http: httpx.AsyncClient, body: object, headers: Mapping[str, str]) -> object:
        try:
            response = await http.post(f"{self._service.url}/graphql", json=body, headers=headers)
        except httpx.TransportError as error:
            return repr(error)
        return response.json() if response.status_code == httpx.codes.OK else response.text

    def _judge(self, reply: object, wanted: object) -> None:
        if reply == wanted:
            self.right += 1
        else:
            self.wrong.append(str(reply))


class _Visits(_Load):
    """People who begin a visit and show its token to whichever process comes next."""

    async def _send(self, http: httpx.AsyncClient) -> None:
        begun = await self._reply(http, VISIT, _page(self._service.page_key))
        match begun:
            case {"data": {"startVisit": {"viewerToken": str(token)}}}:
                self._judge(await self._reply(http, KIND, _page(token)), PERSON)
            case _:
                self._judge(begun, "a visit")


def _page(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Origin": ORIGIN}


async def _replaced(service: Service) -> None:
    """Have all processes replaced, and return once the last of the old is gone."""
    former = service.workers()
    service.process.send_signal(signal.SIGHUP)
    await _until(lambda: len(service.workers()) == 2 and not service.workers() & former)


async def test_no_request_fails_while_all_processes_are_replaced(
    service: Service, http: httpx.AsyncClient
) -> None:
    await _is_ready(service, http)
    load = _Load(service)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(load.run(keeps=number % 2 == 0)) for number in range(8)]
        await _until(lambda: load.right > 50 or bool(load.wrong))

        await _replaced(service)

        enough = load.right + 50
        await _until(lambda: load.right > enough)
        for task in tasks:
            task.cancel()
    assert load.wrong == []


async def test_no_request_fails_while_the_secret_is_replaced(
    mongodb_url: str, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    file, old, new = tmp_path / "secret", "o" * 32, "n" * 32
    file.write_text(f"{old}\n{new}")
    with _serving(mongodb_url, "--workers", "2", ACQUAINT_SECRET_FILE=str(file)) as service:
        await _is_ready(service, http)
        begun = await http.post(f"{service.url}/graphql", json=VISIT, headers=_page(service.page_key))
        early = _page(begun.json()["data"]["startVisit"]["viewerToken"])
        load = _Visits(service)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(load.run(keeps=number % 2 == 0)) for number in range(4)]

            file.write_text(f"{new}\n{old}")
            await _replaced(service)
            kept = await http.post(f"{service.url}/graphql", json=KIND, headers=early)
            file.write_text(new)
            await _replaced(service)

            enough = load.right + 20
            await _until(lambda: load.right > enough or bool(load.wrong))
            for task in tasks:
                task.cancel()
        ended = await http.post(f"{service.url}/graphql", json=KIND, headers=early)
    assert load.wrong == []
    assert kept.json() == PERSON
    assert ended.status_code == httpx.codes.UNAUTHORIZED


async def test_each_process_counts_at_a_port_of_its_own(service: Service, http: httpx.AsyncClient) -> None:
    await _is_ready(service, http)
    shown = {"Authorization": f"Bearer {TOKEN}"}
    ports = [f"http://127.0.0.1:{service.first_port + place}" for place in range(2)]

    async def counted() -> float:
        figures = [(await http.get(f"{each}/metrics", headers=shown)).text for each in ports]
        return sum(float(each) for each in re.findall(COUNT, "".join(figures)))

    before = await counted()
    for _ in range(6):
        async with httpx.AsyncClient(timeout=PATIENCE) as another:
            await another.post(f"{service.url}/graphql", json=KIND, headers=service.headers)
    after = await counted()
    ready = [(await http.get(f"{each}/readyz")).json() for each in ports]
    unproved = await http.get(f"{ports[0]}/metrics")
    together = await http.get(f"{service.url}/metrics", headers=shown)
    elsewhere = await http.post(f"{ports[0]}/graphql", json=KIND, headers=service.headers)

    assert after - before == 6
    assert ready == [{"status": "ok"}] * 2
    assert unproved.status_code == httpx.codes.UNAUTHORIZED
    assert (together.status_code, elsewhere.status_code) == (httpx.codes.NOT_FOUND, httpx.codes.NOT_FOUND)


async def test_who_listens_is_told_to_come_back(service: Service, http: httpx.AsyncClient) -> None:
    await _is_ready(service, http)
    address, admin = service.url.removeprefix("http://"), Caller(token=service.key)
    events = {**service.headers, "Accept": "text/event-stream"}
    async with (
        connected(address, admin) as client,
        http.stream("POST", f"{service.url}/graphql", json={"query": HEAR}, headers=events) as stream,
    ):
        await client.subscribe(HEAR)

        await _replaced(service)

        told = "".join([part async for part in stream.aiter_text()])
        with pytest.raises(ConnectionClosed):
            await client.receive()
        ended = await client.ended()
    assert ended == (1001, "The server is about to end: connect again")
    assert "event: complete" not in told


async def test_process_that_was_killed_is_missed_by_nobody_who_comes_later(
    service: Service, http: httpx.AsyncClient
) -> None:
    await _is_ready(service, http)
    victim = min(service.workers())

    os.kill(victim, signal.SIGKILL)
    await _until(lambda: len(service.workers()) == 2 and victim not in service.workers())

    async with httpx.AsyncClient(timeout=PATIENCE) as another:
        answer = await another.post(f"{service.url}/graphql", json=KIND, headers=service.headers)
    assert answer.json() == {"data": {"viewer": {"kind": "ADMIN"}}}


async def test_process_says_first_that_it_will_end_and_serves_meanwhile(
    mongodb_url: str, http: httpx.AsyncClient
) -> None:
    with _serving(mongodb_url, ACQUAINT_DRAIN_SECONDS="120") as service:
        await _is_ready(service, http)

        service.process.terminate()
        async with asyncio.timeout(PATIENCE):
            while (ready := await http.get(f"{service.url}/readyz")).status_code == httpx.codes.OK:
                pass
        answer = await http.post(f"{service.url}/graphql", json=KIND, headers=service.headers)
        alive = await http.get(f"{service.url}/livez")
        service.process.send_signal(signal.SIGINT)  # twice asked it waits no longer

    assert ready.json() == {"status": "unavailable", "reasons": ["The process is about to end."]}
    assert answer.json() == {"data": {"viewer": {"kind": "ADMIN"}}}
    assert alive.status_code == httpx.codes.OK
