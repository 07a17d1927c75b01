"""A schema with every feature, and worlds behind it in which anything may go wrong, the same way twice.

What a field comes to depends on the world's seed, the place of its source and its arguments, never on who
asks or when: two executors that ask the same questions get the same answers.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from graphql import GraphQLAbstractType, GraphQLField, GraphQLResolveInfo

SDL = """
directive @note(text: String) on FIELD

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
  scalars(i: Int, f: Float = 1.5, s: String! = "s", b: Boolean, id: ID, c: Colour = GREEN, o: Odd, l: [[Int]]): Plain
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


@dataclass(frozen=True)
class Thing:
    """An object somewhere in a response, whose values follow from where."""

    place: tuple[object, ...]
    kind: str


class Later:
    """Something awaitable that is no coroutine."""

    def __init__(self, awaitable: Any) -> None:  # noqa: ANN401
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, None, Any]:
        return self._awaitable.__await__()  # type: ignore[no-any-return]


class Stream:
    """Something asynchronously iterable that cannot be closed."""

    def __init__(self, items: list[Any]) -> None:
        self._items = iter(items)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401
        await asyncio.sleep(0)
        for item in self._items:
            return item
        raise StopAsyncIteration


class OutsideError(Exception):
    """What a library may raise: with extensions, but no GraphQLError."""

    extensions = {"code": "OUTSIDE"}  # noqa: RUF012 - as libraries do


@dataclass
class World:
    """How wild it is (values that their types do not allow, errors) and how late (awaitables)."""

    seed: int
    wild: float = 0.0
    late: float = 0.0
    asked: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> World:
        """Return the world of a seed, from quite tame to very wild."""
        random = Random(seed)
        return cls(seed, wild=random.choice((0, 0.03, 0.15)), late=random.choice((0, 0, 0.2, 0.6)))

    def again(self) -> World:
        """Return the same world, not asked anything yet."""
        return World(self.seed, wild=self.wild, late=self.late)

    def resolve(self, source: Thing, info: GraphQLResolveInfo[World], **arguments: object) -> object:
        """Resolve a field as a resolver does, and remember what was asked in which order."""
        path = info.path.as_list()
        self.asked.append(
            f"{path} {info.path.typename} {info.parent_type}.{info.field_name}{arguments}: {info.return_type} "
            f"{len(info.field_nodes)} {info.operation.operation} {sorted(info.fragments)} "
            f"{info.variable_values.coerced} {info.root_value}"
        )
        return self.value(source, info.field_name, info.return_type, **arguments)

    def value(self, source: Thing, name: str, type_: GraphQLOutputType, **arguments: object) -> object:
        """Return what a field comes to."""
        random = Random(f"{self.seed} {source.place} {name} {arguments}")
        return self._perhaps_late(random, lambda: self._perhaps_wild(random, type_, (*source.place, name)))

    def type_name(self, thing: object, abstract: GraphQLAbstractType) -> object:
        """Resolve an abstract type as `resolve_type` does."""
        if not isinstance(thing, Thing):
            return None
        random = Random(f"{self.seed} {thing.place} {abstract}")
        return self._perhaps_late(random, lambda: self._perhaps_wild_name(random, thing))

    def is_one(self, thing: object, kind: str) -> object:
        """Tell whether a thing is of a kind, as `is_type_of` does."""
        place = thing.place if isinstance(thing, Thing) else None
        random = Random(f"{self.seed} {place} is {kind}")
        is_one = isinstance(thing, Thing) and (thing.kind == kind) is (random.random() >= self.wild / 2)
        return self._perhaps_late(random, lambda: is_one)

    def _perhaps_wild_name(self, random: Random, thing: Thing) -> object:
        if random.random() >= self.wild:
            return thing.kind
        name = random.choice(("Odd", "Nothing", "Query", 7, None, "Twig", OutsideError("no type")))
        if isinstance(name, Exception):
            raise name
        return name

    def _perhaps_late(self, random: Random, value: Callable[[], object]) -> object:
        if random.random() >= self.late:
            return value()
        turns = random.randrange(3)

        async def later() -> object:
            for _ in range(turns):
                await asyncio.sleep(0)
            return value()

        shape = random.randrange(4)
        if shape == 0:
            return asyncio.ensure_future(later())
        return Later(later()) if shape == 1 else later()

    def _perhaps_wild(self, random: Random, type_: GraphQLOutputType, place: tuple[object, ...]) -> object:
        if random.random() < self.wild:
            return _wild(random, place)
        if isinstance(type_, GraphQLNonNull):
            return self._value(random, type_.of_type, place)
        return None if random.random() < 0.1 else self._value(random, type_, place)

    def _value(self, random: Random, type_: GraphQLOutputType, place: tuple[object, ...]) -> object:
        if isinstance(type_, GraphQLList):
            return self._list(random, type_.of_type, place)
        if isinstance(type_, GraphQLScalarType):
            return random.choice(_SCALARS[type_.name])
        if isinstance(type_, GraphQLEnumType):
            return random.choice(list(Colour))
        return Thing(place, random.choice(_KINDS.get(str(type_), (str(type_),))))

    def _list(self, random: Random, type_: GraphQLOutputType, place: tuple[object, ...]) -> object:
        items = [
            self._perhaps_late(random, lambda at=(*place, index): self._perhaps_wild(random, type_, at))
            for index in range(random.randrange(4))
        ]
        shape = random.randrange(12)
        if shape < 8:
            return items if shape < 6 else tuple(items)
        if shape < 10 or not self.late:
            return _generate(items, fails=random.random() < self.wild)
        return Stream(items) if shape == 10 else _stream(items, fails=random.random() < self.wild)


