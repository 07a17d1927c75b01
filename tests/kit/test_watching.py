"""Configuration in memory: one snapshot at a time, never older than the last refresh, followed live."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from server.kit.mongo import ConnectionFailure
from server.kit.watching import Watched, keep_fresh

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database


class Shelf:
    """A collection's content as tests see it: counts how often it was read, and lets them wait for it."""

    def __init__(self, database: Database, name: str) -> None:
        self.loads = 0
        self.loaded = asyncio.Condition()
        self._things = database[name]
        self.watched: Watched[frozenset[int]] = Watched(name, self._load)

    async def _load(self) -> frozenset[int]:
        self.loads += 1
        async with self.loaded:
            self.loaded.notify_all()
        return frozenset([thing["_id"] async for thing in self._things.find()])

    async def put(self, thing: int) -> None:
        await self._things.insert_one({"_id": thing})

    async def until_loaded(self, loads: int) -> None:
        async with asyncio.timeout(10), self.loaded:
            await self.loaded.wait_for(lambda: self.loads >= loads)
        await self.watched.refresh()  # waits for the load that is under way


@asynccontextmanager
async def following(database: Database, *shelves: Shelf) -> AsyncIterator[None]:
    watched: list[Watched[Any]] = [shelf.watched for shelf in shelves]
    task = asyncio.create_task(keep_fresh(database, watched))
    try:
        for shelf in shelves:
            await shelf.until_loaded(1)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_snapshot_is_loaded_once_for_all_who_come_together(database: Database) -> None:
    shelf = Shelf(database, "shelf")
    await shelf.put(1)

    first = await shelf.watched.current()
    others = await asyncio.gather(*(shelf.watched.current() for _ in range(10)))

    assert first == {1}
    assert all(other is first for other in others)
    assert shelf.loads == 1


async def test_snapshot_stays_until_it_is_refreshed(database: Database) -> None:
    shelf = Shelf(database, "shelf")
    before = await shelf.watched.current()
    await shelf.put(1)

    unchanged = await shelf.watched.current()
    await shelf.watched.refresh()

    assert unchanged is before
    assert before == frozenset()
    assert await shelf.watched.current() == {1}


async def test_refreshes_that_overlap_end_with_the_newest(database: Database) -> None:
    shelf = Shelf(database, "shelf")

    async def put_and_refresh(thing: int) -> bool:
        await shelf.put(thing)
        await shelf.watched.refresh()
        return thing in await shelf.watched.current()

    seen = await asyncio.gather(*(put_and_refresh(thing) for thing in range(20)))

    assert all(seen)
    assert await shelf.watched.current() == frozenset(range(20))


async def test_slow_load_never_replaces_a_newer_one() -> None:
    loads = iter(("older", "newer"))
    began, may_end = asyncio.Event(), asyncio.Event()

    async def load() -> str:
        snapshot = next(loads)
        if snapshot == "older":
            began.set()
            await may_end.wait()
        return snapshot

    watched: Watched[str] = Watched("things", load)
    older = asyncio.create_task(watched.refresh())
    await began.wait()
    newer = asyncio.create_task(watched.refresh())
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(older, newer)

    assert await watched.current() == "newer"


async def test_change_of_another_process_is_followed(database: Database) -> None:
    shelf = Shelf(database, "shelf")

    async with following(database, shelf):
        loads = shelf.loads
        await database["shelf"].insert_one({"_id": 7})
        await shelf.until_loaded(loads + 1)

    assert await shelf.watched.current() == {7}


async def test_only_what_changed_is_loaded_anew(database: Database) -> None:
    busy, quiet = Shelf(database, "busy"), Shelf(database, "quiet")

    async with following(database, busy, quiet):
        loads = quiet.loads
        for thing in range(3):
            before = busy.loads
            await busy.put(thing)
            await busy.until_loaded(before + 1)

    assert quiet.loads == loads
    assert await busy.watched.current() == {0, 1, 2}


async def test_what_changed_before_following_is_seen(database: Database) -> None:
    shelf = Shelf(database, "shelf")
    await shelf.watched.current()
    await shelf.put(1)

    async with following(database, shelf):
        pass

    assert await shelf.watched.current() == {1}


class Unreadable:
    """What a later version wrote, and this one does not understand."""

    collection = "later"

    async def refresh(self) -> None:
        raise KeyError

    async def heed(self, changed: object) -> None:
        del changed
        raise KeyError


async def test_what_cannot_be_understood_keeps_nothing_else_from_being_fresh(database: Database) -> None:
    shelf = Shelf(database, "shelf")
    following = asyncio.create_task(keep_fresh(database, [Unreadable(), shelf.watched]))
    await shelf.until_loaded(1)

    loads = shelf.loads
    await database["later"].insert_one({"_id": 1})
    await shelf.put(7)
    await shelf.until_loaded(loads + 1)

    assert await shelf.watched.current() == {7}
    following.cancel()
    await asyncio.wait({following})


async def test_where_nothing_can_be_followed_everything_is_loaded_now_and_then(database: Database) -> None:
    shelf = Shelf(database, "shelf")
    await shelf.watched.current()
    await shelf.put(1)

    class Unfollowed:
        def watch(self, _: object) -> None:
            raise ConnectionFailure

    polling = asyncio.create_task(keep_fresh(cast("Database", Unfollowed()), [shelf.watched]))
    await shelf.until_loaded(2)

    assert await shelf.watched.current() == {1}
    polling.cancel()
    await asyncio.wait({polling})
