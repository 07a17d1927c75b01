"""Types that say late what they are, and scalars that say late what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import GraphQLError, GraphQLInterfaceType, GraphQLObjectType, GraphQLScalarType

from tests.graphql.executor.both import same, schema_of
from tests.graphql.executor.test_waiting import after, late
from tests.graphql.executor.world import Later

if TYPE_CHECKING:
    from graphql import GraphQLSchema


def test_a_scalar_may_serialise_late() -> None:
    schema = schema_of("scalar Odd type Query { odd: Odd surely: Odd! odds: [Odd!] }")
    odd = schema.type_map["Odd"]
    assert isinstance(odd, GraphQLScalarType)
    odd.coerce_output_value = lambda value: Later(after(1, value)) if value == 1 else after(1, value)

    same(
        schema,
        "{ odd surely odds }",
        lambda: {"odd": ValueError("late"), "surely": 1, "odds": [1, after(1, 2)]},
    )
    same(schema, "{ odd surely odds }", lambda: {"odd": 1, "surely": "s", "odds": (1, "x")})


def _answering_late(**answers: object) -> GraphQLSchema:
    schema = schema_of("""
    interface Named { name: String }
    type Cat implements Named { name: String } type Dog implements Named { name: String }
    type Cow { name: String }
    union Pet = Cat | Dog | Cow
    type Query { named: Named names: [Named!] pet: Pet cat: Cat }
    """)
    for name, answer in answers.items():
        type_ = schema.type_map[name]
        assert isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType))
        if isinstance(type_, GraphQLObjectType):
            type_.is_type_of = answer  # type: ignore[assignment]
        else:
            type_.resolve_type = answer  # type: ignore[assignment]
    return schema


@pytest.mark.parametrize("answer", [True, False, None, ValueError("no answer"), GraphQLError("refused")])
def test_types_may_be_found_late(answer: object) -> None:
    def is_type_of(*_: object) -> object:
        return after(1, answer)

    schema = _answering_late(Cat=is_type_of, Dog=lambda *_: after(2, "a dog"))

    same(
        schema,
        "{ named { __typename name } names { name } pet { __typename } cat { name } }",
        lambda: {
            "named": {"name": "n"},
            "names": [{"name": late("a")}, after(1, {})],
            "pet": {"a": 1},
            "cat": {"name": "c"},
        },
    )


@pytest.mark.parametrize(
    "answer", ["Cat", "Cow", "Query", "Nothing", "Named", 7, None, ValueError("no answer")]
)
def test_type_names_may_come_late(answer: object) -> None:
    schema = _answering_late(Named=lambda *_: after(1, answer))

    same(
        schema,
        "{ named { __typename name } names { name } }",
        lambda: {"named": {}, "names": [{"name": late("a")}]},
    )
