"""What an operation costs, known before anything is looked up."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, get_introspection_query, parse

from server.graphql.costs import LIST, PART, cost_of, lasting_cost
from server.kit.paging import DEFAULT_PAGE, MAX_PAGE

SCHEMA = build_schema("""
interface Named { name: String }
type Thing implements Named { name: String parts: [Thing!] tags: [String!]
  things(first: Int, after: String): Things }
type Things { nodes: [Thing!] edges: [Edge!] pageInfo: Info count: Int }
type Edge { cursor: String node: Thing }
type Info { hasNextPage: Boolean }
union Any = Thing | Info
type Query { name: String thing: Thing things(first: Int, after: String): Things by(ids: [ID!]!): [Thing]
  any: Any }
""")


def _cost(text: str, **variables: Any) -> int:  # noqa: ANN401 - any JSON
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return cost_of(SCHEMA, document, operation, variables)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ name }", 1),
        ("{ a: name b: name }", 2),
        ("{ thing { name } }", 2),
        ("{ thing { tags } }", 2),
        ("{ thing { parts { name } } }", 2 + LIST),
        ("{ thing { parts { parts { name } } } }", 2 + LIST * (1 + LIST)),
        ("{ things(first: 7) { nodes { name } } }", 2 + 7),
        ("{ things(first: 7) { edges { node { name } } } }", 2 + 7 * 2),
        ("{ things(first: 7) { pageInfo { hasNextPage } count } }", 4),
        ("{ things { nodes { name } } }", 2 + DEFAULT_PAGE),
        ("{ things(first: 1000000) { nodes { name } } }", 2 + MAX_PAGE),
        ("{ things(first: -5) { nodes { name } } }", 2 + 1),
        ("{ things(first: 3) { nodes { things(first: 4) { nodes { name } } } } }", 2 + 3 * (2 + 4)),
        ('{ by(ids: ["1", "2", "3"]) { name } }', 1 + 3),
        ("{ any { ... on Thing { name } ... on Info { hasNextPage } } }", 3),
        ("{ ...F } fragment F on Query { thing { parts { name } } }", 2 + LIST),
    ],
)
def test_every_field_costs_one_and_a_list_as_often_as_it_may_be_long(text: str, cost: int) -> None:
    assert _cost(text) == cost


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ ... @defer { name } }", 1 + PART),
        ("{ ...F @defer } fragment F on Query { name }", 1 + PART),
        ("{ thing { parts { ... @defer { name } } } }", 2 + LIST * (1 + PART)),
        ("{ things(first: 7) { edges @stream { node { name } } } }", 2 + 7 * (2 + PART)),
    ],
)
def test_what_comes_in_a_part_of_its_own_costs_more(text: str, cost: int) -> None:
    assert _cost(text) == cost


def test_length_may_be_a_variable() -> None:
    page = "query ($n: Int, $ids: [ID!]!) { things(first: $n) { nodes { name } } by(ids: $ids) { name } }"

    assert _cost(page, n=7, ids=["1"] * 3) == 2 + 7 + 1 + 3
    assert _cost(page, n="7", ids="1") == 2 + DEFAULT_PAGE + 1 + 1
    assert _cost(page) == 2 + DEFAULT_PAGE + 1 + LIST


def test_cost_lasts_where_no_variable_bears_on_it() -> None:
    fixed, free = (
        parse(f"query ($n: Int, $a: String) {{ things(first: {first}, after: $a) {{ nodes {{ name }} }} }}")
        for first in ("7", "$n")
    )
    operations = [document.definitions[0] for document in (fixed, free)]

    assert isinstance(operations[0], OperationDefinitionNode)
    assert isinstance(operations[1], OperationDefinitionNode)
    assert lasting_cost(SCHEMA, fixed, operations[0]) == 9
    assert lasting_cost(SCHEMA, free, operations[1]) is None


def test_fragments_of_fragments_are_counted_without_being_spread() -> None:
    doubling = " ".join(
        f"fragment F{n} on Thing {{ parts {{ ...F{n + 1} }} more: parts {{ ...F{n + 1} }} }}"
        for n in range(100)
    )

    cost = _cost(f"{{ thing {{ ...F0 }} }} {doubling} fragment F100 on Thing {{ name }}")

    assert cost > (2 * LIST) ** 100


def test_introspection_costs_its_fields() -> None:
    assert _cost(get_introspection_query()) < 400
