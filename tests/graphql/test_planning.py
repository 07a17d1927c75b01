"""Strawberry's fields come to the same with and without Strawberry in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import pytest
import strawberry
from graphql import GraphQLObjectType, execute, parse, validate
from strawberry.extensions import FieldExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exception_handlers import ExceptionHandler

from server.graphql.executor import Compiler, Read, Resolve
from server.graphql.planning import StrawberryPlanner
from server.graphql.schema import build_schema
from tests.graphql.executor.both import outcome

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField

    from server.graphql.executor import FieldPlan

T = TypeVar("T")


@strawberry.enum
class Colour(Enum):
    """A closed set."""

    RED = "r"
    GREEN = "g"


@strawberry.interface
class Named:
    """Something with a name."""

    name: str

    @strawberry.field
    def shouted(self) -> str:
        """Come from self alone."""
        return self.name.upper()


@strawberry.type
class Cat(Named):
    """Made of one class."""

    colour: Colour | None = None
    born: datetime = datetime(2026, 1, 2, tzinfo=UTC)
    extra: JSON | None = None
    private: strawberry.Private[int] = 7

    @strawberry.field
    async def friend(self, info: strawberry.Info[Any, None]) -> Named | None:
        """Come later."""
        await asyncio.sleep(0)
        friend: Named | None = info.context["friends"].get(self.name)
        return friend

    @strawberry.field(name="lives")  # type: ignore[untyped-decorator]  # called, it returns Any
    def remaining(self, per_year: int = 2, *, bonus: float | None = None) -> float:
        """Take arguments of their own names."""
        return per_year * self.private + (bonus or 0)


@strawberry.type
class Dog(Named):
    """Made of one class, and its subclass stands for it too."""

    tricks: list[str]

    @strawberry.field
    @staticmethod
    def kind(root: Dog) -> str:
        """Take the source by name."""
        return f"{root.name} is a dog"

    @strawberry.field
    def parent(this: strawberry.Parent[Dog]) -> str:  # noqa: N805 - Strawberry's other way to say self
        """Take the source by type."""
        return f"{this.name} is a parent"


class Puppy(Dog):
    """No Strawberry type of its own."""


@strawberry.type
class Page(Generic[T]):
    """Made of one class for several types."""

    items: list[T]


@strawberry.type
class Refusal:
    """What an exception becomes."""

    message: str


class RefusedError(Exception):
    """What is raised."""


class Refusals(ExceptionHandler[RefusedError, Refusal]):
    """Shows what is raised."""

    def handle(self, exception: RefusedError, *, field: StrawberryField, info: strawberry.Info) -> Refusal:
        del field, info
        return Refusal(message=str(exception))


class Doubled(FieldExtension):
    """Comes between a field and its resolver."""

    def resolve(self, next_: Callable[..., Any], source: object, info: strawberry.Info, **given: Any) -> Any:  # noqa: ANN401
        return next_(source, info, **given) * 2


@strawberry.input
class Wish:
    """Needs conversion."""

    name: str
    often: int = 1


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]
Answer = Annotated[Cat | Refusal, strawberry.union("Answer")]


@strawberry.type
class Query:
    """One field for every way to resolve one."""

    @strawberry.field
    def cat(self, info: strawberry.Info[Any, None], id: strawberry.ID | None = None) -> Cat:  # noqa: A002
        """Take an id and the info."""
        return Cat(name=f"{info.field_name} {id!r} {info.path.key}", extra=JSON({"a": [1]}))

    @strawberry.field
    def named(self) -> list[Named | None]:
        """Return an interface."""
        return [Cat(name="Tom"), Dog(name="Rex", tricks=["sit"]), None, Puppy(name="Pup", tricks=[])]

    @strawberry.field
    async def pets(self, kinds: list[str] | None = None, colour: Colour = Colour.RED) -> list[Pet]:
        """Return a union; take a list and an enum."""
        return [Cat(name=f"{kinds} {colour}", colour=colour), Puppy(name="Pup", tricks=["none"])]

    @strawberry.field
    def answer(self, wish: Wish, *, is_refused: bool = False) -> Answer:
        """Raise what a handler shows."""
        if is_refused:
            raise RefusedError(f"no {wish.name}")
        return Cat(name=wish.name * wish.often)

    @strawberry.field(extensions=[Doubled()])  # type: ignore[untyped-decorator]  # as above
    def doubled(self, text: str) -> str:
        """Have an extension."""
        return text

    @strawberry.field
    def cats(self) -> Page[Cat]:
        """Return a generic type."""
        return Page(items=[Cat(name="Tom")])

    @strawberry.field
    def dogs(self) -> Page[Dog]:
        """Return another one of the same."""
        return Page(items=[Dog(name="Rex", tricks=[])])

    @strawberry.field
    def maybe(self, value: strawberry.Maybe[int | None]) -> str:
        """Tell null from nothing."""
        return repr(value)

    @strawberry.field
    async def stream(self) -> AsyncIterator[int]:
        """Yield."""
        yield 1

    @strawberry.field
    def wrong(self) -> Cat:
        """Return nothing of that kind."""
        return Refusal(message="no cat")  # type: ignore[return-value]

    @strawberry.field
    def unlike(self) -> Pet:
        """Return nothing of the union."""
        return Refusal(message="no pet")  # type: ignore[return-value]


SCHEMA = strawberry.Schema(Query, exception_handlers=[Refusals()], types=[Cat, Dog])
CONTEXT = {"friends": {"Tom": Puppy(name="Pup", tricks=[]), "Rex": None}}
PETS = "__typename ... on Cat { name shouted colour born extra } ... on Dog { tricks kind parent name }"


def _planned(schema: strawberry.Schema) -> Compiler:
    return Compiler(schema._schema, StrawberryPlanner(schema))  # noqa: SLF001 - as the API does


@pytest.mark.parametrize(
    "text",
    [
        "{ cat { name shouted colour born extra friend { __typename name } } c: cat(id: 7) { name } }",
        "{ cat { a: lives b: lives(perYear: 3) c: lives(perYear: 3, bonus: 0.5) d: lives(bonus: null) } }",
        "query ($n: Int! = 4, $b: Float) { cat { lives(perYear: $n, bonus: $b) } }",
        "{ named { __typename name shouted ... on Cat { born friend { name } } ... on Dog { tricks } } }",
        f"{{ pets {{ {PETS} }} all: pets(kinds: null, colour: GREEN) {{ {PETS} }} }}",
        f'{{ pets(kinds: ["a"]) {{ {PETS} }} one: pets(kinds: "b") {{ {PETS} }} }}',
        '{ answer(wish: {name: "a", often: 2}) { ... on Cat { name } } }',
        '{ answer(wish: {name: "a"}, isRefused: true) { __typename ... on Refusal { message } } }',
        '{ doubled(text: "x") stream maybe none: maybe(value: null) one: maybe(value: 1) }',
        "{ cats { __typename items { name } } dogs { __typename items { tricks } } }",
        "{ wrong { name } unlike { __typename } }",
        "{ __typename cat { __typename } __schema { queryType { name fields { name } } } }",
    ],
)
def test_fields_come_to_the_same_with_and_without_strawberry_in_between(text: str) -> None:
    document = parse(text)
    assert validate(SCHEMA._schema, document) == []  # noqa: SLF001 - as the API does
    compiled = _planned(SCHEMA).compile(document)

    expected = asyncio.run(outcome(lambda: execute(SCHEMA._schema, document, None, CONTEXT)))  # noqa: SLF001
    for _ in range(2):
        actual = asyncio.run(outcome(lambda: compiled.execute(None, CONTEXT)))

        assert actual == expected, f"{actual}\n  differs from\n{expected}"


def _plan(type_name: str, field: str, schema: strawberry.Schema = SCHEMA) -> FieldPlan | None:
    type_ = schema._schema.type_map[type_name]  # noqa: SLF001 - as the API does
    assert isinstance(type_, GraphQLObjectType)
    return StrawberryPlanner(schema).plan_field(type_, field, type_.fields[field])


def test_attributes_are_read() -> None:
    assert isinstance(_plan("Cat", "name"), Read)
    assert isinstance(_plan("Dog", "tricks"), Read)


def test_functions_with_simple_arguments_are_called() -> None:
    plan = _plan("Cat", "lives")

    assert isinstance(plan, Resolve)
    assert not plan.needs_info
    assert isinstance(_plan("Cat", "friend"), Resolve)


@pytest.mark.parametrize("field", ["answer", "doubled", "maybe", "pets"])
def test_what_strawberry_adds_stays(field: str) -> None:
    assert _plan("Query", field) is None


def test_another_default_resolver_stays() -> None:
    def read(source: object, name: str) -> object:
        return getattr(source, name)

    schema = strawberry.Schema(Query, config=StrawberryConfig(default_resolver=read), types=[Cat, Dog])

    assert _plan("Cat", "name", schema) is None


def test_classes_are_known_where_one_stands_for_one_type() -> None:
    planner = StrawberryPlanner(SCHEMA)
    types = SCHEMA._schema.type_map  # noqa: SLF001 - as the API does

    known = {name: planner.known_classes(types[name]) for name in ("Cat", "Named", "Pet", "CatPage")}  # type: ignore[arg-type]

    assert known == {
        "Cat": {Cat: "Cat"},
        "Named": {Cat: "Cat", Dog: "Dog"},
        "Pet": {Cat: "Cat", Dog: "Dog"},
        "CatPage": {},
    }


def test_nearly_all_of_our_own_fields_are_planned() -> None:
    """Or a new Strawberry does things in other ways, and we are slow without noticing."""
    schema = build_schema()
    objects = [
        type_
        for type_ in schema._schema.type_map.values()  # noqa: SLF001 - as the API does
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
    ]

    plans = {
        f"{type_}.{name}": _plan(type_.name, name, schema)
        for type_ in objects
        if type_.name not in {"Mutation", "Subscription"}
        for name in type_.fields
    }
    reads = [name for name, plan in plans.items() if isinstance(plan, Read)]

    assert isinstance(plans["Query.nextQuestion"], Resolve)
    assert len(reads) > 0.8 * len(plans)
