"""Inputs come to the same, whether Strawberry looks up how to read them each time or once for each type."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLInputObjectType
from strawberry.relay import GlobalID
from strawberry.scalars import JSON
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryMaybe

from server.graphql.inputs import read_at_once
from server.graphql.schema import build_schema


@strawberry.enum
class Colour(Enum):
    """A closed set."""

    RED = "r"


@strawberry.input
class Wish:
    """One field of each kind, and itself."""

    good_name: str
    colour: Colour | None
    anything: JSON | None = None
    often: int = 1
    node: GlobalID | None = None
    tags: list[str] = strawberry.field(default_factory=list, name="labels")
    also: list[Wish] | None = strawberry.UNSET


@strawberry.type
class Query:
    """Tells what it was given."""

    @strawberry.field
    def told(self, wish: Wish) -> str:
        """Return it as Python shows it."""
        return repr(wish)


def definitions(schema: strawberry.Schema) -> list[Any]:
    core = schema._schema.type_map.values()  # noqa: SLF001 - as inputs.py
    types = [each for each in core if isinstance(each, GraphQLInputObjectType)]
    return [each.extensions[GraphQLCoreConverter.DEFINITION_BACKREF] for each in types]


def told(schema: strawberry.Schema, wish: dict[str, Any]) -> object:
    result = schema.execute_sync("query ($wish: Wish!) { told(wish: $wish) }", {"wish": wish})
    return result.data["told"] if result.data else [each.message for each in result.errors or ()]


@pytest.mark.parametrize(
    "wish",
    [
        {"goodName": "a"},
        {"goodName": "a", "colour": "RED", "anything": {"b": [1, None]}, "often": 3, "labels": ["x", "y"]},
        {"goodName": "a", "colour": None, "anything": None, "also": None, "node": None},
        {"goodName": "a", "node": "V2lzaDox", "also": [{"goodName": "b", "also": [{"goodName": "c"}]}]},
        {"goodName": "a", "node": "no id"},
    ],
)
def test_inputs_are_read_as_strawberry_reads_them(wish: dict[str, Any]) -> None:
    schema = strawberry.Schema(Query)
    for each in definitions(schema):
        each.from_input = None
    by_strawberry = told(schema, wish)

    read_at_once(schema)

    assert told(schema, wish) == by_strawberry


def test_every_input_of_ours_is_read_at_once() -> None:
    assert all(each.from_input is not None for each in definitions(build_schema()))


def test_no_input_of_ours_has_fields_that_would_go_unchecked() -> None:
    fields = [field for each in definitions(build_schema()) for field in each.fields]

    assert not any(isinstance(field.resolve_type(), StrawberryMaybe) for field in fields)
