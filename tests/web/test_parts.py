"""What is deferred or streamed comes later, for clients that take parts; for others all comes at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
import pytest
from graphql import (
    DirectiveNode,
    FieldNode,
    InlineFragmentNode,
    NameNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from server.access.errors import KeyInvalidError
from server.graphql.execution import Executor
from server.graphql.schema import build_schema
from server.kit.operations import Operation, OperationLimits
from server.questions.authoring import Authoring
from server.web.parts import Paths
from tests.api import SEEDER
from tests.graphql.test_both_executors import CORE, documented_queries
from tests.graphql.test_deadline import EndlessStore
from tests.graphql.test_execution import SECRET, BrokenStore
from tests.web.multipart import BY_ID, BY_PATH, merged, merged_by_path, parts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from server.graphql.increments import StillAllowed
    from server.questions.store import QuestionStore
    from server.services import Services
    from tests.api import Api

GRAPHQL = "application/graphql-response+json"
DEFERRED = '{ viewer { kind } ... @defer(label: "Keys") { apiKeys(first: 1) { edges { node { name } } } } }'
STREAMED = "{ attributeDefinitions(first: 4) { edges @stream(initialCount: 1) { node { key } } } }"
SETS_LATER = "{ viewer { kind } ... @defer { questionSets { edges { cursor } } } }"
KEYS = {"apiKeys": {"edges": [{"node": {"name": "Admin"}}]}}


async def test_deferred_fragment_comes_later(api: Api) -> None:
    response = await api.post(DEFERRED, by=api.admin, Accept=BY_ID)

    assert parts(response) == [
        {
            "data": {"viewer": {"kind": "ADMIN"}},
            "pending": [{"id": "0", "path": [], "label": "Keys"}],
            "hasNext": True,
        },
        {"incremental": [{"id": "0", "data": KEYS}], "completed": [{"id": "0"}], "hasNext": False},
    ]
    assert response.headers["cache-control"] == "no-store"


async def test_items_come_one_after_the_other(api: Api) -> None:
    first, *later = parts(await api.post(STREAMED, by=api.admin, Accept=BY_ID))

    assert len(first["data"]["attributeDefinitions"]["edges"]) == 1
    assert first["pending"] == [{"id": "0", "path": ["attributeDefinitions", "edges"]}]
    assert sum(len(each["items"]) for part in later for each in part.get("incremental", ())) == 3


@pytest.mark.parametrize("accept", [BY_PATH, "application/json, text/event-stream, multipart/mixed"])
async def test_older_clients_and_who_names_no_way_are_told_paths(api: Api, accept: str) -> None:
    deferred = await api.post(DEFERRED, by=api.admin, Accept=accept)
    streamed = parts(await api.post(STREAMED, by=api.admin, Accept=accept))

    assert parts(deferred) == [
        {"data": {"viewer": {"kind": "ADMIN"}}, "hasNext": True},
        {"incremental": [{"path": [], "label": "Keys", "data": KEYS}], "hasNext": False},
    ]
    assert deferred.headers["content-type"].endswith("deferSpec=20220824")
    assert streamed[1]["incremental"][0]["path"] == ["attributeDefinitions", "edges", 1]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        (GRAPHQL, GRAPHQL),
        ("multipart/mixed;q=0, application/json", "application/json"),
        ("multipart/mixed;deferSpec=20991231, application/json", "application/json"),
        ("multipart/mixed;subscriptionSpec=1.0, application/json", "application/json"),
    ],
)
async def test_clients_that_take_no_parts_get_all_at_once(api: Api, accept: str, kind: str) -> None:
    response = await api.post(DEFERRED, by=api.admin, Accept=accept)

    assert response.headers["content-type"] == kind
    assert response.json() == {"data": {"viewer": {"kind": "ADMIN"}, **KEYS}}


@pytest.mark.parametrize("query", ["{ viewer { kind } }", "{ ... @defer(if: false) { viewer { kind } } }"])
async def test_what_defers_nothing_is_no_answer_in_parts(api: Api, query: str) -> None:
    response = await api.post(query, by=api.admin, Accept=BY_ID)
    only_parts = await api.post(query, by=api.admin, Accept="multipart/mixed")

    assert response.headers["content-type"] == GRAPHQL
    assert response.json() == {"data": {"viewer": {"kind": "ADMIN"}}}
    assert parts(only_parts) == [response.json()]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("{ viewer { kind @defer } }", "Directive '@defer' may not be used on field."),
        (
            "{ viewer { kind @stream } }",
            "Stream directive cannot be used on non-list field",
        ),
        (
            "mutation { ... @defer { signOut { __typename } } }",
            "Defer directive cannot be used on root mutation",
        ),
        (
            "{ ... @defer(label: 1) { viewer { kind } } }",
            "Defer directive label argument must be a static string.",
        ),
        (
            "{ profiles(first: 100) { edges @stream { node { "
            + "a: attributes { ... @defer { key } } " * 2
            + "} } } }",
            "An operation costs at most 20000",
        ),
    ],
)
async def test_document_that_may_not_be_executed_is_refused_whole(
    api: Api, query: str, sentence: str
) -> None:
    response = await api.post(query, by=api.admin, Accept=BY_ID)

    assert (response.status_code, response.headers["content-type"]) == (400, GRAPHQL)
    assert sentence in response.json()["errors"][0]["message"]


class _Later(Visitor):
    """Defers the last of every selection, and streams the lists of connections and of claims."""

    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode:
        *first, last = node.selections
        deferred = InlineFragmentNode(
            directives=(_directive("defer"),), selection_set=SelectionSetNode(selections=(last,))
        )
        return SelectionSetNode(selections=(*first, deferred))

    def leave_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        if node.name.value not in {"edges", "claims", "attributes"}:
            return None
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=node.arguments,
            directives=(_directive("stream"),),
            selection_set=node.selection_set,
        )


def _directive(name: str) -> DirectiveNode:
    return DirectiveNode(name=NameNode(value=name), arguments=())


async def test_parts_of_all_documented_queries_make_up_the_whole(api: Api) -> None:
    ada = await api.signed_in("ada", email="ada@example.com", email_verified=True, name="Ada")
    executor = _executor(api.services, OperationLimits(cost=10**9, depth=50, tokens=10_000))

    for text in documented_queries():
        await _makes_up_the_whole(executor, text, {"id": ada.profile_id})


async def _makes_up_the_whole(executor: Executor, text: str, given: Mapping[str, Any]) -> None:
    later = print_ast(visit(parse(text), _Later()))
    assert validate(CORE, parse(later)) == [], later
    whole = await executor.execute(SEEDER, "req_1", Operation(query=text, variables=given))

    found = [orjson.dumps(part) async for part in await _delivered(executor, later, given)]

    paths = Paths()
    by_path = [paths.told(orjson.loads(part)) for part in found]
    assert len(found) > 1
    for made_up in (merged(list(map(orjson.loads, found))), merged_by_path(by_path)):
        assert made_up["data"] == whole["data"]
        assert _said(made_up) == _said(whole)


def _said(response: dict[str, Any]) -> list[tuple[str, object]]:
    return [(each["message"], each["path"]) for each in response.get("errors", ())]


def _executor(services: Services, limits: OperationLimits) -> Executor:
    return Executor(schema=build_schema(), services=services, limits=limits, may_introspect=True)


async def _allowed() -> None:
    """Let it go on."""


async def _delivered(
    executor: Executor,
    text: str,
    variables: Mapping[str, Any] | None = None,
    *,
    still_allowed: StillAllowed = _allowed,
) -> AsyncGenerator[dict[str, Any], None]:
    operation = Operation(query=text, variables=variables)
    delivered = await executor.deliver(SEEDER, "req_1", operation, still_allowed)
    assert not isinstance(delivered, dict), delivered
    return delivered


def _with_sets_of(store: QuestionStore, api: Api, limits: OperationLimits) -> Executor:
    authoring = Authoring(
        profiles=api.services.profiles,
        questions=api.services.questions,
        store=store,
        clock=api.services.clock,
    )
    return _executor(replace(api.services, authoring=authoring), limits)


async def test_deadline_is_that_of_all_parts_together(api: Api) -> None:
    store = EndlessStore(api.services.database)
    executor = _with_sets_of(store, api, OperationLimits(seconds=0.05))

    first, last = [part async for part in await _delivered(executor, SETS_LATER)]

    message = "The operation took longer than 0.05 seconds and was given up."
    extensions = {"code": "LIMIT_EXCEEDED", "limit": "seconds", "value": None, "bound": 0.05}
    assert first["data"] == {"viewer": {"kind": "ADMIN"}}
    assert last == {
        "completed": [{"id": "0", "errors": [{"message": message, "extensions": extensions}]}],
        "hasNext": False,
    }
    async with asyncio.timeout(60):
        await store.was_cancelled.wait()


async def test_client_that_goes_away_leaves_nothing_running(api: Api) -> None:
    store = EndlessStore(api.services.database)
    coming = await _delivered(_with_sets_of(store, api, OperationLimits()), SETS_LATER)
    await anext(coming)
    upcoming = asyncio.ensure_future(anext(coming))
    await store.was_asked.wait()

    upcoming.cancel()
    await asyncio.gather(upcoming, return_exceptions=True)

    async with asyncio.timeout(60):
        await store.was_cancelled.wait()


async def test_bugs_are_masked_in_later_parts_too(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    executor = _with_sets_of(BrokenStore(api.services.database), api, OperationLimits())

    _, last = [part async for part in await _delivered(executor, SETS_LATER)]

    assert SECRET not in str(last)
    assert SECRET in caplog.text
    assert "'requestId': 'req_1'" in str(last)


async def test_nothing_comes_later_to_whom_it_is_not_for_any_more(api: Api) -> None:
    async def refused() -> NoReturn:
        raise KeyInvalidError("This API key is not valid.")

    coming = await _delivered(_executor(api.services, OperationLimits()), DEFERRED, still_allowed=refused)

    _, last = [part async for part in coming]

    error = {"message": "This API key is not valid.", "extensions": {"code": "KEY_INVALID"}}
    assert last == {"completed": [{"id": "0", "errors": [error]}], "hasNext": False}


async def test_cost_is_told_with_the_first_part(api: Api) -> None:
    body = {"query": DEFERRED, "extensions": {"cost": True}}

    response = await api.http.post("/graphql", json=body, headers={**api.admin.headers, "Accept": BY_ID})

    assert parts(response)[0]["extensions"] == {"cost": {"value": 16, "bound": 20_000}}


def test_what_never_comes_is_told_by_path() -> None:
    paths, error = Paths(), {"message": "No."}
    pending = [{"id": "0", "path": ["a"], "label": "A"}, {"id": "1", "path": ["a", "b"]}]

    paths.told({"data": {"a": {"b": [1]}}, "pending": pending, "hasNext": True})
    paths.told({"incremental": [{"id": "1", "items": [2, 3]}], "hasNext": True})
    completed = [{"id": each, "errors": [error]} for each in "01"]

    assert paths.told({"completed": completed, "hasNext": False}) == {
        "incremental": [
            {"data": None, "path": ["a"], "label": "A", "errors": [error]},
            {"items": None, "path": ["a", "b", 3], "errors": [error]},
        ],
        "hasNext": False,
    }
