"""The twelve checks that graphql-cop 1.15 makes, in words of our own, against the service in production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.api import Api

URL = "/graphql"
TYPENAME = "query { __typename }"


def _executed(response: httpx.Response) -> bool:
    """Whether anything of an answer looks as if the document was executed."""
    return "json" in response.headers["Content-Type"] and '"data"' in response.text


async def _post(api: Api, body: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
    return await api.http.post(URL, json=body)


async def test_alias_overloading(production_api: Api) -> None:
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))

    response = await _post(production_api, {"query": f"query cop {{ {aliases} }}"})

    assert not _executed(response)
    assert response.json()["errors"][0]["extensions"]["limit"] == "aliases"


async def test_directive_overloading(production_api: Api) -> None:
    response = await _post(production_api, {"query": "query cop { __typename " + "@aa" * 10 + " }"})

    assert len(response.json()["errors"]) == 1
    assert response.json()["errors"][0]["extensions"]["limit"] == "directives"


async def test_field_suggestions(production_api: Api) -> None:
    response = await _post(production_api, {"query": "query cop { __schema { directive } }"})
    misspelled = await _post(production_api, {"query": "query cop { viewr { kind } }"})

    assert "did you mean" not in (response.text + misspelled.text).lower()


MISSPELLED: dict[str, tuple[str, dict[str, Any]]] = {
    "a field": ("{ viewr { kind } }", {}),
    "an argument": ('{ node(di: "a") { id } }', {}),
    "an argument of a directive": ("{ viewer @skip(iff: true) { kind } }", {}),
    "a type": ('{ node(id: "a") { ... on Profil { id } } }', {}),
    "a type that has the field": ('{ node(id: "a") { traits } }', {}),
    "a type of a variable": ("query ($a: Strin) { viewer { kind } }", {}),
    "a field of an input": (
        'mutation { answerQuestion(input: {askI: "a", value: 1}) { __typename } }',
        {},
    ),
    "a value of an enum": ("{ profiles(orderBy: {field: CREATED_A}) { edges { cursor } } }", {}),
    "a field in a variable": (
        "mutation ($input: AnswerQuestionInput!) { answerQuestion(input: $input) { __typename } }",
        {"input": {"askI": "a", "value": 1}},
    ),
    "a value in a variable": (
        "query ($by: ProfileOrder) { profiles(orderBy: $by) { edges { cursor } } }",
        {"by": {"field": "CREATED_A"}},
    ),
}


@pytest.mark.parametrize("kind", MISSPELLED)
async def test_no_name_of_any_kind_is_suggested_but_to_admins(production_api: Api, kind: str) -> None:
    query, variables = MISSPELLED[kind]

    told = await production_api.post(query, variables)
    told_an_admin = await production_api.post(query, variables, by=production_api.admin)

    assert not _executed(told)
    assert "Did you mean" not in told.text
    assert "Did you mean" in told_an_admin.text


async def test_query_by_get(production_api: Api) -> None:
    assert not _executed(await production_api.http.get(URL, params={"query": TYPENAME}))


async def test_mutation_by_get(production_api: Api) -> None:
    parameters = {"query": "mutation { __typename }"}

    assert not _executed(await production_api.http.get(URL, params=parameters))


@pytest.mark.parametrize("path", ["/", "/graphiql", "/graphql", "/playground", "/console"])
async def test_graphql_ide(production_api: Api, path: str) -> None:
    response = await production_api.http.get(path, headers={"Accept": "text/html"})

    assert response.status_code >= 400
    assert not any(word in response.text.lower() for word in ("graphiql", "playground", "graphql ide"))


async def test_introspection(production_api: Api) -> None:
    query = "query cop { __schema { types { name fields { name } } } }"

    assert not _executed(await _post(production_api, {"query": query}))


async def test_circular_introspection(production_api: Api) -> None:
    levels = 12
    circle = "{ types { fields { type " * levels + "{ name }" + " } } }" * levels

    assert not _executed(await _post(production_api, {"query": f"query cop {{ __schema {circle} }}"}))


async def test_array_based_batching(production_api: Api) -> None:
    response = await _post(production_api, [{"query": TYPENAME}] * 10)

    assert response.status_code == 400
    assert not _executed(response)


@pytest.mark.parametrize("query", [TYPENAME, "mutation { __typename }"])
async def test_url_encoded_post(production_api: Api, query: str) -> None:
    response = await production_api.http.post(URL, data={"query": query})

    assert response.status_code == 415
    assert not _executed(response)


async def test_trace_mode(production_api: Api) -> None:
    response = await _post(
        production_api, {"query": "query cop { __typename }", "extensions": {"tracing": True}}
    )

    assert "tracing" not in response.text
    assert "stack" not in response.text


async def test_unhandled_errors(production_api: Api) -> None:
    response = await _post(production_api, {"query": "qwerty cop { abc }"})

    assert not any(word in response.text.lower() for word in ("traceback", "exception", "stacktrace", ".py"))
    assert response.status_code == 200
