"""Where a null stops that may not be: at the nearest place above that may be null."""

from __future__ import annotations

import pytest

from tests.graphql.executor.both import same, schema_of

SCHEMA = schema_of("""
type Query { maybe: Box surely: Box! maybes: [Box] sure: [Box!] sures: [Box!]! nested: [[Box!]!] value: Int }
type Box { value: Int! other: Int box: Box! boxes: [Box!]! maybe: Box numbers: [Int!] matrix: [[Int!]]! }
""")
BOX = {"value": 1, "other": 2, "numbers": [1], "matrix": [[1]]}


def test_null_below_non_null_makes_the_parent_null() -> None:
    found = same(SCHEMA, "{ maybe { other value } value }", lambda: {"maybe": {"other": 1}, "value": 3})

    assert found.data == "{'maybe': None, 'value': 3}"
    assert "Cannot return null for non-nullable field Box.value." in found.errors[0]


def test_null_goes_up_to_the_data_where_nothing_may_be_null() -> None:
    found = same(SCHEMA, "{ value surely { value } }", lambda: {"surely": {}, "value": 3})

    assert found.data == "None"
    assert len(found.errors) == 1


def test_null_goes_through_several_levels() -> None:
    root = {"maybe": {"maybe": {"value": 1, "box": {"box": {"boxes": [BOX, {}]}}}}}

    found = same(SCHEMA, "{ maybe { maybe { value box { box { boxes { value } } } } } }", lambda: root)

    assert found.data == "{'maybe': {'maybe': None}}"
    assert "['maybe', 'maybe', 'box', 'box', 'boxes', 1, 'value']" in found.errors[0]


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("maybes", "{'maybes': [{'value': 1}, None, {'value': 1}]}"),
        ("sure", "{'sure': None}"),
        ("sures", "None"),
    ],
)
def test_null_item_makes_null_what_may_be(field: str, data: str) -> None:
    found = same(SCHEMA, f"{{ {field} {{ value }} }}", lambda: {field: [BOX, None, BOX]})
    below = same(SCHEMA, f"{{ {field} {{ value }} }}", lambda: {field: [BOX, {}, BOX]})

    assert found.data == below.data == data
    assert len(found.errors) == (0 if field == "maybes" else 1)
    assert "[1, 'value']" in below.errors[0].replace(f"'{field}', ", "")


def test_null_in_a_list_of_lists_makes_the_outer_list_null_where_items_must_be() -> None:
    found = same(SCHEMA, "{ nested { value } }", lambda: {"nested": [[BOX], [BOX, None]]})

    assert found.data == "{'nested': None}"
    assert "'path': ['nested', 1, 1]" in found.errors[0]


def test_each_bad_number_of_a_matrix_costs_its_own_row() -> None:
    root = {"maybe": {**BOX, "matrix": [[1], [2, None], ["x"], None, (3, 4)]}}

    found = same(SCHEMA, "{ maybe { matrix } }", lambda: root)

    assert found.data == "{'maybe': {'matrix': [[1], None, None, None, [3, 4]]}}"
    assert len(found.errors) == 2


def test_only_the_first_error_below_a_null_is_told() -> None:
    found = same(
        SCHEMA, "{ maybe { value box { value } other boxes { value } } }", lambda: {"maybe": {"other": "x"}}
    )

    assert len(found.errors) == 1


def test_errors_of_places_that_stay_are_all_told_in_the_order_of_the_document() -> None:
    root = {
        "maybes": [{"value": 1, "other": "x"}, {"value": None}, {"value": 1, "numbers": 3}],
        "value": "no",
    }

    found = same(SCHEMA, "{ maybes { other value numbers } value }", lambda: root)

    assert len(found.errors) == 4


def test_keys_keep_the_order_of_the_document_whatever_fails() -> None:
    found = same(
        SCHEMA, "{ value b: maybe { other } a: value maybe { value } }", lambda: {"value": 1, "maybe": {}}
    )

    assert found.data == "{'value': 1, 'b': {'other': None}, 'a': 1, 'maybe': None}"
