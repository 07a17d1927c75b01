"""The line that every request leaves, and that nothing about a person stands in any."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from server.app import create_app
from server.kit.logs import formatter
from server.kit.relay import Relay
from server.reactions import reactions
from server.worker import Worker
from tests.factories.questions import question_draft
from tests.web.sockets import connected, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api import Api

CANARY = "canary"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ANSWER = (
    """mutation canaryName ($input: AnswerQuestionInput!) { answerQuestion(input: $input) { __typename } }"""
)


class Log:
    """Everything that was logged, as production renders it."""

    def __init__(self) -> None:
        self.out = io.StringIO()

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All of it."""
        return [json.loads(line) for line in self.text.splitlines()]

    async def requests(self) -> list[dict[str, Any]]:
        """The lines of requests, which come in the turn after their responses."""
        await asyncio.sleep(0)
        return [each for each in self.lines if each["event"] == "request"]


@pytest.fixture
def log() -> Iterator[Log]:
    log, root = Log(), logging.getLogger()
    handler = logging.StreamHandler(log.out)
    handler.setFormatter(formatter(is_readable=False))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as set_up_logs has it
    yield log
    root.setLevel(before)
    root.removeHandler(handler)


async def test_request_leaves_one_line(api: Api, log: Log) -> None:
    answer = await api.post(
        "{ viewer { kind } }", by=api.admin, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01"
    )

    (line,) = await log.requests()
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "server.web.middleware",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "request_id": answer.headers["X-Request-Id"],
        "trace_id": TRACE,
        "viewer": "admin",
        "operation": "viewer",
        "code": "OK",
    }


async def test_request_that_is_refused_leaves_one_too(api: Api, log: Log) -> None:
    await api.post("{ viewer { kind } }", Authorization="Bearer canary")

    (line,) = await log.requests()
    assert (line["status"], "viewer" in line, "operation" in line) == (401, False, False)


@pytest.mark.parametrize(
    ("asked", "path"),
    [("/auth/", "/auth/"), ("/auth/nobody/start", "/auth/{provider}/start"), ("/auth/a/b/c", "/auth")],
)
async def test_path_is_that_of_the_route_with_where_it_is_mounted(
    api: Api, log: Log, asked: str, path: str
) -> None:
    await api.http.get(asked)

    (line,) = await log.requests()
    assert line["path"] == path


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_probe_leaves_none(api: Api, log: Log, path: str) -> None:
    await api.http.get(path)

    assert await log.requests() == []


async def test_operation_over_a_socket_leaves_a_line_of_its_own(api: Api, log: Log) -> None:
    app = create_app(api.services)
    async with served(app) as address, connected(address, api.admin) as client:
        await client.subscribe("{ viewer { kind } }")
        await client.receive()
        await client.receive()

    (line,) = [each for each in log.lines if each["event"] == "socket operation"]
    assert (line["viewer"], line["operation"], line["code"]) == ("admin", "viewer", "OK")
    assert line["duration_ms"] > 0
    assert line["request_id"]


async def test_nothing_about_a_person_is_logged(api: Api, log: Log) -> None:
    services = api.services
    await api.publish("about_you", question_draft("job_title"))
    person = await api.signed_in(
        "canary-subject", email="canary@person.example", email_verified=True, given_name="Canary-Name"
    )
    value = {"input": {"askId": person.next["ask"]["id"], "value": "canary of all trades"}}
    await api.execute(ANSWER, value, by=person)
    await api.post(ANSWER, {"input": {"askId": "canary", "value": "canary"}}, by=person)
    await api.post('{ profile(by: {email: "canary@person.example"}) { canary } }', by=api.admin)
    await api.http.get("/canary?email=canary@person.example", headers={"traceparent": "canary"})
    await api.http.post("/graphql", content=b"canary", headers={"Authorization": "Bearer sk_canary"})
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    worker = Worker(name="ada", relay=relay, queue=services.queue, handlers=services.job_handlers)
    await worker.drain()

    assert len(await log.requests()) == 6
    assert CANARY not in log.text.lower()
    assert not any(token in log.text for token in (person.token, api.admin.token, api.page.token) if token)
