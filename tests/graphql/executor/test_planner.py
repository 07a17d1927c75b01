"""What a planner may take off the executor, and that nothing else changes by it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, parse

from server.graphql.executor import Compiler, Planner, Read, Resolve
from tests.graphql.executor.both import same, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import GraphQLAbstractType

    from server.graphql.executor import FieldPlan

SCHEMA = schema_of("""
interface Shape { name: String! }
type Box implements Shape {
  name: String! size: Int late: Int wrong: Int! error: Int called: Int twice(n: Int = 2): Int
}
type Ball implements Shape { name: String! }
union Thing = Box | Ball
type Query { box: Box shape: Shape things: [Thing!] }
""")


@dataclass
class Box:
    """A source."""

    name: str = "box"
    size: int = 3
    wrong: object = "wrong"

    @property
    def late(self) -> Any:  # noqa: ANN401
        """Something that a plain attribute is not expected to be."""
        return asyncio.sleep(0, 7)

    @property
    def error(self) -> int:
        """An attribute that cannot be read."""
        raise ValueError("unreadable")

    @property
    def called(self) -> Any:  # noqa: ANN401
        """A function; only graphql-core's default resolver would call it."""
        return lambda *_: 1


class Ball(Box):
    """Another source."""


@dataclass
class Attributes(Planner):
    """Reads attributes."""

    asked: list[str] = field(default_factory=list)

    def plan_field(self, parent_type: GraphQLObjectType, name: str, field: GraphQLField) -> FieldPlan | None:  # noqa: ARG002
        self.asked.append(f"{parent_type}.{name}")
        if name == "twice":
            return Resolve(
                lambda source, info, n: source.size * n if info is None else None, needs_info=False
            )
        return None if parent_type.name == "Query" else Read(attrgetter(name))

    def known_classes(self, type_: GraphQLObjectType | GraphQLAbstractType) -> Mapping[type, str]:
        return {Box: "Box"} if type_.name in {"Box", "Shape", "Thing"} else {}


def _reading(name: str) -> Callable[..., Any]:
    return lambda source, _info: getattr(source, name)


def _is_a(kind: type) -> Callable[..., bool]:
    return lambda value, _info: type(value) is kind


def _resolvers() -> None:
    """Give graphql-core resolvers that do what the plans do."""
    box = SCHEMA.type_map["Box"]
    assert isinstance(box, GraphQLObjectType)
    for name, each in box.fields.items():
        each.resolve = _reading(name)
    box.fields["twice"].resolve = lambda source, _info, n: source.size * n
    box.is_type_of = _is_a(Box)
    ball = SCHEMA.type_map["Ball"]
    assert isinstance(ball, GraphQLObjectType)
    ball.is_type_of = _is_a(Ball)


_resolvers()


@pytest.mark.parametrize(
    "selection",
    [
        "name size",
        "late name",
        "error name",
        "name wrong",
        "called",
        "twice t: twice(n: 5)",
        "__typename name",
    ],
)
def test_planned_fields_come_to_what_their_resolvers_do(selection: str) -> None:
    text = (
        f"{{ box {{ {selection} }} things {{ ... on Box {{ {selection} }} __typename }} shape {{ name }} }}"
    )

    same(
        SCHEMA,
        text,
        lambda: {"box": Box(), "things": [Box(), Ball(), Box()], "shape": Ball()},
        planner=Attributes(),
    )


def test_values_that_are_no_instances_of_a_known_class_are_asked_as_ever() -> None:
    class Other(Box):
        pass

    for thing in (Other(), {"name": "x"}, None, ValueError("returned")):
        root = {"box": thing, "things": [Box(), thing], "shape": thing}
        same(SCHEMA, "{ box { name } things { __typename } shape { name } }", root.copy, planner=Attributes())


def test_known_classes_are_not_asked_for_their_type() -> None:
    schema = schema_of(
        "interface Shape { name: String } type Box implements Shape { name: String } "
        "union Thing = Box type Query { box: Box shape: Shape things: [Thing] }"
    )

    def unexpected(*_: object) -> bool:
        raise AssertionError

    box, shape, thing = (schema.type_map[name] for name in ("Box", "Shape", "Thing"))
    assert isinstance(box, GraphQLObjectType)
    assert isinstance(shape, GraphQLInterfaceType)
    assert isinstance(thing, GraphQLUnionType)
    box.is_type_of = shape.resolve_type = thing.resolve_type = unexpected  # type: ignore[assignment]
    document = parse("{ box { name } shape { name } things { ... on Box { name } } }")

    found: Any = (
        Compiler(schema, Attributes())
        .compile(document)
        .execute({"box": Box(), "shape": Box(), "things": [Box()]})
    )

    assert found.errors is None


def test_a_planner_is_asked_once_for_each_field_that_came_up() -> None:
    planner = Attributes()
    compiled = Compiler(SCHEMA, planner).compile(
        parse("{ box { name n: name __typename } shape { name } __schema { description } }")
    )

    for _ in range(3):
        compiled.execute({"box": Box()})

    assert planner.asked == ["Query.box", "Query.shape", "Box.name", "Box.name"]


def test_a_planner_is_asked_once_for_each_answer_to_a_condition() -> None:
    planner = Attributes()
    compiled = Compiler(SCHEMA, planner).compile(parse("query ($x: Boolean!) { box @skip(if: $x) { name } }"))

    for answer in (False, True) * 3:
        compiled.execute({"box": Box()}, None, {"x": answer})

    assert planner.asked == ["Query.box", "Box.name"]


def test_a_planner_that_names_no_object_type_is_found_out() -> None:
    class Wrong(Planner):
        def known_classes(self, type_: GraphQLObjectType | GraphQLAbstractType) -> Mapping[type, str]:
            return {Box: "Thing"} if type_.name == "Shape" else {}

    found: Any = Compiler(SCHEMA, Wrong()).compile(parse("{ shape { name } }")).execute({"shape": Box()})

    assert "names 'Thing' as an object type" in found.errors[0].message
