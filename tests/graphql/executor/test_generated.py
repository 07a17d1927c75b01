"""Whatever document, whatever data: the compiled executor and graphql-core come to the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, execute, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from server.graphql.executor import Compiler, Planner, Read, Resolve
from tests.graphql.executor.both import outcome
from tests.graphql.executor.features import build_feature_schema
from tests.graphql.executor.weaving import weave
from tests.graphql.executor.world import World, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLField

    from server.graphql.executor import FieldPlan

# graphql-core leaves what a failed stream still held without an end, and so do we; see test_waiting.py.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SCHEMA = build_feature_schema()
ODD = {"Odd": st.sampled_from([nodes.String("odd"), nodes.String("late"), nodes.Int(3), nodes.Object([])])}
CASES = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
SEEDS = st.integers(0, 2**32)


class Knowing(Planner):
    """Knows of every second field that it needs no info, and of some of these that they just read."""

    def plan_field(self, parent_type: GraphQLObjectType, name: str, field: GraphQLField) -> FieldPlan | None:
        if (len(name) + len(parent_type.name)) % 2:
            return None
        if not field.args:
            return Read(lambda source: value_of(source, name, field.type))
        return Resolve(
            lambda source, _info, **arguments: value_of(source, name, field.type, **arguments),
            needs_info=False,
        )


def check(plain: Sequence[str], seed: int) -> None:
    """Execute a document made of plain ones in one world thrice."""
    woven = weave(SCHEMA, plain, seed)
    document = parse(woven.text)
    assert validate(SCHEMA, document) == [], woven
    given: dict[str, Any] = {"variable_values": woven.variables, "operation_name": woven.operation_name}
    world, again, known = (World.of(f"{seed} {plain}") for _ in range(3))

    expected = asyncio.run(outcome(lambda: execute(SCHEMA, document, world.root, world, **given)))
    compiled = Compiler(SCHEMA).compile(document)
    actual = asyncio.run(outcome(lambda: compiled.execute(again.root, again, **given)))
    planned = Compiler(SCHEMA, Knowing()).compile(document)
    knowing = asyncio.run(outcome(lambda: planned.execute(known.root, known, **given)))

    assert actual == expected, f"{woven}\n{actual}\n  differs from\n{expected}"
    assert again.asked == world.asked, woven
    assert knowing == expected, f"{woven}\nwith plans\n{knowing}\n  differs from\n{expected}"


@settings(CASES, max_examples=1_500)
@given(st.lists(queries(SCHEMA, custom_scalars=ODD), min_size=1, max_size=3), SEEDS)
def test_queries_come_to_the_same(plain: list[str], seed: int) -> None:
    check(plain, seed)


@settings(CASES, max_examples=500)
@given(st.lists(mutations(SCHEMA, custom_scalars=ODD), min_size=1, max_size=3), SEEDS)
def test_mutations_come_to_the_same(plain: list[str], seed: int) -> None:
    check(plain, seed)


def test_the_worlds_hold_what_the_cases_are_meant_to_meet() -> None:
    worlds = [World.of(str(seed)) for seed in range(200)]

    assert {world.wild > 0 for world in worlds} == {world.late > 0 for world in worlds} == {True, False}
    assert any(isinstance(type_, GraphQLInterfaceType) for type_ in SCHEMA.type_map.values())