def _generate(items: list[object], *, fails: bool) -> Iterator[object]:
    yield from items
    if fails:
        raise OutsideError("an iterator failed")


async def _stream(items: list[object], *, fails: bool) -> AsyncIterator[object]:
    for item in items:
        await asyncio.sleep(0)
        yield item
    if fails:
        raise OutsideError("a stream failed")


def _wild(random: Random, place: tuple[object, ...]) -> object:
    value = random.choice(_WILD)
    if value is _RAISE:
        raise random.choice(_errors(place))
    if value is _RETURN:
        return random.choice(_errors(place))
    return Thing(place, "Leaf") if value is _THING else value


def _errors(place: tuple[object, ...]) -> list[Exception]:
    return [
        ValueError(f"no value at {place}"),
        GraphQLError(f"refused at {place}", extensions={"code": "REFUSED"}),
        OutsideError(),
        GraphQLError("elsewhere", path=["else", "where"]),
    ]


_RAISE, _RETURN, _THING = object(), object(), object()
_WILD = (
    *(_RAISE, _RAISE, _RETURN, _THING, None, None, Undefined, 2**40, math.nan, math.inf, "", "word", "12"),
    *(3.0, 3.5, True, b"bytes", [], {}, {"__typename": "Leaf"}, [None, "x"], object, Colour.RED, "r", 10**400),
)
_SCALARS: dict[str, tuple[object, ...]] = {
    "ID": ("an id", 12, ""),
    "Int": (0, -7, 2**31 - 1, 4.0, "11", True),
    "Float": (0.5, 3, "2.5", True, -0.0),
    "String": ("text", "", "tëxt\n", 12, 1.5, True),
    "Boolean": (True, False, 1, 0.0),
    "Odd": ("odd", 3, ["list", {"of": None}], {}),
    "Plain": ("plain", 3, {"a": [1, 2]}, False),
}
_KINDS = {"Named": ("Leaf", "Branch", "Twig"), "Living": ("Leaf", "Branch"), "Thing": ("Leaf", "Branch", "Twig")}


def serialize_odd(value: object) -> object:
    """Serialise an Odd: some to null, some with an error, some only later."""
    if value == 3:
        return None
    if value == {}:
        raise OutsideError("an odd value")

    async def later() -> object:
        await asyncio.sleep(0)
        return ["late", value]

    return later() if value == "late" else value


def build_world_schema() -> GraphQLSchema:
    """Return the schema; the world that it asks is the context of each request."""
    schema = build_schema(SDL)
    for type_ in schema.type_map.values():
        _attach(type_)
    return schema


def _attach(type_: GraphQLNamedType) -> None:
    if type_.name.startswith("__"):
        return
    if isinstance(type_, GraphQLScalarType) and type_.name == "Odd":
        type_.coerce_output_value = serialize_odd  # type: ignore[method-assign]
    if isinstance(type_, GraphQLEnumType):
        for name, value in type_.values.items():
            value.value = Colour[name]
    if isinstance(type_, GraphQLObjectType):
        for each in type_.fields.values():
            each.resolve = _resolve
        if type_.name in {"Leaf", "Branch"}:
            type_.is_type_of = lambda thing, info: info.context.is_one(thing, type_.name)
    if isinstance(type_, GraphQLUnionType) or type_.name == "Living":
        assert isinstance(type_, (GraphQLUnionType, GraphQLInterfaceType))
        type_.resolve_type = lambda thing, info, abstract: info.context.type_name(thing, abstract)


def _resolve(source: Thing, info: GraphQLResolveInfo[World], **arguments: object) -> object:
    return info.context.resolve(source, info, **arguments)


ROOT = Thing((), "root")


def field_of(schema: GraphQLSchema, type_name: str, name: str) -> GraphQLField:
    """Return a field, for a test to give another resolver."""
    type_ = schema.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    return type_.fields[name]
