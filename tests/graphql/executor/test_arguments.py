"""What resolvers get as arguments, and what is said of variables and literals that do not fit."""

from __future__ import annotations

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
    parse,
)

from tests.graphql.executor.both import read, same, schema_of

SCHEMA = schema_of(
    """
    scalar Odd
    enum Colour { RED GREEN }
    input Point { x: Int! y: Int = 2 tags: [String!] = ["a"] colour: Colour = RED next: Point odd: Odd
      plain: Float }
    input Choice @oneOf { name: String number: Int point: Point }
    type Query {
      take(
        int: Int, float: Float = 0.5, text: String! = "text", id: ID, yes: Boolean, colour: Colour = GREEN,
        odd: Odd, ints: [Int!] = [1, 2], matrix: [[Int]], point: Point, points: [Point!], choice: Choice
      ): String
      need(surely: Int!, point: Point! = {x: 1}): String
      renamed(class: Int, from: Point): String
    }
    """,
    Colour={"RED": 0xFF0000, "GREEN": ["unhashable"]},
)


def _point(value: dict[str, object]) -> object:
    if value["x"] == 13:
        raise ValueError("no such point")
    return ("Point", value)


def _odd(value: object) -> object:
    return Undefined if value == 13 else ["odd", value]


def _prepare() -> None:
    query, point, odd = (SCHEMA.type_map[name] for name in ("Query", "Point", "Odd"))
    assert isinstance(query, GraphQLObjectType)
    assert isinstance(point, GraphQLInputObjectType)
    assert isinstance(odd, GraphQLScalarType)
    for field in query.fields.values():
        field.resolve = lambda _source, _info, **given: repr(given)
    query.fields["renamed"].args["class"].out_name = "class_"
    point.fields["plain"].out_name = "plainly"
    point.out_type = _point  # type: ignore[method-assign]
    odd.coerce_input_value = _odd


_prepare()


@pytest.mark.parametrize(
    "given",
    [
        "",
        '(int: 3, float: 1, text: "t", id: 7, yes: true, colour: RED)',
        "(int: null, float: null, colour: null, ints: null)",
        "(ints: 3, matrix: [[1, null], null, [2]])",
        "(matrix: 3)",
        "(point: {x: 1})",
        "(point: {x: 1, y: null, tags: [], colour: GREEN, next: {x: 2, plain: 3}, plain: 1.5})",
        "(points: {x: 1})",
        '(points: [{x: 1}, {x: 2, tags: "b"}])',
        '(choice: {name: "n"})',
        "(choice: {point: {x: 1}})",
        "(odd: 3)",
        "(odd: {a: [1, {b: true}]})",
        "(odd: 13)",
        "(odd: 14, point: {x: 13, next: {x: 13}})",
        "(points: [{x: 1}, {x: 13}])",
    ],
)
def test_literals_are_coerced_alike(given: str) -> None:
    same(SCHEMA, parse(f"{{ take{given} again: take{given} }}"))


VARIABLES = """
query (
  $int: Int, $float: Float, $text: String, $textD: String! = "d", $id: ID, $yes: Boolean, $colour: Colour,
  $odd: Odd, $ints: [Int!], $number: Int! = 4, $point: Point, $points: [Point!], $tags: [String!],
  $next: Point, $choice: Choice, $name: String! = "n"
) {
  take(int: $int, float: $float, id: $id, yes: $yes, colour: $colour, odd: $odd, ints: $ints, point: $point,
    points: $points, choice: $choice)
  text: take(text: $textD)
  nested: take(
    ints: [1, $number], matrix: [[$int, 1], [$number]],
    point: {x: $number, y: $int, tags: $tags, colour: $colour, next: $next, odd: $odd}
    points: [{x: 1, next: {x: $number, next: {x: 0, next: $next}}}]
  )
  single: take(ints: [$number], matrix: [[$int]], points: {x: $number})
  inside: take(odd: {a: [$int, {b: $text}]})
  one: take(choice: {name: $name})
  need(surely: $number, point: {x: $number})
  renamed(class: $int, from: {x: 1, plain: $float})
}
"""


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"int": 1, "float": 2, "text": "t", "textD": "u", "id": 3, "yes": True, "colour": "RED", "odd": "o"},
        {"int": None, "float": None, "id": None, "yes": None, "colour": None, "odd": None, "ints": None},
        {"ints": 3, "points": {"x": 1}, "tags": "a"},
        {"ints": [1, 2], "points": [{"x": 1, "next": {"x": 2, "tags": []}}], "point": {"x": 1, "plain": 2}},
        {"point": {"x": 1, "y": None, "colour": "GREEN"}, "next": {"x": 5}, "tags": []},
        {"choice": {"number": 3}, "name": "m"},
        {"unknown": 1, "number": 5},
    ],
)
def test_variables_are_coerced_alike(given: dict[str, object]) -> None:
    same(SCHEMA, VARIABLES, variable_values=given)


