"""How much one operation may ask for, counted after fragments are spread and before anything is validated."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query, parse

from server.graphql.limits import LimitError, excess
from server.kit.operations import OperationLimits

LIMITS = OperationLimits(
    depth=4, fields=10, aliases=3, directives=2, mutations=2, variables=2, operation_name=8
)


def _excess(text: str, limits: OperationLimits = LIMITS) -> tuple[object, object, object] | None:
    error = excess(parse(text), limits)
    if error is None:
        return None
    assert isinstance(error, LimitError)
    assert error.extensions is not None
    return error.extensions["limit"], error.extensions["value"], error.extensions["bound"]


@pytest.mark.parametrize(
    ("fits", "limit", "one_more"),
    [
        ("{ a { b { c { d } } } }", "depth", "{ a { b { c { d { e } } } } }"),
        ("{ a b c d e f g h i j }", "fields", "{ a b c d e f g h i j k }"),
        ("{ x: a y: a z: a }", "aliases", "{ x: a y: a z: a w: a }"),
        ("{ a @x @y }", "directives", "{ a @x @y @z }"),
        (
            "mutation { a ...F } fragment F on M { b }",
            "mutations",
            "mutation { a ...F } fragment F on M { b c }",
        ),
        ("query @x @y { a }", "directives", "query @x @y @z { a }"),
        ("query ($a: A, $b: B) { a }", "variables", "query ($a: A, $b: B, $c: C) { a }"),
        ("query FitsInIt { a }", "operation_name", "query FitsNoMore { a }"),
    ],
)
def test_as_much_as_allowed_may_be_asked_for_and_no_more(fits: str, limit: str, one_more: str) -> None:
    found = _excess(one_more)

    assert _excess(fits) is None
    assert found is not None
    assert found[0] == limit


def test_error_says_which_limit_the_value_and_the_bound() -> None:
    error = excess(parse("query Named { a { b { c { d { e } } } } }"), LIMITS)

    assert error is not None
    assert error.message == "An operation is at most 4 fields deep; this one has 5."
    assert error.extensions == {"code": "LIMIT_EXCEEDED", "limit": "depth", "value": 5, "bound": 4}


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("{ ...F ...F } fragment F on Query { a b c d e f }", ("fields", 12, 10)),
        ("{ ...F ...F } fragment F on Query { x: a y: b }", ("aliases", 4, 3)),
        ("{ a { ...F } } fragment F on A { b { c { d { e } } } }", ("depth", 5, 4)),
        ("{ a { ... on A { b { c { d { e } } } } } }", ("depth", 5, 4)),
        ("{ ...F } fragment F on Query { a @x @y @z }", ("directives", 3, 2)),
        ("query A { a } query B { a b c d e f g h i j k }", ("fields", 11, 10)),
    ],
)
def test_fragments_count_wherever_they_are_spread(text: str, counted: tuple[object, ...]) -> None:
    assert _excess(text) == counted


def test_fragments_of_fragments_are_multiplied_without_being_spread() -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))

    found = _excess(f"{{ ...F0 }} {doubling} fragment F40 on Query {{ a }}")

    assert found == ("fields", 2**40, 10)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(300))
        + " fragment F300 on Query { a }",
        "{" + "a{" * 120 + "a" + "}" * 121,
        "{" + "...{" * 120 + "a" + "}" * 121,
    ],
)
def test_what_is_nested_without_end_is_refused_before_anybody_follows_it(text: str) -> None:
    assert _excess(text, OperationLimits(depth=1_000)) == ("nesting", None, 100)
    assert _excess(text, OperationLimits(depth=1_000, nesting=50)) == ("nesting", None, 50)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on Query { a ...F }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
    ],
)
def test_fragment_that_spreads_itself_is_left_to_validation(text: str) -> None:
    assert _excess(text) is None


def test_fragment_that_is_missing_is_left_to_validation() -> None:
    assert _excess("{ a ...Missing }") is None


def test_tools_may_introspect_with_the_limits_that_are_the_default() -> None:
    text = get_introspection_query(
        input_value_deprecation=True, specified_by_url=True, directive_is_repeatable=True
    )

    assert _excess(text, OperationLimits()) is None
