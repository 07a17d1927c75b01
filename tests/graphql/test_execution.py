"""What a client gets to see of what goes wrong, and what it costs to send us something absurd."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
import pytest
from graphql import get_introspection_query

from server.access.model import Scope
from server.questions.authoring import Authoring
from server.questions.store import QuestionStore
from tests.api import NOBODY, running_api, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from server.services import Services
    from tests.api import Api
    from tests.fakes import FakeClock

SECRET = "mongodb://root:hunter2@10.0.0.7 is in no state to be told to anybody"
SETS = "{ questionSets { edges { cursor } } viewer { kind } }"
CREATE = """mutation {
  createQuestionSet(input: {key: "shoes", content: {name: "Shoes"}}) { __typename }
}"""


def _many(field: str, fragment: str) -> str:
    return " ".join(f"{field}{number}: {field} {{ ...{fragment} }}" for number in range(60))


ABSURD = {
    "aliases": "{" + " ".join(f"a{number}: __typename" for number in range(10_000)) + "}",
    "braces": "{" * 50_000,
    "depth": "{ viewer " + "{ profile " * 2_000 + "{ id }" + "}" * 2_001,
    "fragments": "{ ...F0 } fragment F60 on Query { __typename } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60)),
    "powers": f"{{ {_many('viewer', 'V')} }} fragment V on Viewer {{ {_many('profile', 'P')} }}"
    f" fragment P on Profile {{ {_many('attributes', 'A')} }} fragment A on Attribute {{ key }}",
    "comment": "{ viewer { kind } } #" + "x" * 200_000,
    "string": 'mutation { skipQuestion(input: {askId: "' + "x" * 200_000 + '"}) { __typename } }',
    "lists": "{ profile(by: " + "[" * 1_500 + ") { id } }",
}


class BrokenStore(QuestionStore):
    """A store with a bug in it."""

    async def page(self, *_: object) -> NoReturn:
        raise RuntimeError(SECRET)

    async def insert(self, *_: object) -> NoReturn:
        raise KeyError(SECRET)


@pytest.fixture
async def broken(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """An API whose question sets can be neither read nor written."""

    def with_broken_store(services: Services) -> Services:
        store = BrokenStore(services.database)
        authoring = Authoring(
            profiles=services.profiles, questions=services.questions, store=store, clock=clock
        )
        return replace(services, authoring=authoring)

    async with running_api(settings_for(mongodb_url, database.name), clock, change=with_broken_store) as api:
        yield api


async def test_bug_is_masked_and_logged_with_the_request_id(
    broken: Api, caplog: pytest.LogCaptureFixture
) -> None:
    response = await broken.post(SETS, by=broken.admin)

    (error,) = response.json()["errors"]
    request_id = response.headers["X-Request-Id"]
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": request_id}
    assert error["path"] == ["questionSets"]
    assert "hunter2" not in response.text
    assert "Error" not in error["message"]
    assert request_id in record.getMessage()
    assert record.exc_info is not None
    assert SECRET in str(record.exc_info[1])


async def test_bug_in_one_field_spares_the_others(broken: Api) -> None:
    body = await broken.execute(SETS, by=broken.admin)

    assert body["data"] == {"questionSets": None, "viewer": {"kind": "ADMIN"}}


async def test_bug_in_a_mutation_is_no_success(broken: Api) -> None:
    body = await broken.execute(CREATE, by=broken.admin)

    assert body["data"] is None
    assert body["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"


async def test_expected_error_of_a_query_says_what_would_be_right(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    body = await api.execute("{ attributeDefinitions(first: 101) { edges { cursor } } }", by=api.admin)

    (error,) = body["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"] == "`first` must be between 0 and 100; it was 101."
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("", None),
        ("{ viewer { kind }", None),
        ("{ viewer }", None),
        ("{ viewer { nope } }", None),
        ("query ($id: ID!) { node(id: $id) { id } }", {}),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": []}),
        ("query A { viewer { kind } } query B { viewer { kind } }", None),
        ("subscription { viewer { kind } }", None),
        ("fragment F on Query { ...F } { ...F }", None),
    ],
)
async def test_operation_that_is_none_is_not_executed(
    api: Api, operation: str, variables: dict[str, Any] | None
) -> None:
    as_json = await api.post(operation, variables, Accept="application/json")
    as_graphql = await api.post(operation, variables, Accept="application/graphql-response+json")

    assert (as_json.status_code, as_graphql.status_code) == (200, 400)
    assert as_json.json().keys() == as_graphql.json().keys() == {"errors"}


async def test_development_helps_to_write_operations(api: Api) -> None:
    introspected = await api.data(get_introspection_query())
    mistyped = await api.execute("{ viwer { kind } }")

    assert introspected["__schema"]["queryType"]["name"] == "Query"
    assert "'viewer'" in mistyped["errors"][0]["message"]


async def test_production_tells_its_schema_to_admins_alone(production_api: Api) -> None:
    told = await production_api.data(get_introspection_query(), by=production_api.admin)
    app = await production_api.app(Scope.PROFILES_READ)
    refused = [await production_api.execute(get_introspection_query(), by=each) for each in (app, NOBODY)]

    assert told["__schema"]["queryType"]["name"] == "Query"
    assert [body["errors"][0]["message"] for body in refused] == [
        "The schema is shown to admins alone; it is published as schema.graphql."
    ] * 2
    assert ["data" in body for body in refused] == [False, False]


async def test_type_that_is_asked_for_by_name_is_left_out(production_api: Api) -> None:
    probe = "query ($n: String!) { known: __type(name: $n) { fields { name } } viewer { kind } }"

    data = await production_api.data(probe, {"n": "Profile"})

    assert data == {"viewer": {"kind": "NOBODY"}}


@pytest.mark.parametrize(
    ("operation", "hidden"),
    [
        ("{ viwer { kind } }", "viewer"),
        ("{ viewer { kimd } }", "'kind'"),
        ("{ node(ic: 1) { id } }", "'id'"),
        ("{ node(id: 1) { ... on Profil { id } } }", "'Profile'"),
        ("query ($by: ProfileLookups!) { profile(by: $by) { id } }", "'ProfileLookup'"),
        ("{ profile(by: {emial: 1}) { id } }", "'email'"),
        ("{ questionSets(state: DRAFTS) { edges { cursor } } }", "'DRAFT'"),
    ],
)
async def test_production_guesses_no_names_for_whoever_probes(
    production_api: Api, operation: str, hidden: str
) -> None:
    app = await production_api.app(Scope.PROFILES_READ)
    body = await production_api.execute(operation, by=app)

    assert "data" not in body
    assert "did you mean" not in str(body).lower()
    assert hidden not in str(body)


async def test_typename_is_no_introspection(production_api: Api) -> None:
    assert await production_api.data("{ __typename viewer { __typename } }") == {
        "__typename": "Query",
        "viewer": {"__typename": "Viewer"},
    }


@pytest.mark.parametrize("absurdity", ABSURD)
async def test_absurd_operation_is_refused_before_it_costs_anything(api: Api, absurdity: str) -> None:
    person = await api.signed_in(name="Ada")

    response = await api.post(ABSURD[absurdity], by=person)

    assert response.status_code == httpx.codes.OK
    assert response.elapsed.total_seconds() < 2
    assert "INTERNAL_ERROR" not in response.text


@pytest.mark.parametrize("by", [{}, {"id": "prf_1", "userId": "u"}, {"id": None}])
async def test_what_is_not_one_of_several_is_refused_before_anything_is_executed(
    api: Api, by: dict[str, object]
) -> None:
    literal = ", ".join(f"{name}: {json.dumps(value)}" for name, value in by.items())
    documents = (
        (f"{{ profile(by: {{{literal}}}) {{ id }} }}", None),
        ("query ($by: ProfileLookup!) { profile(by: $by) { id } }", {"by": by}),
    )

    for text, variables in documents:
        body = await api.execute(text, variables, by=api.admin)

        assert "data" not in body
        assert "exactly one field must be specified" in body["errors"][0]["message"]
