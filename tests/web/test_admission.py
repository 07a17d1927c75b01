"""Where there is not room for all, operations are sent away at once, the lesser first, told when to come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from server.graphql.execution import Executor
from server.graphql.priorities import FIELDS
from server.graphql.schema import build_schema
from server.kit.connections import ConnectionLimits
from server.kit.crowding import Crowd, Priority
from server.kit.instruments import Instruments
from server.kit.operations import Operation
from server.web.admission import Admission, Shedding
from server.web.middleware import Defaults
from tests.api import PUBLIC_URL, SEEDER

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from tests.api import Api

LEAST = 10
DEFAULTS = Defaults(is_https=True)
APP = {"Authorization": "Bearer sk_made_up"}


def _priority_of(text: object, sha256: object, *, is_app: bool) -> Priority:
    return Priority.APP if is_app else Priority[str(text or sha256)]


class World:
    """An application that answers what it was sent, behind an admission with so many operations in hand."""

    def __init__(self, in_hand: int = 0) -> None:
        self.crowd = Crowd(least=LEAST, now=lambda: 0.0)
        self.instruments = Instruments()
        self.seen: list[int] = []  # how many were in hand, at each request
        self.received = 0  # messages
        self.admission = Admission(
            self._application,
            path="/graphql",
            shedding=Shedding(crowd=self.crowd, priority_of=_priority_of, instruments=self.instruments),
            defaults=DEFAULTS,
        )
        for _ in range(in_hand):
            self.crowd.enter()

    async def _application(self, _: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            self.received += 1
            body += message["body"]
            if not message.get("more_body"):
                break
        self.seen.append(self.crowd.in_hand)
        if body == b'"fail"':
            raise ZeroDivisionError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        self.seen.append(self.crowd.in_hand)
        await send({"type": "http.response.body", "body": body})

    async def post(self, query: str, path: str = "/graphql", **headers: str) -> httpx.Response:
        """Ask for a document."""
        transport = httpx.ASGITransport(app=self.admission)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
            return await http.post(path, json={"query": query}, headers=headers)

    def refused(self) -> str:
        """Return what was counted."""
        lines = self.instruments.text().decode().splitlines()
        return "".join(line for line in lines if line.startswith("acquaint_refused_total{"))


def _rooms() -> dict[Priority, int]:
    """Return how many there have to be in hand for one of each priority to be refused."""
    crowd = World().crowd
    rooms = dict.fromkeys(Priority, 0)
    while crowd.has_room_for(Priority.ANSWER):
        for priority in Priority:
            rooms[priority] += crowd.has_room_for(priority)
        crowd.enter()
    return rooms


@pytest.mark.parametrize("priority", [Priority.ANSWER, Priority.QUESTION, Priority.BULK])
async def test_operation_is_let_in_as_long_as_there_is_room_for_it(priority: Priority) -> None:
    room = _rooms()[priority]

    let_in = await World(in_hand=room - 1).post(priority.name)
    refused = await World(in_hand=room).post(priority.name)

    assert let_in.json() == {"query": priority.name}
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE


async def test_who_is_refused_is_told_when_to_come_again() -> None:
    world = World(in_hand=100)

    answer = await world.post("ANSWER", origin="https://shop.test")
    bulk = await world.post("BULK")

    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert answer.json()["errors"][0] == {
        "message": "There is more to do than can be done in good time: try again in 1 seconds.",
        "extensions": {"code": "OVERLOADED"},
    }
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert DEFAULTS.beside(answer.headers.raw) == answer.headers.raw  # none of them is missing
    assert int(bulk.headers["Retry-After"]) > 1
    assert world.seen == []


async def test_who_is_refused_is_counted() -> None:
    world = World(in_hand=100)

    await world.post("QUESTION")

    assert world.refused() == 'acquaint_refused_total{priority="question"} 1.0'


async def test_key_of_an_app_is_no_person() -> None:
    room = _rooms()[Priority.APP]

    person = await World(in_hand=room).post("QUESTION")
    app = await World(in_hand=room).post("QUESTION", **APP)

    assert person.status_code == httpx.codes.OK
    assert app.status_code == httpx.codes.SERVICE_UNAVAILABLE


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b'{"extensions": 1}', b'{"query": {}}'])
async def test_what_is_no_operation_is_refused_like_another(api: Api, body: bytes) -> None:
    executor = Executor(schema=build_schema(), services=api.services, may_introspect=False)
    crowd, instruments = Crowd(least=1), Instruments()
    for _ in range(100):
        crowd.enter()
    admission = Admission(
        World().admission,
        path="/graphql",
        shedding=Shedding(crowd=crowd, priority_of=executor.priority_of, instruments=instruments),
        defaults=DEFAULTS,
    )

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=admission), base_url=PUBLIC_URL) as http:
        refused = await http.post("/graphql", content=body)

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE


async def test_operation_is_in_hand_until_its_response_begins() -> None:
    world = World()

    await world.post("QUESTION")

    assert world.seen == [1, 0]


async def test_operation_that_fails_is_in_hand_no_longer() -> None:
    world = World()
    transport = httpx.ASGITransport(app=world.admission)

    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        with pytest.raises(ZeroDivisionError):
            await http.post("/graphql", content=b'"fail"')

    assert world.seen == [1]
    assert world.crowd.in_hand == 0


async def test_other_paths_are_open_to_all() -> None:
    answer = await World(in_hand=100).post("BULK", path="/livez")

    assert answer.status_code == httpx.codes.OK


async def test_body_is_not_in_hand_before_it_is_there_and_passed_on_in_one() -> None:
    world, messages = World(), asyncio.Queue[dict[str, object]]()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": []}
    asking = asyncio.ensure_future(world.admission(scope, messages.get, send))
    messages.put_nowait({"type": "http.request", "body": b'{"query"', "more_body": True})
    while not messages.empty():  # noqa: ASYNC110 - until it has been taken
        await asyncio.sleep(0)
    in_hand = world.crowd.in_hand
    messages.put_nowait({"type": "http.request", "body": b': "QUESTION"}', "more_body": False})
    await asking

    assert in_hand == 0
    assert world.received == 1  # each takes hundreds of bytes, whatever is in it
    assert sent[-1]["body"] == b'{"query": "QUESTION"}'


# What matters how much


@pytest.mark.parametrize(
    ("text", "is_app", "expected"),
    [
        ('mutation { skipQuestion(input: {askId: "ask_1"}) { __typename } }', False, Priority.ANSWER),
        ('{ nextQuestion(placement: "home") { state } }', False, Priority.QUESTION),
        ("{ viewer { kind } }", False, Priority.QUESTION),
        ("{ viewer { kind } }", True, Priority.APP),
        ("{ profiles(first: 1) { edges { cursor } } }", True, Priority.BULK),
        ("{ auditLog(first: 1) { edges { cursor } } }", True, Priority.BULK),
    ],
)
async def test_priority_is_that_of_the_root_field_and_the_key(
    api: Api, text: str, expected: Priority, *, is_app: bool
) -> None:
    executor = Executor(schema=build_schema(), services=api.services, may_introspect=False)
    before = executor.priority_of(text, None, is_app=is_app)
    await executor.execute(SEEDER, "request", Operation(query=text))

    assert before is (Priority.APP if is_app else Priority.QUESTION)
    assert executor.priority_of(text, None, is_app=is_app) is expected


async def test_document_that_is_named_has_the_priority_of_its_text(api: Api) -> None:
    executor = Executor(schema=build_schema(), services=api.services, may_introspect=False)
    text = "{ profiles(first: 1) { edges { cursor } } }"
    await api.services.documents.add(SEEDER, [text])
    await api.services.documents.live.refresh()
    (sha256,) = [
        name for name, known in (await api.services.documents.live.current()).items() if known == text
    ]

    await executor.execute(SEEDER, "request", Operation(sha256=sha256))

    assert executor.priority_of(None, f"sha256:{sha256}", is_app=True) is Priority.BULK
    assert executor.priority_of(None, sha256, is_app=True) is Priority.BULK
    assert executor.priority_of(None, "unknown", is_app=True) is Priority.APP


def test_fields_with_a_priority_of_their_own_exist() -> None:
    schema = build_schema()._schema  # noqa: SLF001 - graphql-core's
    roots = [root.fields for root in (schema.query_type, schema.mutation_type) if root is not None]

    assert {name for name in FIELDS if not any(name in fields for fields in roots)} == set()


async def test_limits_of_connections_say_how_many_are_let_in_at_least() -> None:
    assert Crowd(least=300).limit == 300
    assert Crowd().limit >= ConnectionLimits().least_operations
