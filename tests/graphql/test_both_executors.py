"""Our own documents over the real services come to the same by the compiled executor and by graphql-core."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    ExecutionResult,
    OperationDefinitionNode,
    OperationType,
    experimental_execute_incrementally,
    get_introspection_query,
    parse,
    print_ast,
    validate,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from server.graphql.context import Context
from server.graphql.executor import Compiler
from server.graphql.planning import StrawberryPlanner
from server.graphql.schema import build_schema
from server.profiles.model import AttributeType
from server.questions.model import QuestionKind
from tests.api import NOBODY, SEEDER
from tests.factories.questions import question_draft
from tests.graphql.executor.both import tell
from tests.graphql.executor.weaving import weave

if TYPE_CHECKING:
    from graphql import DocumentNode

    from server.access.model import Viewer
    from tests.api import Api, Caller, Person

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema()
CORE = SCHEMA._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
SCALARS = {
    "JSON": st.sampled_from([nodes.String("word"), nodes.Int(3), nodes.Null]),
    "_Any": st.just(nodes.String("no representation")),
    "DateTime": st.just(nodes.String("2026-03-14T09:26:53Z")),
    "Date": st.just(nodes.String("2026-03-14")),
}
Run = Callable[["DocumentNode", Context, Mapping[str, object], "str | None"], Awaitable["ExecutionResult"]]


async def by_graphql_core(
    document: DocumentNode, context: Context, variables: Mapping[str, object], name: str | None = None
) -> ExecutionResult:
    """Execute as graphql-core does."""
    result = experimental_execute_incrementally(
        CORE, document, context_value=context, variable_values=dict(variables), operation_name=name
    )
    whole = await result if isawaitable(result) else result
    assert isinstance(whole, ExecutionResult)
    return whole


async def by_closures(
    document: DocumentNode, context: Context, variables: Mapping[str, object], name: str | None = None
) -> ExecutionResult:
    """Execute as the API does, to the end."""
    compiler = Compiler(CORE, StrawberryPlanner(SCHEMA))
    result = compiler.compile(document).execute(None, context, variables, name)
    assert not compiler.fallbacks
    return await result if isawaitable(result) else result


def context_of(api: Api, viewer: Viewer) -> Context:
    """Return the context of a request."""
    return Context(viewer=viewer, services=api.services, request_id="req_1")


async def viewer_of(api: Api, caller: Caller) -> Viewer:
    """Return who a caller is."""
    return await api.services.access.identify(caller.token, caller.origin)


WIDGET: dict[str, str] = json.loads((ROOT / "widget/dist/documents.json").read_text())  # as it was built


def documented_queries() -> list[str]:
    """Return the queries in the pages of the documentation, each by itself."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    blocks = [
        block for page in pages for block in re.findall(r"```graphql\n(.*?)```", page.read_text(), re.DOTALL)
    ]
    operations = [each for block in blocks for each in parse(block).definitions]
    return [
        print_ast(each)
        for each in operations
        if isinstance(each, OperationDefinitionNode) and each.operation is OperationType.QUERY
    ]


@pytest.fixture
async def ada(api: Api) -> Person:
    """Somebody of whom something is known."""
    return await api.signed_in("ada", email="ada@example.com", email_verified=True, name="Ada")


async def _furnish(api: Api) -> None:
    """Give the widget something to ask, of every kind of answer."""
    await api.define("team_size", AttributeType.INTEGER)
    await api.publish(
        "welcome",
        question_draft("goal"),
        question_draft("team_size", QuestionKind.NUMBER),
        question_draft("company_size", QuestionKind.SINGLE_CHOICE),
        per_visit=9,
    )


async def _visit(api: Api, run: Run) -> list[str]:
    """Let somebody come, answer wrongly, rightly and twice, skip and leave; return what they were told."""
    told: list[str] = []

    async def send(name: str, by: Caller, **variables: object) -> Any:  # noqa: ANN401 - a response
        context = context_of(api, await viewer_of(api, by))
        given = {"input": variables} if "$input" in WIDGET[name] else variables
        result = await run(parse(WIDGET[name]), context, given, None)
        told.append(_without_names(str(tell(result))))
        return result.data

    started = (await send("START_VISIT", api.page, placement="home"))["startVisit"]
    person = replace(api.page, token=started["viewerToken"])
    asked = started["next"]["ask"]["id"]
    await send("ANSWER", person, askId=asked, value={"no": "answer"})
    await send("ANSWER", person, askId=asked, value="to know")
    answered = await send("ANSWER", person, askId=asked, value="to know")
    await send("ANSWER", person, askId="ask_unknown", value=1)
    await send("SKIP", person, askId=answered["result"]["next"]["ask"]["id"])
    await send("NEXT_QUESTION", person, placement="home")
    await send("NEXT_QUESTION", api.page, placement="home")
    await send("NEXT_QUESTION", person, placement="No such place!")
    await send("ANSWER", api.page, askId=asked, value=1)
    await send("START_VISIT", api.page, resumeToken=started["resumeToken"], placement="home")
    await send("START_VISIT", api.page, placement="home", signIn={"code": "x", "verifier": "y" * 43})
    await send("START_VISIT", api.admin, placement="home")
    await send("SIGN_OUT", person)
    await send("SIGN_OUT", api.page)
    return told


def _without_names(told: str) -> str:
    """Leave out what is new every time: ids, tokens, and when it was."""
    told = re.sub(r"\b[a-z]{3}_[0-9a-z]{26}[\w.-]*", "an id", told)
    told = re.sub(r"'(viewerToken|resumeToken)': '[^']*'", r"'\1': 'a token'", told)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "a time", told)


async def test_a_visit_with_the_widget_s_documents_is_told_the_same(api: Api) -> None:
    await _furnish(api)

    expected = await _visit(api, by_graphql_core)
    actual = await _visit(api, by_closures)

    assert actual == expected
    assert "ANSWERED" in expected[2]
    assert "'isReplay': True" in expected[3]
    assert len(WIDGET) == 17


@pytest.mark.parametrize("text", [*documented_queries(), get_introspection_query()])
async def test_a_documented_query_is_told_the_same_whoever_asks(api: Api, ada: Person, text: str) -> None:
    await _furnish(api)
    document = parse(text)
    assert validate(CORE, document) == []
    given = {"id": ada.profile_id}

    for caller in (api.admin, ada, api.page, NOBODY):
        context = context_of(api, await viewer_of(api, caller))
        expected = tell(await by_graphql_core(document, context, given))
        assert tell(await by_closures(document, context, given)) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(queries(CORE, custom_scalars=SCALARS), min_size=1, max_size=2), st.integers(0, 2**32))
async def test_a_generated_query_is_told_the_same(api: Api, ada: Person, plain: list[str], seed: int) -> None:
    woven = weave(CORE, plain, seed)
    document = parse(woven.text)
    assume(not validate(CORE, document))

    for viewer in (SEEDER, await viewer_of(api, ada)):
        context = context_of(api, viewer)
        given_with_it = (woven.variables, woven.operation_name)
        expected = tell(await by_graphql_core(document, context, *given_with_it))
        assert tell(await by_closures(document, context, *given_with_it)) == expected, woven
