"""Which operation of a document runs, and which are left to graphql-core."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from inspect import isawaitable
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    experimental_execute_incrementally,
    get_introspection_query,
    parse,
    print_schema,
    validate,
)
from graphql.type import specified_directives
from graphql.type.directives import GraphQLDeferDirective, GraphQLStreamDirective

from server.graphql.executor import CannotCompile, Compiler
from tests.graphql.executor.both import same, schema_of
from tests.graphql.executor.features import build_feature_schema

SCHEMA = schema_of("""
type Query { a(x: Int): Int surely: Int! query: Query }
type Mutation { a: Int }
type Subscription { a: Int }
""")
INCREMENTAL = GraphQLSchema(
    query=build_schema("type Query { a: Int }").query_type,
    directives=(*specified_directives, GraphQLDeferDirective, GraphQLStreamDirective),
)
SEVERAL = """
query First { a } query Second($x: Int) { a(x: $x) ...F } mutation Third { a }
subscription Fourth { a } fragment F on Query { query { a } }
"""
ROOT = {"a": lambda _info, x=1: x, "query": {"a": 2}}


@pytest.mark.parametrize("name", ["First", "Second"])
def test_the_name_picks_the_operation(name: str) -> None:
    same(SCHEMA, SEVERAL, lambda: ROOT, operation_name=name, variable_values={"x": 3})


@pytest.mark.parametrize("name", [None, "", "Nobody", "F"])
def test_no_operation_of_that_name_is_refused_in_the_same_words(name: str | None) -> None:
    found = same(SCHEMA, SEVERAL, lambda: ROOT, operation_name=name, is_compiled=False)

    assert found.data == "None"


def test_a_document_of_fragments_only_has_no_operation() -> None:
    same(SCHEMA, parse("fragment F on Query { a }"), is_compiled=False)


def test_an_operation_that_the_schema_does_not_have_is_refused() -> None:
    same(schema_of("type Query { a: Int }"), parse("mutation { a }"), is_compiled=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("subscription { a }", "a subscription"),
        ("{ ... @defer { a } }", "@defer or @stream"),
        ("{ query { ...F } } fragment F on Query { ... @defer(if: false) { a } }", "@defer or @stream"),
        ("query @experimental_disableErrorPropagation { a }", "@experimental_disableErrorPropagation"),
        ("{ a @skip }", "a condition without a Boolean"),
        ("{ a @include(if: 3) }", "a condition without a Boolean"),
    ],
)
def test_what_cannot_be_compiled_says_why_and_is_counted(text: str, reason: str) -> None:
    compiler = Compiler(SCHEMA)
    compiled = compiler.compile(parse(text))

    with pytest.raises(CannotCompile, match=reason):
        compiled.operation()
    for _ in range(2):
        with suppress(GraphQLError):  # graphql-core's `execute` refuses what would be delivered in parts
            compiled.execute({"a": 1, "query": {}})

    assert compiler.fallbacks == Counter({reason: 2})


def test_error_propagation_may_be_switched_off() -> None:
    text = "query @experimental_disableErrorPropagation { surely query { surely } }"

    found = same(SCHEMA, parse(text), lambda: {"query": {}}, is_compiled=False)

    assert found.data == "{'surely': None, 'query': {'surely': None}}"


def test_documents_that_defer_nothing_are_compiled_on_a_schema_with_incremental_delivery() -> None:
    compiler = Compiler(INCREMENTAL)

    found = compiler.compile(parse("{ a }")).execute({"a": 1})

    assert found == experimental_execute_incrementally(INCREMENTAL, parse("{ a }"), {"a": 1})
    assert not compiler.fallbacks


async def test_what_is_deferred_is_delivered_by_graphql_core() -> None:
    compiler = Compiler(INCREMENTAL)

    found = compiler.compile(parse("{ a ... @defer { b: a } }")).execute_incrementally({"a": 1})

    assert isinstance(found, ExperimentalIncrementalExecutionResults)
    assert found.initial_result.data == {"a": 1}
    assert [part.formatted async for part in found.subsequent_results] == [
        {"hasNext": False, "incremental": [{"id": "0", "data": {"b": 1}}], "completed": [{"id": "0"}]}
    ]
    assert compiler.fallbacks == Counter({"@defer or @stream": 1})


def test_operation_that_there_is_not_is_refused_on_a_schema_with_incremental_delivery() -> None:
    found = Compiler(INCREMENTAL).compile(parse("query A { a }")).execute(operation_name="B")

    assert found == ExecutionResult(None, [GraphQLError("Unknown operation named 'B'.")])


def test_fragments_with_variables_are_left_to_graphql_core() -> None:
    text = "{ ...F(x: 4) } fragment F($x: Int = 3) on Query { a(x: $x) }"
    document = parse(text, experimental_fragment_arguments=True)

    found = same(SCHEMA, document, lambda: ROOT, is_compiled=False)

    assert found.data == "{'a': 4}"


def test_an_invalid_schema_is_refused() -> None:
    with pytest.raises(TypeError, match="Query root type must be provided"):
        Compiler(GraphQLSchema())


@pytest.mark.parametrize("schema", [SCHEMA, build_feature_schema()])
def test_introspection_is_executed_like_anything_else(schema: GraphQLSchema) -> None:
    text = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )

    found = same(schema, text)
    same(
        schema,
        '{ __schema { types { name } } __type(name: "Query") { ...F } t: __type(name: "No") { name } } '
        "fragment F on __Type { name fields { name type { name } } }",
    )

    assert "'__schema'" in found.data
    assert print_schema(schema)


def test_fields_that_a_schema_does_not_have_are_left_out() -> None:
    document = parse("{ a nothing query { no } }")
    assert validate(SCHEMA, document)

    same(SCHEMA, document, lambda: {"a": 1, "query": {}})


def test_a_synchronous_execution_needs_no_loop() -> None:
    found = Compiler(SCHEMA).compile(parse("{ a }")).execute({"a": 1})

    assert found == ExecutionResult({"a": 1}, None)


def test_hidden_suggestions_stay_hidden() -> None:
    schema = schema_of(
        "enum Colour { RED } input I { colour: Colour } type Query { a(i: I, c: Colour): Int }"
    )
    compiled = Compiler(schema, hide_suggestions=True).compile(
        parse("query ($i: I, $c: Colour) { a(i: $i, c: $c) }")
    )

    found: Any = compiled.execute(None, None, {"i": {"color": "RED"}, "c": "RAD"})

    assert not isawaitable(found)
    assert len(found.errors) == 2
    assert "Did you mean" not in str(found.errors)


def test_a_fragment_that_doubles_at_every_level_costs_what_the_data_costs() -> None:
    levels = " ".join(
        f"fragment F{n} on Query {{ a: query {{ ...F{n + 1} }} b: query {{ ...F{n + 1} }} }}"
        for n in range(60)
    )
    document = parse(f"{{ ...F0 }} {levels} fragment F60 on Query {{ a }}")

    found = asyncio.run(_wait(Compiler(SCHEMA).compile(document).execute({"query": {"query": None}})))

    assert found.data == {"a": {"a": None, "b": None}, "b": {"a": None, "b": None}}


async def _wait(result: Any) -> ExecutionResult:  # noqa: ANN401
    return await result if isawaitable(result) else result  # type: ignore[no-any-return]
