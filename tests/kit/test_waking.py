"""Hints that something was written: they come by change stream, and are never needed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.kit.waking import Waker, wake_on_writes

if TYPE_CHECKING:
    from server.kit.mongo import Database

LONG = 30.0  # seconds; a test that waits so long has failed


async def test_write_to_a_watched_collection_wakes(database: Database) -> None:
    waker = Waker("things", ("insert",))
    async with asyncio.timeout(LONG / 2), asyncio.TaskGroup() as group:
        watching = group.create_task(wake_on_writes(database, [waker]))
        await waker.sleep(LONG)  # the stream is open

        await database["things"].insert_one({"_id": 1})

        await waker.sleep(LONG)
        watching.cancel()


async def test_other_writes_do_not_wake(database: Database) -> None:
    asked, other = Waker("things", ("insert",)), Waker("others")
    async with asyncio.timeout(LONG / 2), asyncio.TaskGroup() as group:
        watching = group.create_task(wake_on_writes(database, [asked, other]))
        await asked.sleep(LONG)
        await other.sleep(LONG)
        await database["unrelated"].insert_one({"_id": 1})
        await database["others"].insert_one({"_id": 1})
        await other.sleep(LONG)  # events come in order: the unrelated one was passed over

        async with asyncio.timeout(LONG):
            started = asyncio.get_running_loop().time()
            await asked.sleep(0.01)
            assert asyncio.get_running_loop().time() - started >= 0.009
        watching.cancel()


async def test_sleep_ends_by_itself() -> None:
    async with asyncio.timeout(LONG):
        await Waker("things").sleep(0.001)


async def test_waking_before_the_sleep_counts_once() -> None:
    waker = Waker("things")
    waker.wake()
    async with asyncio.timeout(LONG / 2):
        await waker.sleep(LONG)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await waker.sleep(LONG)
