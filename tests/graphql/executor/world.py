"""Worlds in which anything may go wrong, the same way twice.

What a field comes to depends on the world's seed, the place of its source and its arguments, never on who
asks or when: two executors that ask the same questions get the same answers.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    Undefined,
)

from tests.graphql.executor.features import Colour, OddError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from graphql import GraphQLAbstractType, GraphQLOutputType, GraphQLResolveInfo


@dataclass(frozen=True)
class Thing:
    """An object somewhere in a response, whose values follow from where."""

    place: tuple[object, ...]
    kind: str
    world: World = field(repr=False, compare=False)


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


@dataclass
class World:
    """How wild it is (values that their types do not allow, errors) and how late (awaitables)."""

    seed: str
    wild: float = 0.0
    late: float = 0.0
    asked: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, seed: str) -> World:
        """Return the world of a seed, not asked anything yet: from quite tame to very wild."""
        random = _random(seed)
        return cls(seed, wild=random.choice((0, 0.03, 0.15)), late=random.choice((0, 0, 0.2, 0.6)))

    @property
    def root(self) -> Thing:
        """Where queries begin."""
        return Thing((), "root", self)

    def resolve(self, source: Thing, info: GraphQLResolveInfo[World], **arguments: object) -> object:
        """Resolve a field as a resolver does, and remember what was asked in which order."""
        path = info.path.as_list()
        self.asked.append(
            f"{path} {info.path.typename} {info.parent_type}.{info.field_name}{arguments}: "
            f"{info.return_type} {len(info.field_nodes)} {info.operation.operation} {sorted(info.fragments)} "
            f"{info.variable_values.coerced} {sorted(info.variable_values.sources)} {info.root_value}"
        )
        return self.value(source, info.field_name, info.return_type, **arguments)

    def value(self, source: Thing, name: str, type_: GraphQLOutputType, **arguments: object) -> object:
        """Return what a field comes to."""
        random = _random(self.seed, source.place, name, arguments)
        return self._perhaps_late(random, lambda: self._perhaps_wild(random, type_, (*source.place, name)))

    def type_name(self, thing: object, abstract: GraphQLAbstractType) -> object:
        """Resolve an abstract type as `resolve_type` does."""
        if not isinstance(thing, Thing):
            return None
        random = _random(self.seed, thing.place, abstract)
        return self._perhaps_late(random, lambda: self._perhaps_wild_name(random, thing))

    def is_one(self, thing: object, kind: str) -> object:
        """Tell whether a thing is of a kind, as `is_type_of` does."""
        place = thing.place if isinstance(thing, Thing) else None
        random = _random(self.seed, place, "is", kind)
        is_one = isinstance(thing, Thing) and (thing.kind == kind) is (random.random() >= self.wild / 2)
        return self._perhaps_late(random, lambda: is_one)

    def _perhaps_wild_name(self, random: Random, thing: Thing) -> object:
        if random.random() >= self.wild:
            return thing.kind
        name = random.choice(("Odd", "Nothing", "Query", 7, None, "Twig", OddError("no type")))
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
            return self._wild(random, place)
        if isinstance(type_, GraphQLNonNull):
            return self._value(random, type_.of_type, place)
        return None if random.random() < 0.1 else self._value(random, type_, place)

    def _wild(self, random: Random, place: tuple[object, ...]) -> object:
        value = random.choice(_WILD)
        if value is _RAISE:
            raise random.choice(_errors(place))
        if value is _RETURN:
            return random.choice(_errors(place))
        return Thing(place, "Leaf", self) if value is _THING else value

    def _value(self, random: Random, type_: GraphQLOutputType, place: tuple[object, ...]) -> object:
        if isinstance(type_, GraphQLList):
            return self._list(random, type_.of_type, place)
        if isinstance(type_, GraphQLScalarType):
            return random.choice(_SCALARS[type_.name])
        if isinstance(type_, GraphQLEnumType):
            return random.choice(list(Colour))
        return Thing(place, random.choice(_KINDS.get(str(type_), (str(type_),))), self)

    def _list(self, random: Random, type_: GraphQLOutputType, place: tuple[object, ...]) -> object:
        def item(index: int) -> object:
            return self._perhaps_late(random, lambda: self._perhaps_wild(random, type_, (*place, index)))

        items = [item(index) for index in range(random.randrange(4))]
        fails = random.random() < self.wild
        shapes: list[object] = [items, items, items, tuple(items), _generate(items, fails=fails)]
        if self.late:
            shapes += [Stream(items), _stream(items, fails=fails)]
        return random.choice(shapes)


def _random(*of: object) -> Random:
    """Return the same numbers for the same things, whatever the process."""
    return Random(repr(of))  # noqa: S311 - no secret


def value_of(source: Thing, name: str, type_: GraphQLOutputType, **arguments: object) -> object:
    """Return what a field comes to, from its source alone; it fails as `World.resolve` does on no thing."""
    assert source.place is not None
    return source.world.value(source, name, type_, **arguments)


def _generate(items: list[object], *, fails: bool) -> Iterator[object]:
    yield from items
    if fails:
        raise OddError("an iterator failed")


async def _stream(items: list[object], *, fails: bool) -> AsyncIterator[object]:
    for item in items:
        await asyncio.sleep(0)
        yield item
    if fails:
        raise OddError("a stream failed")


def _errors(place: tuple[object, ...]) -> list[Exception]:
    return [
        ValueError(f"no value at {place}"),
        GraphQLError(f"refused at {place}", extensions={"code": "REFUSED"}),
        OddError(),
        GraphQLError("elsewhere", path=["else", "where"]),
    ]


_RAISE, _RETURN, _THING = object(), object(), object()
_WILD: tuple[object, ...] = (
    *(_RAISE, _RAISE, _RETURN, _THING, None, None, Undefined, 2**40, 10**400, math.nan, math.inf, 3.0, 3.5),
    *("", "word", "12", "r", True, b"bytes", [], {}, [None, "x"], {"__typename": "Leaf"}, object, Colour.RED),
)
_SCALARS: dict[str, tuple[object, ...]] = {
    "ID": ("an id", 12, ""),
    "Int": (0, -7, 2**31 - 1, 4.0, "11", True),
    "Float": (0.5, 3, "2.5", True, -0.0),
    "String": ("text", "", "tëxt\n", 12, 1.5, True),
    "Boolean": (True, False, 1, 0.0),
    "Odd": ("odd", "late", 3, ["list", {"of": None}], {}),
    "Plain": ("plain", 3, {"a": [1, 2]}, False),
}
_KINDS = {
    "Named": ("Leaf", "Branch", "Twig"),
    "Living": ("Leaf", "Branch"),
    "Thing": ("Leaf", "Branch", "Twig"),
}
