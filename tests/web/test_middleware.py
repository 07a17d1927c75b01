"""What every answer carries: a request id, what browsers may do with it, and who may read it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from server.access.model import KeyKind
from server.access.service import Access
from server.access.store import KeyStore
from server.access.tokens import ViewerTokens
from server.app import create_app
from server.kit.instruments import Instruments
from server.kit.mongo import ConnectionFailure
from server.services import build_services
from server.web.middleware import RequestIds, SecurityHeaders
from tests.api import ORIGIN, PUBLIC_URL, SECRET, SEEDER, Caller, client_of, settings_for

if TYPE_CHECKING:
    import httpx
    from starlette.types import Receive, Scope, Send

    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock

KIND = "{ viewer { kind } }"
FOREIGN = "https://evil.test"


async def _preflight(api: Api, origin: str, path: str = "/graphql") -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return await api.http.options(path, headers=asked)


async def test_page_on_an_allowed_origin_may_ask(api: Api) -> None:
    answer = await _preflight(api, ORIGIN)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "*", f"{ORIGIN}.evil.test", ORIGIN.upper(), f"{ORIGIN}:444"]
)
async def test_page_on_another_origin_may_not(api: Api, origin: str) -> None:
    preflight = await _preflight(api, origin)
    answer = await api.post(KIND, Origin=origin)

    assert preflight.status_code == 403
    for each in (preflight, answer):
        assert [name for name in each.headers if name.startswith("access-control")] == []
        assert each.headers["Vary"] == "Origin"


async def test_answer_may_be_read_on_allowed_origins_whatever_it_is(api: Api) -> None:
    answers = [
        await api.post(KIND, by=api.page),
        await api.post(KIND, by=Caller(token="sk_unknown", origin=ORIGIN)),
        await api.post("{", by=api.page),
        await api.http.post("/graphql", content=b"{", headers={"Origin": ORIGIN}),
        await api.http.post("/graphql", content=b" " * 300_000, headers={"Origin": ORIGIN}),
    ]

    assert [answer.headers["Access-Control-Allow-Origin"] for answer in answers] == [ORIGIN] * 5
    assert answers[0].headers["Access-Control-Expose-Headers"] == "X-Request-Id, Retry-After"


async def test_origin_is_allowed_as_long_as_its_key_is(api: Api) -> None:
    made = await api.services.access.create_key(
        SEEDER, kind=KeyKind.PUBLISHABLE, name="Blog", origins=["https://blog.test"]
    )
    before = await _preflight(api, "https://blog.test")
    await api.services.access.revoke_key(SEEDER, made.key.id)

    after = await _preflight(api, "https://blog.test")

    assert (before.status_code, after.status_code) == (204, 403)


@pytest.mark.parametrize("path", ["/livez", "/auth/demo/start", "/graphiql/graphiql.js"])
async def test_nothing_but_graphql_and_the_widget_is_for_other_origins(api: Api, path: str) -> None:
    preflight = await _preflight(api, ORIGIN, path)
    answer = await api.http.get(path, headers={"Origin": ORIGIN})

    assert "Access-Control-Allow-Origin" not in preflight.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_nobody_is_sent_to_tls_that_is_not_there() -> None:
    async with client_of(SecurityHeaders(_broken, is_https=False)) as plain:
        response = await plain.get("/")

    assert "Strict-Transport-Security" not in response.headers


async def test_every_answer_has_a_request_id_of_its_own(api: Api) -> None:
    answers = [await api.post(KIND), await api.post("{"), await api.http.get("/nothing/here")]

    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 3
    assert all(len(each) == 16 for each in ids)


async def test_request_id_is_ours_and_not_the_callers(api: Api) -> None:
    response = await api.http.get("/livez", headers={"X-Request-Id": "forged"})

    assert response.headers["X-Request-Id"] != "forged"


async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
    message = "hunter2"
    raise RuntimeError(message)


async def _broken_halfway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await _broken(scope, receive, send)


async def test_whatever_falls_through_is_masked_and_logged_with_its_request_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with client_of(RequestIds(_broken, instruments=Instruments())) as http:
        response = await http.post("/graphql")

    request_id = response.headers["X-Request-Id"]
    (error,) = response.json()["errors"]
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert response.status_code == 500
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": request_id}
    assert "hunter2" not in response.text
    assert request_id in record.getMessage()
    assert record.exc_info is not None


async def test_half_an_answer_is_not_made_a_whole_one() -> None:
    sent: list[str] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    with pytest.raises(RuntimeError):
        await RequestIds(_broken_halfway, instruments=Instruments())(
            {"type": "http", "method": "GET", "headers": []},
            None,  # type: ignore[arg-type] # never asked for
            send,  # type: ignore[arg-type] # messages have keys of text
        )

    assert sent == ["http.response.start"]


class AwayStore(KeyStore):
    """The keys of a database that does not answer."""

    async def active(self) -> NoReturn:
        message = "10.0.0.7 is away"
        raise ConnectionFailure(message)


async def test_database_that_is_away_asks_clients_to_come_again(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    services = build_services(settings_for(mongodb_url, database.name), clock=clock)
    tokens = ViewerTokens(secret=SECRET, issuer=PUBLIC_URL, clock=clock)
    revocations = services.access.revocations
    access = Access(store=AwayStore(database), tokens=tokens, revocations=revocations, clock=clock)

    async with client_of(create_app(replace(services, access=access))) as http:
        response = await http.post("/graphql", json={"query": KIND}, headers={"Authorization": "Bearer sk_x"})

    services.close()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "10.0.0.7" not in response.text
