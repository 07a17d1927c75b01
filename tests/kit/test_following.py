"""One change stream for everybody: nothing is left out, nothing piles up without end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar, cast

import pytest

from server.kit.errors import InvalidInputError
from server.kit.following import Changed, Follower, LostTrackError, read_change_cursor
from server.kit.mongo import ConnectionFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database

INSERTS = {"operationType": "insert"}


@asynccontextmanager
async def _running(database: Database) -> AsyncIterator[Follower]:
    follower = Follower(database, "things", INSERTS)
    running = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
async def follower(database: Database) -> AsyncIterator[Follower]:
    """Follows the collection `things`."""
    async with _running(database) as follower:
        yield follower


async def _take(batches: AsyncIterator[list[Changed]], count: int) -> list[Changed]:
    taken: list[Changed] = []
    async with asyncio.timeout(10):
        while len(taken) < count:
            taken += await anext(batches)
    return taken


async def test_every_listener_hears_every_change_in_order(database: Database, follower: Follower) -> None:
    async with follower.listen(None) as one, follower.listen(None) as other:
        await database["things"].insert_many([{"_id": f"t-{number:03}"} for number in range(100)])
        heard = [[each.id for each in await _take(batches, 100)] for batches in (one, other)]

    assert heard == [[f"t-{number:03}" for number in range(100)]] * 2


async def test_listener_who_comes_back_hears_what_it_missed_once(
    database: Database, follower: Follower
) -> None:
    async with follower.listen(None) as batches:
        await database["things"].insert_one({"_id": "first"})
        (first,) = await _take(batches, 1)
        await database["things"].insert_many([{"_id": "missed-1"}, {"_id": "missed-2"}])
        async with follower.listen(first.token) as again:
            await database["things"].insert_one({"_id": "new"})
            heard = [each.id for each in await _take(again, 3)]

    assert heard == ["missed-1", "missed-2", "new"]


async def test_what_one_process_missed_is_read_by_another(database: Database, follower: Follower) -> None:
    async with follower.listen(None) as batches:
        await database["things"].insert_one({"_id": "first"})
        (first,) = await _take(batches, 1)
    await database["things"].insert_many([{"_id": f"missed-{number}"} for number in range(5)])

    async with _running(database) as other, other.listen(first.token) as again:
        await database["things"].insert_one({"_id": "new"})
        heard = [each.id for each in await _take(again, 6)]

    assert heard == [*(f"missed-{number}" for number in range(5)), "new"]


async def test_listener_who_does_not_read_is_let_go(database: Database, follower: Follower) -> None:
    async with follower.listen(None) as slow, follower.listen(None) as quick:
        for start in range(0, 1_200, 100):
            await database["things"].insert_many([{"_id": start + number} for number in range(100)])
            await _take(quick, 100)
        with pytest.raises(LostTrackError):
            await _take(slow, 1)


async def test_place_that_the_log_does_not_have_is_lost(follower: Follower) -> None:
    async with follower.listen("82" + "0" * 30) as batches:
        with pytest.raises(LostTrackError):
            await _take(batches, 1)


async def test_listening_ends_and_begins_again(database: Database, follower: Follower) -> None:
    for name in ("one", "two"):
        async with follower.listen(None) as batches:
            await database["things"].insert_one({"_id": name})
            assert [each.id for each in await _take(batches, 1)] == [name]


class _Loseable:
    """A collection without changes, whose first stream is lost when the test says so."""

    resume_token: ClassVar[dict[str, str]] = {"_data": "82"}

    def __init__(self) -> None:
        self.is_lost = False
        self._streams = 0

    @asynccontextmanager
    async def watch(self, _: object) -> AsyncIterator[_Loseable]:
        self._streams += 1
        yield self

    async def try_next(self) -> None:
        await asyncio.sleep(0)
        if self.is_lost and self._streams == 1:
            raise ConnectionFailure


async def test_who_comes_back_after_a_loss_is_not_forgotten_when_the_last_leaves() -> None:
    collection = _Loseable()
    async with _running(cast("Database", {"things": collection})) as follower:
        async with follower.listen(None) as batches:
            collection.is_lost = True
            with pytest.raises(LostTrackError):
                await _take(batches, 1)
            back = asyncio.create_task(_listen(follower))
            await asyncio.sleep(0)

        async with asyncio.timeout(30):
            await back


async def _listen(follower: Follower) -> None:
    async with follower.listen(None):
        pass


def test_cursor_leads_back_to_its_place() -> None:
    changed = Changed("8265F2A1B000000001", "prf_1")

    assert read_change_cursor(changed.cursor) == changed.token


@pytest.mark.parametrize("cursor", ["", "garbage", "YWZ0ZXI6cHJmXzE=", "Y2hhbmdlOng=", "\0", "=" * 9_999])
def test_cursor_that_we_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        read_change_cursor(cursor)
