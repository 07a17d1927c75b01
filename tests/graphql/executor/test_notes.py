"""Objects that never change: what was read from them is given again, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import parse

from server.graphql.executor import Compiler, Read
from tests.graphql.executor.both import same
from tests.graphql.executor.test_planner import SCHEMA, Attributes, Box

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from graphql import GraphQLField, GraphQLObjectType

    from server.graphql.executor import FieldPlan


class Noted(Attributes):
    """Takes notes of boxes, and tells what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[Any, Any] = {}
        self.read: list[str] = []

    def plan_field(self, parent_type: GraphQLObjectType, name: str, field: GraphQLField) -> FieldPlan | None:
        plan = super().plan_field(parent_type, name, field)
        if not isinstance(plan, Read):
            return plan
        from_source = plan.from_source

        def read(source: object) -> object:
            self.read.append(name)
            return from_source(source)

        return Read(read)

    def notes_of(self, type_: GraphQLObjectType) -> Callable[[Any], MutableMapping[Any, Any]] | None:
        return (lambda _: self.notes) if type_.name == "Box" else None


BOX = Box()


@pytest.mark.parametrize(
    "selection",
    [
        "name size",
        "late name",
        "error name",
        "wrong name",
        "called",
        "twice t: twice(n: 5)",
        "__typename name",
    ],
)
def test_what_comes_out_is_the_same_with_notes(selection: str) -> None:
    same(SCHEMA, f"{{ box {{ {selection} }} }}", lambda: {"box": BOX}, planner=Noted())


def test_fields_are_read_once() -> None:
    planner = Noted()
    compiled = Compiler(SCHEMA, planner).compile(parse("{ box { name size } }"))

    results: list[Any] = [compiled.execute({"box": BOX}) for _ in range(3)]

    assert [each.data for each in results] == [{"box": {"name": "box", "size": 3}}] * 3
    assert planner.read == ["name", "size"]


@pytest.mark.parametrize("selection", ["name twice(n: $n)", "name error", "name late"])
def test_what_hangs_on_more_than_the_object_is_read_again(selection: str) -> None:
    planner, declared = Noted(), "query ($n: Int = 1)" if "$n" in selection else "query"

    same(SCHEMA, f"{declared} {{ box {{ {selection} }} }}", lambda: {"box": BOX}, planner=planner)

    assert planner.notes == {}
    assert planner.read.count("name") > 1


def test_answers_to_conditions_are_noted_apart() -> None:
    planner, text = Noted(), "query ($all: Boolean!) { box { name size @include(if: $all) } }"
    compiled = Compiler(SCHEMA, planner).compile(parse(text))

    brief, whole = ({"box": {"name": "box"}}, {"box": {"name": "box", "size": 3}})

    for answer, expected in ((True, whole), (False, brief), (True, whole)):
        result: Any = compiled.execute({"box": BOX}, variable_values={"all": answer})
        assert result.data == expected


def test_notes_do_not_grow_with_the_documents_that_somebody_makes_up() -> None:
    planner = Noted()
    compiler = Compiler(SCHEMA, planner)

    for number in range(50):
        compiler.compile(parse(f"{{ box {{ n{number}: name }} }}")).execute({"box": BOX})

    assert 0 < len(planner.notes) <= 20
