"""What is kept of compiled operations, and that it does not matter to anybody but the memory."""

from __future__ import annotations

from itertools import product
from typing import Any

from graphql import parse

from server.graphql.executor import Compiler
from tests.graphql.executor.both import schema_of, tell

SCHEMA = schema_of("type Query { a: Int query: Query queries: [Query] }")
ROOT = {"a": 1, "query": {"a": 2}}


def _execute(compiled: Any, root: object = ROOT, **variables: object) -> str:  # noqa: ANN401
    return tell(compiled.execute(root, None, variables)).data


def test_more_combinations_of_answers_than_there_is_room_for_are_served_all_the_same() -> None:
    names = [f"c{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    selected = " ".join(f"{name}: a @include(if: ${name})" for name in names)
    compiler = Compiler(SCHEMA, room=100)
    compiled = compiler.compile(parse(f"query ({declared}) {{ {selected} }}"))

    for answers in [*product([True, False], repeat=6)] * 2:
        given = dict(zip(names, answers, strict=True))
        assert _execute(compiled, **given) == repr({name: 1 for name in names if given[name]})

    assert 0 < len(compiler.variants) < 10


def test_room_is_shared_by_all_documents_and_taken_from_those_not_used_for_longest() -> None:
    compiler = Compiler(SCHEMA, room=30)
    documents = [
        compiler.compile(parse(" ".join(["{", *(f"a{n}: a" for n in range(3)), "}"]))) for _ in range(9)
    ]

    for document in documents:
        _execute(document)
        _execute(documents[0])
    kept = len(compiler.variants)
    _execute(documents[0])

    assert kept == len(compiler.variants) < 9


def test_what_is_compiled_while_a_document_runs_counts_too() -> None:
    compiler = Compiler(SCHEMA, room=20)
    small = compiler.compile(parse("{ a }"))
    deep = compiler.compile(parse("{ query { " + " ".join(f"a{n}: a" for n in range(30)) + " } }"))

    _execute(small)
    _execute(deep, {"query": None})
    before = len(compiler.variants)
    _execute(deep)

    assert (before, len(compiler.variants)) == (2, 1)


def test_an_operation_that_lost_its_place_while_it_ran_goes_on() -> None:
    compiler = Compiler(SCHEMA, room=10)
    small = compiler.compile(parse("{ " + " ".join(f"a{n}: a" for n in range(9)) + " }"))

    def meanwhile(_info: object) -> dict[str, int]:
        _execute(small)
        return {"a": 3}

    found = _execute(compiler.compile(parse("{ query { b: a c: a } }")), {"query": meanwhile})

    assert found == "{'query': {'b': 3, 'c': 3}}"
    assert len(compiler.variants) == 1
