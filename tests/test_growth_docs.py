"""What the page on growth tells operators to shard is what MongoDB lets them shard."""

from __future__ import annotations

import re

from server.kit.indexes import wanted_indexes
from server.privacy.holdings import HOLDINGS
from server.services.stores import build_stores
from tests.api import settings_for
from tests.test_architecture import ROOT

PAGE = (ROOT / "docs" / "operations" / "growth.md").read_text()
SHARDED = set(re.findall(r'sh\.shardCollection\("acquaint\.(\w+)", \{_id: "hashed"\}\)', PAGE))
UNSHARDED = set(re.findall(r"^\| `(\w+)` \| (?:`|one of)", PAGE, re.MULTILINE))


async def _with_a_forbidden_index() -> set[str]:
    """Return the collections with a unique index that does not begin with `_id`."""
    settings = settings_for("mongodb://127.0.0.1:1", "none")
    wanted = await wanted_indexes(lambda recorder: build_stores(settings, recorder).create_indexes())
    return {
        collection
        for collection, indexes in wanted.items()
        for each in indexes.values()
        if each.get("unique") and next(iter(each["key"])) != "_id"
    }


async def test_nothing_that_is_sharded_has_a_unique_index_but_of_its_key() -> None:
    assert SHARDED & await _with_a_forbidden_index() == set()


async def test_what_grows_with_people_is_sharded_or_told_why_it_is_not() -> None:
    of_people = {each.collection for each in HOLDINGS if each.person}

    assert of_people == SHARDED | UNSHARDED
    assert await _with_a_forbidden_index() >= UNSHARDED
