"""Documents named by the hash of their text: Apollo's automatic persisted queries, and `documentId`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.api import Api

KIND = "{ viewer { kind } }"
SHA256 = hashlib.sha256(KIND.encode()).hexdigest()
AUTOMATIC = {"persistedQuery": {"version": 1, "sha256Hash": SHA256}}
ANSWER = {"data": {"viewer": {"kind": "NOBODY"}}}


async def _send(api: Api, **body: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
    return await api.http.post("/graphql", json=body)


async def test_document_that_is_not_known_is_asked_for_and_known_from_then_on(api: Api) -> None:
    unknown = await _send(api, extensions=AUTOMATIC)
    with_text = await _send(api, query=KIND, extensions=AUTOMATIC)
    known = await _send(api, extensions=AUTOMATIC)

    error = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    assert (unknown.status_code, unknown.json()) == (200, {"errors": [error]})
    assert [with_text.json(), known.json()] == [ANSWER] * 2


@pytest.mark.parametrize("spelled", [SHA256, f"sha256:{SHA256}"])
async def test_document_id_names_what_was_sent_before(api: Api, spelled: str) -> None:
    unknown = await _send(api, documentId=spelled)
    await _send(api, query=KIND, extensions=AUTOMATIC)
    known = await _send(api, documentId=spelled)

    assert unknown.json()["errors"][0]["extensions"] == {"code": "DOCUMENT_NOT_FOUND"}
    assert known.json() == ANSWER


async def test_text_that_is_not_what_the_hash_says_is_refused_and_forgotten(api: Api) -> None:
    lie = await _send(api, query="{ __typename }", extensions=AUTOMATIC)
    after = await _send(api, extensions=AUTOMATIC)

    assert lie.json()["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_MISMATCH"}
    assert after.json()["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND"}


async def test_document_that_is_not_valid_is_not_kept(api: Api) -> None:
    text = "{ nothing }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}
    await _send(api, query=text, extensions=extensions)

    after = await _send(api, extensions=extensions)

    assert after.json()["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND"}


@pytest.mark.parametrize(
    "body",
    [
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": SHA256}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": SHA256[:-1]}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": SHA256.upper()}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"extensions": {"persistedQuery": []}},
        {"documentId": "sha512:" + SHA256},
        {"documentId": 7},
        {"documentId": "../../etc/passwd"},
        {"extensions": []},
        {"extensions": "{}"},
        {"extensions": {}},
    ],
)
async def test_name_that_is_none_is_refused_with_a_sentence(api: Api, body: dict[str, Any]) -> None:
    response = await api.http.post("/graphql", json=body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].endswith(".")


async def test_cost_is_told_to_whoever_asks_and_bounded_for_all(api: Api) -> None:
    told = await _send(api, query=KIND, extensions={"cost": True})
    dear = (
        "{ "
        + " ".join(
            f"p{n}: profiles(first: 100) {{ edges {{ node {{ attributes {{ claims {{ id }} }} }} }} }}"
            for n in range(9)
        )
        + " }"
    )
    refused = await _send(api, query=dear)

    assert told.json() == {**ANSWER, "extensions": {"cost": {"value": 2, "bound": 20_000}}}
    extensions = refused.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["limit"], extensions["bound"]) == (
        "LIMIT_EXCEEDED",
        "cost",
        20_000,
    )
