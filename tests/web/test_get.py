"""Queries by GET: for scripts alone, and nothing that changes anything."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api import Api

KIND = "{ viewer { kind } }"
JSON = "application/json"
BY_SCRIPT = {"Sec-Fetch-Mode": "cors"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "same-origin"},
        {"Apollo-Require-Preflight": "true"},
        {"GraphQL-Require-Preflight": "1"},
        {"X-Apollo-Operation-Name": "Kind"},
    ],
)
async def test_query_comes_by_get_where_only_a_script_can_have_sent_it(
    production_api: Api, headers: dict[str, str]
) -> None:
    response = await production_api.http.get("/graphql", params={"query": KIND}, headers=headers)

    assert response.json() == {"data": {"viewer": {"kind": "NOBODY"}}}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Mode": "navigate"}, {"Sec-Fetch-Mode": "no-cors"}, {"Origin": "https://x.test"}],
)
async def test_nothing_is_executed_for_links_forms_and_images(
    production_api: Api, headers: dict[str, str]
) -> None:
    response = await production_api.http.get("/graphql", params={"query": KIND}, headers=headers)

    assert response.status_code == 400
    assert "GraphQL-Require-Preflight" in response.json()["errors"][0]["message"]


async def test_variables_and_operation_name_come_by_get_too(api: Api) -> None:
    parameters = {
        "query": "query A { viewer { kind } } query B($is: Boolean!) { viewer { kind @include(if: $is) } }",
        "operationName": "B",
        "variables": '{"is": false}',
    }

    response = await api.http.get("/graphql", params=parameters, headers=BY_SCRIPT)

    assert response.json() == {"data": {"viewer": {}}}


@pytest.mark.parametrize("variables", ["{", "[]", "1", "9" * 5_000])
async def test_variables_of_a_get_that_are_no_object_are_refused(api: Api, variables: str) -> None:
    parameters = {"query": KIND, "variables": variables}

    response = await api.http.get("/graphql", params=parameters, headers=BY_SCRIPT)

    assert response.status_code == 400


async def test_nothing_is_changed_by_get(api: Api) -> None:
    parameters = {"query": "mutation { signOut { __typename } }"}
    headers = {**BY_SCRIPT, "Accept": JSON}

    response = await api.http.get("/graphql", params=parameters, headers=headers)

    assert response.status_code == 405
    assert response.json()["errors"][0]["message"] == "What changes anything comes by POST."


async def test_get_without_a_document_is_told_how_to_name_one(production_api: Api) -> None:
    response = await production_api.http.get("/graphql")

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == (
        "A GET names its document by the parameter `query` or `documentId`."
    )


async def test_answer_of_a_named_document_may_be_kept_and_asked_for_again(api: Api) -> None:
    sha256 = hashlib.sha256(KIND.encode()).hexdigest()
    persisted = {"extensions": json.dumps({"persistedQuery": {"version": 1, "sha256Hash": sha256}})}
    await api.http.get("/graphql", params={**persisted, "query": KIND}, headers=BY_SCRIPT)

    first = await api.http.get("/graphql", params=persisted, headers=BY_SCRIPT)
    tag = first.headers["ETag"]
    again = await api.http.get("/graphql", params=persisted, headers={**BY_SCRIPT, "If-None-Match": tag})

    assert first.json() == {"data": {"viewer": {"kind": "NOBODY"}}}
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("field", ["variables", "extensions"])
async def test_what_is_nested_too_deep_is_refused_however_it_comes(api: Api, field: str) -> None:
    fits, one_more = ('{"a": ' + "[" * depth + "]" * depth + "}" for depth in (64, 65))

    by_get = [
        await api.http.get("/graphql", params={"query": KIND, field: value}, headers=BY_SCRIPT)
        for value in (fits, one_more)
    ]
    by_post = [
        await api.http.post("/graphql", json={"query": KIND, field: json.loads(value)})
        for value in (fits, one_more)
    ]

    assert [each.status_code for each in (*by_get, *by_post)] == [200, 400] * 2
    extensions = {"code": "LIMIT_EXCEEDED", "limit": "body_depth", "value": 65, "bound": 64}
    error = {"message": f"`{field}` may be nested 64 deep, and are 65.", "extensions": extensions}
    assert [each.json()["errors"] for each in (by_get[1], by_post[1])] == [[error]] * 2
