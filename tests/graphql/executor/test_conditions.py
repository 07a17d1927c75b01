"""What `@skip` and `@include` leave of an operation."""

from __future__ import annotations

from itertools import product

import pytest
from graphql import parse

from server.graphql.executor import Compiler
from tests.graphql.executor.both import same, schema_of, tell

SCHEMA = schema_of("""
directive @note(if: Boolean) on FIELD
type Query { a: Int b: Int box: Box }
type Box { a: Int b: Int box: Box }
""")
ROOT = {"a": 1, "b": 2, "box": {"a": 3, "b": 4, "box": {"a": 5}}}
ALL = """
query ($x: Boolean!, $y: Boolean! = true, $z: Boolean = false) {
  a @skip(if: $x)
  ...F @include(if: $y)
  ... @skip(if: $z) { b box @include(if: $x) { a ...G @skip(if: $y) } }
  box { b @skip(if: $x) @include(if: $y) ...G }
}
fragment F on Query { a b @skip(if: $y) box { box { a @include(if: $z) } } }
fragment G on Box { a b @include(if: $x) box { a } }
"""


@pytest.mark.parametrize("answers", list(product([True, False], repeat=3)))
def test_every_combination_of_answers_leaves_what_it_should(answers: tuple[bool, ...]) -> None:
    same(SCHEMA, ALL, lambda: ROOT, variable_values=dict(zip("xyz", answers, strict=True)))


@pytest.mark.parametrize("given", [{"x": True}, {"x": False, "z": True}, {"x": 1}, {}, {"x": None}])
def test_defaults_answer_for_what_is_not_given(given: dict[str, object]) -> None:
    same(SCHEMA, ALL, lambda: ROOT, variable_values=given)


@pytest.mark.parametrize(
    "selection",
    [
        "a @skip(if: true) b",
        "a @include(if: false) b @include(if: true)",
        "a @skip(if: true) @include(if: true) b",
        "a @skip(if: false) @include(if: false) b",
        "a @skip(if: true)",
        "box { a @skip(if: true) }",
        "...F @skip(if: true) b ...F a",
        "a @note b @note(if: true) @skip(if: true)",
    ],
)
def test_literal_answers_are_answers(selection: str) -> None:
    text = f"{{ {selection} }}" + (" fragment F on Query { a box { a } }" if "F" in selection else "")

    same(SCHEMA, text, lambda: ROOT)


def test_one_document_serves_all_answers_in_turn() -> None:
    compiled = Compiler(SCHEMA).compile(parse("query ($x: Boolean!) { a @skip(if: $x) b }"))

    found = [tell(compiled.execute(ROOT, None, {"x": x})).data for x in (True, False, True, False)]  # type: ignore[arg-type]

    assert found == ["{'b': 2}", "{'a': 1, 'b': 2}"] * 2


def test_a_condition_is_asked_by_the_name_of_its_argument() -> None:
    same(SCHEMA, parse("{ a @skip(unless: true, if: true) b }"), lambda: ROOT)


@pytest.mark.parametrize("place", ["a @skip(if: $x) b", "b box { a @include(if: $x) }"])
def test_null_for_an_answer_is_left_to_graphql_core(place: str) -> None:
    text = f"query ($x: Boolean = true) {{ {place} }}"

    found = same(SCHEMA, text, lambda: ROOT, is_compiled=False, variable_values={"x": None})

    assert "'if'" in found.errors[0]
