"""A schema with every feature, whose resolvers ask the world that is the context of a request."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
)

if TYPE_CHECKING:
    from graphql import GraphQLNamedType, GraphQLSchema

SDL = """
directive @note(text: String) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT

scalar Odd
scalar Plain

enum Colour { RED GREEN BLUE }

interface Named { name: String! title(short: Boolean! = false): String }
interface Living implements Named { name: String! title(short: Boolean! = false): String parent: Living }

type Leaf implements Living & Named {
  name: String!
  title(short: Boolean! = false): String
  parent: Living
  size: Int
  weight: Float!
  isGreen: Boolean
  veins: [Leaf!]
}

type Branch implements Living & Named {
  name: String!
  title(short: Boolean! = false): String
  parent: Living
  leaves(first: Int = 3, colour: Colour): [Leaf]!
  twigs: [[Twig!]]
  things: [Thing!]!
  any: Thing
}

type Twig implements Named {
  name: String!
  title(short: Boolean! = false): String
  branch: Branch!
  maybe: Branch
  colour: Colour!
  colours: [Colour]
  odd: Odd
  surely: Odd!
}

union Thing = Leaf | Branch | Twig

input Wish {
  text: String = "x"
  depth: Int! = 3
  colours: [Colour!] = [RED]
  inner: Wish
  odd: Odd
  ids: [ID]
}

input Choice @oneOf { text: String number: Int wish: Wish }

type Query {
  id: ID!
  int: Int
  intSurely: Int!
  float: Float
  text: String
  yes: Boolean!
  colour: Colour
  odd: Odd
  plain: Plain
  ints: [Int]
  intsSurely: [Int!]!
  matrix: [[Float!]]!
  cube: [[[String]!]!]
  leaf: Leaf
  leafSurely: Leaf!
  branch(id: ID!): Branch
  twigs: [Twig]
  twigsSurely: [Twig!]!
  named: Named
  living: [Living!]
  thing: Thing
  thingSurely: Thing!
  things(kinds: [Colour!] = [RED, BLUE]): [[Thing]]
  wish(wish: Wish, wishes: [Wish!], choice: Choice): String
  scalars(
    i: Int, f: Float = 1.5, s: String! = "s", b: Boolean, id: ID, c: Colour = GREEN, o: Odd, l: [[Int]]
  ): Plain
}

type Mutation {
  plant(name: String!, wish: Wish): Branch
  cut(id: ID): Thing
  burn: Int
  count: Int!
}

schema { query: Query mutation: Mutation }
"""


class Colour(Enum):
    """What enum values are inside."""

    RED = "r"
    GREEN = "g"
    BLUE = "b"


class OddError(Exception):
    """What a library may raise: with extensions, but no GraphQLError."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.extensions = {"code": "ODD"}


def serialize_odd(value: object) -> object:
    """Serialise an Odd: some to null, some with an error, some only later."""
    if value == 3:
        return None
    if value == {}:
        raise OddError("an odd value")

    async def later() -> object:
        await asyncio.sleep(0)
        return ["late", value]

    return later() if value == "late" else value


def build_feature_schema() -> GraphQLSchema:
    """Return the schema."""
    schema = build_schema(SDL)
    for type_ in schema.type_map.values():
        _attach(type_)
    return schema


def _attach(type_: GraphQLNamedType) -> None:
    if type_.name.startswith("__"):
        return
    if isinstance(type_, GraphQLScalarType) and type_.name == "Odd":
        type_.coerce_output_value = serialize_odd
    if isinstance(type_, GraphQLEnumType):
        for name, value in type_.values.items():
            value.value = Colour[name]
    if isinstance(type_, GraphQLObjectType):
        for each in type_.fields.values():
            each.resolve = lambda source, info, **given: info.context.resolve(source, info, **given)
        if type_.name in {"Leaf", "Branch"}:
            type_.is_type_of = lambda thing, info: info.context.is_one(thing, type_.name)
    if isinstance(type_, GraphQLUnionType) or type_.name == "Living":
        assert isinstance(type_, (GraphQLUnionType, GraphQLInterfaceType))
        type_.resolve_type = lambda thing, info, abstract: info.context.type_name(thing, abstract)