@pytest.mark.parametrize(
    "given",
    [
        {"int": "1"},
        {"int": 2**31},
        {"int": 1.5},
        {"float": True},
        {"textD": None},
        {"textD": 3},
        {"id": 1.5},
        {"yes": 1},
        {"colour": "BLUE"},
        {"colour": 3},
        {"odd": 13},
        {"ints": [1, None]},
        {"ints": [1, "x", 2.5]},
        {"number": None},
        {"point": {}},
        {"point": {"x": 1, "z": 1, "y": "w"}},
        {"points": [{"x": 1}, {"x": None}]},
        {"choice": {}},
        {"choice": {"name": "n", "number": 1}},
        {"choice": {"name": None}},
        {"int": "1", "float": "2", "yes": "no", "ints": list("abcdefgh") * 9},
    ],
)
def test_variables_that_do_not_fit_are_refused_in_the_same_words(given: dict[str, object]) -> None:
    found = same(SCHEMA, VARIABLES, variable_values=given)

    assert found.data == "None"
    assert found.errors


@pytest.mark.parametrize(
    "given",
    [{"a": None}, {}, {"a": 1}, {"a": 1, "b": None}, {"b": 1}, {"a": None, "b": None, "c": None}],
)
def test_null_at_run_time_where_a_default_let_a_nullable_variable_in(given: dict[str, object]) -> None:
    text = """
    query ($a: Int = 1, $b: Int, $c: [Int!] = [1]) {
      need(surely: $a) take(ints: [1, $a], matrix: [[$b], $c], point: {x: $a, y: $b})
      other: take(text: "t", int: $b)
    }
    """

    same(SCHEMA, text, variable_values=given)


@pytest.mark.parametrize("name", [None, "n", 3])
def test_null_in_a_one_of_is_told_even_if_nobody_validated_the_document(name: object) -> None:
    text = "query ($n: String) { take(choice: {name: $n}) two: take(choice: {name: $n, number: 1}) }"

    same(SCHEMA, parse(text), variable_values={"n": name})


def test_defaults_of_variables_are_new_for_every_request() -> None:
    schema = schema_of("type Query { f(l: [Int]): Int }")
    query = schema.type_map["Query"]
    assert isinstance(query, GraphQLObjectType)
    query.fields["f"].resolve = lambda _source, _info, l: l.append(1) or len(l)  # noqa: E741

    found = same(schema, "query ($l: [Int] = [1]) { f(l: $l) }")

    assert found.data == "{'f': 2}"


def test_arguments_are_new_for_every_call() -> None:
    seen: list[object] = []
    schema = schema_of("input I { l: [Int] = [1] } type Query { f(l: [Int] = [1], i: I, o: [Int]): Int }")
    query = schema.type_map["Query"]
    assert isinstance(query, GraphQLObjectType)

    def take(_source: object, _info: object, o: list[int], i: dict[str, object], **_rest: object) -> int:
        o.append(2)
        i["more"] = 1
        seen.append((o, i))
        return 1

    query.fields["f"].resolve = take
    same(schema, "query ($n: Int) { f(o: [1], i: {}) g: f(o: [$n], i: {l: [2]}) }", variable_values={"n": 1})

    assert all(o == [1, 2] for o, _ in seen)  # type: ignore[misc, has-type]


@pytest.mark.parametrize(
    "text",
    [
        "{ need }",
        '{ take(int: "x") }',
        "{ take(points: [null]) }",
        "{ take(nothing: 1) }",
        "query ($n: Int! = 3) { take(ints: $n) }",
    ],
)
def test_invalid_literals_are_told_even_if_nobody_validated_the_document(text: str) -> None:
    same(SCHEMA, parse(text))


@pytest.mark.parametrize("declared", ['$x: Int = "x"', "$x: Query", "$x: Nothing", "$x: [Query!]! = 3"])
def test_an_invalid_declaration_is_told_where_it_is_used(declared: str) -> None:
    same(SCHEMA, parse(f"query ({declared}) {{ take(int: $x) }}"))
    same(SCHEMA, parse(f"query ({declared}) {{ take(int: $x) }}"), variable_values={"x": 1})


def test_an_invalid_default_of_the_schema_is_told_where_it_is_used() -> None:
    schema = schema_of("""
    scalar Odd
    input I { a: Odd = 1 b: Int }
    type Query { f(a: Odd = 2, i: I): Int g(i: I): Int }
    """)
    odd = schema.type_map["Odd"]
    assert isinstance(odd, GraphQLScalarType)
    document = read(schema, "query ($i: Int) { f g(i: {b: $i}) h: f(a: 1) }")
    odd.coerce_input_value = odd.coerce_input_literal = lambda _value: Undefined

    found = same(schema, document, variable_values={"i": 1})

    assert len(found.errors) == 3
