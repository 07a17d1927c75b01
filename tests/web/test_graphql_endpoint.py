"""GraphQL over HTTP: what is a request, who sent it, and what comes back for what is none."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import VIEWER_TOKEN_LIFETIME, Scope
from server.access.tokens import ViewerTokens
from server.kit.connections import ConnectionLimits
from tests.api import NOBODY, ORIGIN, PUBLIC_URL, SECRET, SEEDER, Caller
from tests.factories.access import person_viewer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.api import Api
    from tests.fakes import FakeClock

MAX_BODY = ConnectionLimits().body_bytes
KIND = "{ viewer { kind } }"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
VALID = json.dumps({"query": KIND}).encode()

NOT_JSON = {
    "nothing": b"",
    "half an object": b'{"query": "{ viewer',
    "text": b"query { viewer { kind } }",
    "a form": b"query=%7B+viewer+%7B+kind+%7D+%7D",
    "bytes that are no UTF-8": b'{"query": "\xff\xfe"}',
    "Latin-1": '{"query": "é"}'.encode("latin-1"),
    "UTF-16": '{"query": "{ viewer { kind } }"}'.encode("utf-16"),
    "a lone surrogate": rb'{"query": "\ud800"}',
    "lists without an end": b"[" * 100_000,
    "objects without an end": b'{"a":' * 40_000,
    "deep lists": b'{"query": "{a}", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "a number of 5,000 digits": b'{"query": "{a}", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    "a number beyond all numbers": b'{"query": "{a}", "variables": {"a": 1e999}}',
    "infinity": b'{"query": "{a}", "variables": {"a": Infinity}}',
    "two values": VALID + VALID,
}
NOT_AN_OPERATION = {
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "a string": b'"{ viewer { kind } }"',
    "a list": b"[]",
    "a batch": b"[" + VALID + b"]",
    "no query": b"{}",
    "a persisted query": b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}',
    "a query that is null": b'{"query": null}',
    "a query that is a list": b'{"query": ["{ viewer { kind } }"]}',
    "variables that are a list": b'{"query": "{a}", "variables": []}',
    "variables that are a string": b'{"query": "{a}", "variables": "{}"}',
    "variables that are a number": b'{"query": "{a}", "variables": 0}',
    "an operation name that is a number": b'{"query": "{a}", "operationName": 1}',
}


async def _send(api: Api, body: bytes, content_type: str | None = JSON, **headers: str) -> httpx.Response:
    given = headers if content_type is None else {"Content-Type": content_type, **headers}
    return await api.http.post("/graphql", content=body, headers=given)


async def test_body_that_is_no_json_is_refused_with_a_reason(api: Api) -> None:
    answers = {name: await _send(api, body) for name, body in NOT_JSON.items()}

    error = {"message": "The body is not JSON in UTF-8.", "extensions": {"code": "BAD_REQUEST"}}
    assert {name: (answer.status_code, answer.json()) for name, answer in answers.items()} == dict.fromkeys(
        NOT_JSON, (400, {"errors": [error]})
    )


async def test_json_that_is_no_operation_is_refused_with_a_reason(api: Api) -> None:
    answers = {name: await _send(api, body) for name, body in NOT_AN_OPERATION.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        NOT_AN_OPERATION, 400
    )
    for answer in answers.values():
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "BAD_REQUEST"}
        assert error["message"].endswith(
            (" that is a string.", " must be a JSON object.", " must be a string.", " hexadecimal digits.")
        )


async def test_body_may_be_so_large_and_no_larger(api: Api) -> None:
    padded = VALID[:-1] + b" " * (MAX_BODY - len(VALID)) + b"}"

    fits = await _send(api, padded)
    one_more = await _send(api, padded + b" ")
    much_more = await _send(api, VALID[:-1] + b" " * 300_000 + b"}")

    assert fits.json() == {"data": {"viewer": {"kind": "NOBODY"}}}
    assert (one_more.status_code, much_more.status_code) == (413, 413)
    assert one_more.json()["errors"] == [
        {
            "message": "The body is larger than 262144 bytes.",
            "extensions": {
                "code": "LIMIT_EXCEEDED",
                "limit": "body_bytes",
                "value": MAX_BODY + 1,
                "bound": MAX_BODY,
            },
        }
    ]


async def test_body_is_counted_as_it_arrives_and_not_as_it_is_announced(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_BODY:
            sent += 65_536
            yield b" " * 65_536

    response = await api.http.post("/graphql", content=endless(), headers={"Content-Type": JSON})

    assert response.status_code == 413


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json-evil",
        "application/jsonp",
        "text/json",
    ],
)
async def test_only_json_is_taken(api: Api, content_type: str | None) -> None:
    # A page elsewhere can send these without asking first (a "simple" request of CORS).
    response = await _send(api, VALID, content_type)

    assert response.status_code == 415
    assert response.json()["errors"][0]["message"] == "The Content-Type must be application/json."


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON ;charset=UTF-8"]
)
async def test_json_is_taken_however_it_is_spelled(api: Api, content_type: str) -> None:
    response = await _send(api, VALID, content_type)

    assert response.json() == {"data": {"viewer": {"kind": "NOBODY"}}}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.8, {JSON}", JSON),
        ("application/*", JSON),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
    ],
)
async def test_answer_is_of_the_type_that_was_asked_for(api: Api, accept: str, media_type: str) -> None:
    response = await _send(api, VALID, Accept=accept)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == media_type


async def test_answer_is_nobody_elses_to_keep(api: Api) -> None:
    answers = [await _send(api, VALID), await _send(api, b""), await api.http.post("/graphql")]

    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store"] * 3


@pytest.mark.parametrize("accept", ["text/html", "image/png", f"{JSON};q=0", "*/*;q=0", f"{JSON};q=x"])
async def test_type_that_is_not_ours_is_not_acceptable(api: Api, accept: str) -> None:
    response = await _send(api, VALID, Accept=accept)

    assert response.status_code == 406
    assert response.json()["errors"][0]["message"] == (
        "The answer comes as application/graphql-response+json or application/json or text/event-stream"
        " or multipart/mixed."
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"])
async def test_other_methods_are_told_which_are_allowed(api: Api, method: str) -> None:
    response = await api.http.request(method, "/graphql", json={"query": KIND})

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST"


async def test_get_shows_graphiql_in_development_from_our_own_files(api: Api) -> None:
    page = await api.http.get("/graphql?query=%7B+viewer+%7B+kind+%7D+%7D", headers={"Accept": "text/html"})

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "data" not in page.text.split("<script")[0]
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for file in ("graphiql.js", "graphiql.css", "react.js", "react-dom.js"):
        assert f"/graphiql/{file}" in page.text
        assert (await api.http.get(f"/graphiql/{file}")).status_code == 200


async def test_graphiql_is_not_there_in_production(production_api: Api) -> None:
    assert (await production_api.http.get("/graphiql/graphiql.js")).status_code == 404


# --- who sent it ----------------------------------------------------------------------------------------


async def test_token_proves_who_is_asking(api: Api) -> None:
    callers = {
        "NOBODY": NOBODY,
        "WIDGET": api.page,
        "PERSON": await api.person(),
        "APP": await api.app(Scope.PROFILES_READ),
        "ADMIN": api.admin,
    }

    kinds = [(await api.data(KIND, by=caller))["viewer"]["kind"] for caller in callers.values()]

    assert kinds == list(callers)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic c2s6", "sk_x", "Bearer\tsk_x", "Bearer  ", "Bearer " + "x" * 5_000],
)
async def test_authorization_that_is_no_bearer_token_is_refused(api: Api, header: str) -> None:
    response = await api.post(KIND, Authorization=header)

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "TOKEN_INVALID"}
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_good_token_of_another_scheme_proves_nothing(api: Api) -> None:
    for scheme in ("Basic", "Token", "bearer-token"):
        response = await api.post(KIND, Authorization=f"{scheme} {api.admin.token}")

        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"] == {"code": "TOKEN_INVALID"}


@pytest.mark.parametrize("token", ["sk_", "sk_unknown", "pk_unknown", "sk_é", "pk_" + "x" * 1_000])
async def test_unknown_key_is_refused(api: Api, token: str) -> None:
    response = await api.http.post(
        "/graphql", json={"query": KIND}, headers={b"Authorization": f"Bearer {token}".encode()}
    )

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "KEY_INVALID"}
    assert token not in response.text


async def test_revoked_key_and_unknown_key_look_the_same(api: Api) -> None:
    made = await api.services.access.create_admin_key("Lost")
    await api.services.access.revoke_key(SEEDER, made.key.id)

    revoked = await api.post(KIND, by=Caller(token=made.token))
    unknown = await api.post(KIND, by=Caller(token="sk_unknown"))

    assert (revoked.status_code, revoked.json()) == (unknown.status_code, unknown.json())


async def test_viewer_token_ends_after_fifteen_minutes(api: Api, clock: FakeClock) -> None:
    person = await api.person()
    clock.advance(VIEWER_TOKEN_LIFETIME - timedelta(seconds=1))
    in_time = await api.post(KIND, by=person)

    clock.advance(timedelta(seconds=1))
    late = await api.post(KIND, by=person)

    assert in_time.status_code == 200
    assert late.status_code == 401
    assert late.json()["errors"][0]["extensions"] == {"code": "TOKEN_EXPIRED"}
    assert late.json()["errors"][0]["message"].endswith(
        "call startVisit with the resume token for a new one."
    )


async def test_token_of_another_deployment_is_foreign(api: Api, clock: FakeClock) -> None:
    person = await api.person()
    viewer = person_viewer(person.profile_id, origin=ORIGIN)
    foreign = {
        "another secret": ViewerTokens(secret="x" * 40, issuer=PUBLIC_URL, clock=clock),
        "another issuer": ViewerTokens(secret=SECRET, issuer="https://other.test", clock=clock),
    }

    answers = {
        name: await api.post(KIND, by=Caller(token=tokens.issue(viewer).token, origin=ORIGIN))
        for name, tokens in foreign.items()
    }

    assert {
        name: (answer.status_code, answer.json()["errors"][0]["extensions"]["code"])
        for name, answer in answers.items()
    } == dict.fromkeys(foreign, (401, "TOKEN_INVALID"))


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.test", f"{ORIGIN}.evil.test", "http://shop.test"]
)
async def test_key_and_token_of_a_page_count_on_its_origin_alone(api: Api, origin: str | None) -> None:
    person = await api.person()

    for token in (api.page.token, person.token):
        response = await api.post(KIND, by=Caller(token=token, origin=origin))

        assert response.status_code == 403
        assert response.json()["errors"][0]["extensions"] == {"code": "ORIGIN_NOT_ALLOWED"}


async def test_cookie_proves_nothing(api: Api) -> None:
    person = await api.person()

    response = await api.post(KIND, Cookie=f"token={person.token}; session={person.resume_token}")

    assert response.json() == {"data": {"viewer": {"kind": "NOBODY"}}}
    assert "Set-Cookie" not in response.headers


async def test_resume_token_is_no_bearer_token(api: Api) -> None:
    person = await api.person()

    response = await api.post(KIND, by=Caller(token=person.resume_token, origin=ORIGIN))

    assert response.status_code == 401
