"""The roster: all ids are somebody's, and nobody's who has gone."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pymongo.errors import AutoReconnect

from server.kit.ids import ids_of_share, new_id
from server.kit.roster import Roster, RosterStore

if TYPE_CHECKING:
    from server.kit.mongo import Database


@pytest.mark.parametrize("of", [1, 2, 3, 7, 31, 32])
def test_every_id_is_in_one_share_and_shares_are_about_the_same(of: int) -> None:
    ids = [new_id("prf", datetime.now(UTC)) for _ in range(6_400)]
    shares = [re.compile(ids_of_share(index, of)) for index in range(of)]

    found = [[share for share in shares if share.search(each)] for each in (*ids, "prf_ou")]

    assert {len(each) for each in found} == {1}
    sizes = [sum(1 for each in ids if share.search(each)) for share in shares]
    assert max(sizes) < 3 * min(sizes)


def test_more_workers_than_there_are_shares_begin_anew() -> None:
    assert ids_of_share(33, 40) == ids_of_share(1, 32)


async def test_each_worker_has_a_place_until_it_leaves(database: Database) -> None:
    store = RosterStore(database)
    await store.report("ada")
    await store.report("bob")

    shares = [await Roster(store, name).share() for name in ("ada", "bob")]
    await Roster(store, "ada").leave()

    assert shares == [ids_of_share(0, 2), ids_of_share(1, 2)]
    assert await Roster(store, "bob").share() == ""


async def test_worker_that_was_killed_has_no_place_after_five_seconds(database: Database) -> None:
    store = RosterStore(database)
    await store.report("killed")
    earlier = datetime.now(UTC) - timedelta(seconds=6)
    await database["workers"].update_one({"_id": "killed"}, {"$set": {"seen_at": earlier}})

    assert await store.report("bob") == ["bob"]


async def test_worker_reports_only_now_and_then(database: Database) -> None:
    store = RosterStore(database)
    roster = Roster(store, "ada", every_seconds=600)
    await roster.share()
    await store.strike("ada")

    await roster.share()

    assert await store.report("bob") == ["bob"]


async def test_worker_leaves_also_where_the_database_is_away(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(RosterStore):
        async def strike(self, name: str) -> None:
            raise AutoReconnect(name)

    with caplog.at_level(logging.WARNING):
        await Roster(Away(database), "ada").leave()

    assert "could not take itself off" in caplog.text
