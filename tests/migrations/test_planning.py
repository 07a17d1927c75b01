"""What becomes of an index, by what is wanted and what is there."""

from __future__ import annotations

from typing import Any

import pytest

from server.migrations.errors import MigrationError
from server.migrations.model import Act
from server.migrations.planning import index_steps


def _index(name: str = "at_1", **options: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - of an index
    return {name: {"name": name, "key": {"at": 1}, **options}}


def _acts(wanted: dict[str, Any], there: dict[str, Any], *, drops: bool = False) -> list[tuple[Act, str]]:
    steps = index_steps({"log": wanted}, {"log": there}, drops=drops)
    return [(each.act, each.name) for each in steps]


@pytest.mark.parametrize(
    ("there", "act"),
    [
        (_index(v=2), None),
        (_index(unique=False), None),
        ({}, Act.BUILD),
        (_index(sparse=True), Act.REPLACE),
        (_index(partialFilterExpression={"at": {"$gt": 1}}), Act.REPLACE),
        ({"at_1": {"name": "at_1", "key": {"at": -1}}}, Act.REPLACE),
        ({"at_1": {"name": "at_1", "key": {"at": 1, "by": 1}}}, Act.REPLACE),
    ],
)
def test_index_is_built_where_it_is_not_there_as_it_is_wanted(there: dict[str, Any], act: Act | None) -> None:
    assert _acts(_index(), there) == ([] if act is None else [(act, "at_1")])


def test_order_of_fields_makes_another_index() -> None:
    wanted = {"a_1_b_1": {"name": "a_1_b_1", "key": {"a": 1, "b": 1}}}
    there = {"a_1_b_1": {"name": "a_1_b_1", "key": {"b": 1, "a": 1}}}

    assert _acts(wanted, there) == [(Act.REPLACE, "a_1_b_1")]


@pytest.mark.parametrize(
    ("wanted", "there", "act"),
    [
        ({"expireAfterSeconds": 60}, {"expireAfterSeconds": 30}, Act.EXPIRE),
        ({"expireAfterSeconds": 60}, {}, Act.REPLACE),
        ({"expireAfterSeconds": 60, "sparse": True}, {"expireAfterSeconds": 30}, Act.REPLACE),
    ],
)
def test_index_is_kept_where_only_the_time_differs_after_which_documents_expire(
    wanted: dict[str, Any], there: dict[str, Any], act: Act
) -> None:
    assert _acts(_index(**wanted), _index(**there)) == [(act, "at_1")]


def test_index_of_another_version_is_left_until_somebody_says_that_it_does_not_run() -> None:
    assert _acts({}, _index("old_1")) == [(Act.LEAVE, "old_1")]
    assert _acts({}, _index("old_1"), drops=True) == [(Act.DROP, "old_1")]


def test_index_of_the_key_by_which_an_operator_shards_is_no_business_of_any_version() -> None:
    assert _acts({}, {"_id_hashed": {"name": "_id_hashed", "key": {"_id": "hashed"}}}, drops=True) == []


def test_unique_index_is_never_replaced_since_duplicates_could_come_meanwhile() -> None:
    with pytest.raises(MigrationError, match=r"would let duplicates in meanwhile\. It has to get a new name"):
        _acts(_index(unique=True, sparse=True), _index(unique=True))
