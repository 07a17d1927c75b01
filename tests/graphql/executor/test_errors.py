"""What a client is told of what goes wrong in resolvers and values."""

from __future__ import annotations

import math
from array import array
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from graphql import GraphQLError, GraphQLScalarType, Undefined, execute, parse

from server.graphql.executor import Compiler
from tests.graphql.executor.both import same, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Size(Enum):
    """Inside values of an enum."""

    SMALL = 1
    HUGE = 2


SCHEMA = schema_of(
    """
    scalar Odd
    enum Size { SMALL }
    enum Letter { A B }
    type Query {
      int: Int float: Float text: String id: ID yes: Boolean size: Size letter: Letter odd: Odd surely: Odd!
      ints: [Int] texts: [String!] odds: [Odd] sizes: [Size!] matrix: [[Int]] query: Query queries: [Query!]
    }
    """,
    Size={"SMALL": Size.SMALL},
)
LEAVES = "{ int float text id yes size letter odd }"


class Failure(Exception):  # noqa: N818 - as a library might name it
    """Has what a GraphQLError has, and is none."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = f"shown: {message}"
        self.extensions = {"code": "FAILURE"}


def raising(error: BaseException) -> Any:  # noqa: ANN401
    """Return a resolver that raises."""

    def resolve(_info: object) -> NoReturn:
        raise error

    return resolve


def errors() -> list[Exception]:
    """Return errors of every sort, new ones: whoever reports one may write on it."""
    document = parse("{ somewhere }")
    return [
        ValueError("a value"),
        KeyError("a key"),
        Failure("a failure"),
        Exception(),
        StopIteration("stop"),
        GraphQLError("refused", extensions={"code": "REFUSED", "deep": {"list": [1]}}),
        GraphQLError("elsewhere", path=["else", 1]),
        GraphQLError("another document", nodes=document.definitions[0]),
        GraphQLError("caused", original_error=Failure("the cause")),
    ]


@pytest.mark.parametrize("number", range(len(errors())))
def test_raised_errors_say_the_same(number: int) -> None:
    for query in ("{ text }", "{ query { text id } }", "{ queries { text } }", "{ texts }"):
        found = same(
            SCHEMA,
            query,
            lambda: (
                {name: raising(errors()[number]) for name in ("text", "texts", "id")}
                | {
                    "query": {"text": raising(errors()[number])},
                    "queries": [{"text": raising(errors()[number])}],
                }
            ),
        )

        assert len(found.errors) == 1


@pytest.mark.parametrize("number", range(len(errors())))
def test_returned_exceptions_count_as_raised(number: int) -> None:
    for query in ("{ text }", "{ query { id } }", "{ queries { id } }", "{ texts odds ints }"):
        found = same(
            SCHEMA,
            query,
            lambda: {
                "text": errors()[number],
                "query": errors()[number],
                "queries": [{}, errors()[number]],
                "texts": ["a", errors()[number]],
                "odds": ["a", errors()[number]],
                "ints": errors()[number],
            },
        )

        assert found.errors


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**400, 1.0, 1.5, -0.0, True, False),
        *(math.nan, math.inf, -math.inf, 1e308, "", "1", "1.5", "word", "A", "SMALL", b"1", "\ud800"),
        *(None, Undefined, [], {}, (), object, Size.SMALL, Size.HUGE, range(3), frozenset({1})),
    ],
)
def test_any_value_comes_out_of_any_leaf_alike(value: object) -> None:
    names = LEAVES.strip("{} ").split()

    same(SCHEMA, LEAVES, lambda: dict.fromkeys(names, value))
    same(
        SCHEMA,
        "{ ints texts odds sizes matrix }",
        lambda: {name: [value] for name in ("ints", "texts", "odds", "sizes")},
    )
    same(
        SCHEMA,
        "{ ints texts matrix queries { id } query { id } }",
        lambda: dict.fromkeys(("ints", "texts", "matrix", "queries", "query"), value),
    )
    same(SCHEMA, "{ surely }", lambda: {"surely": value})


def test_enum_values_outside_the_enum_are_told() -> None:
    found = same(SCHEMA, "{ size letter }", lambda: {"size": Size.HUGE, "letter": "C"})

    assert "Enum 'Size' cannot represent value" in found.errors[0]
    assert "Enum 'Letter' cannot represent value: 'C'" in found.errors[1]


def test_members_of_an_enum_come_out_by_name_every_time() -> None:
    calls: list[int] = []

    class Call(Enum):
        ME = 1

        def __call__(self, *_: object) -> Size | str:
            calls.append(1)
            return Size.SMALL if len(calls) % 2 else "no size"

    sizes = [Size.SMALL] * 3
    found = same(
        SCHEMA,
        "{ sizes size queries { size } }",
        lambda: {
            "sizes": sizes,
            "size": Call.ME,
            "queries": [{"size": each} for each in (Size.SMALL, Call.ME, Size.SMALL, Call.ME, Call.ME)],
        },
    )

    assert len(found.errors) == 2


def test_int_beyond_32_bits_is_told() -> None:
    found = same(SCHEMA, "{ int ints }", lambda: {"int": 2**31, "ints": [1, 2**31]})

    assert found.data == "{'int': None, 'ints': [1, None]}"


def test_not_a_number_is_told() -> None:
    found = same(SCHEMA, "{ float }", lambda: {"float": math.nan})

    assert "Float cannot represent non numeric value: nan" in found.errors[0]


@pytest.mark.parametrize("result", [None, Undefined, 0, "", [], {"a": 1}, ValueError("returned")])
def test_custom_scalars_may_serialise_to_anything_but_null(result: object) -> None:
    schema = schema_of("scalar Odd type Query { odd: Odd odds: [Odd!] }")
    odd = schema.type_map["Odd"]
    assert isinstance(odd, GraphQLScalarType)
    odd.coerce_output_value = lambda _value: result

    same(schema, "{ odd odds }", lambda: {"odd": 1, "odds": [1, 2]})


@pytest.mark.parametrize("value", [3, "text", {"a": 1}, b"bytes", object()])
def test_what_cannot_be_iterated_is_no_list(value: object) -> None:
    found = same(SCHEMA, "{ ints }", lambda: {"ints": value})

    assert "Expected Iterable, but did not find one for field 'Query.ints'." in found.errors[0]


@pytest.mark.parametrize(
    "values", [{1, 2}, (1, 2), [1, 2], range(3), {1: 2}.keys(), {1: 2}.values(), deque([1]), array("i", [1])]
)
def test_anything_else_that_can_be_iterated_is_a_list(values: Iterable[int]) -> None:
    found = same(SCHEMA, "{ ints }", lambda: {"ints": values})
    once = same(SCHEMA, "{ ints }", lambda: {"ints": iter(values)})

    assert found.data == once.data == repr({"ints": list(values)})


def test_an_iterator_that_fails_costs_the_list() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise Failure("half way")

    found = same(SCHEMA, "{ ints text }", lambda: {"ints": numbers(), "text": "still"})

    assert found.data == "{'ints': None, 'text': 'still'}"


def test_missing_attributes_and_keys_are_null() -> None:
    class Source:
        int = 3

    found = same(SCHEMA, "{ int text query { int } }", Source)

    assert found.data == "{'int': 3, 'text': None, 'query': None}"


def test_an_interrupt_is_nobody_s_field_error() -> None:
    document = parse("{ text }")
    root = {"text": raising(KeyboardInterrupt())}

    with pytest.raises(KeyboardInterrupt):
        execute(SCHEMA, document, root)
    with pytest.raises(KeyboardInterrupt):
        Compiler(SCHEMA).compile(document).execute(root)
