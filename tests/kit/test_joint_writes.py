"""Writes that share a command: each is done once or not at all, and hears of its own outcome alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from server.kit.joint_reads import JointReads
from server.kit.joint_writes import JointWrites
from server.kit.mongo import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    WriteConcernError,
    undecoded,
)
from server.kit.undecoded import halved

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.kit.mongo import Collection, Database, Document, UndecodedCollection

FIRST = [{"$set": {"n": {"$add": ["$n", 1]}}}]
IS_NEW = {"n": 0}


def writes_to(things: Collection) -> JointWrites:
    raw = undecoded(things)
    return JointWrites(raw, {}, _read, JointReads(raw, {}, _read), always="made")


def _read(document: Any) -> Document:  # noqa: ANN401 - the driver's
    return halved(document, "inner")


@pytest.fixture
async def things(database: Database) -> Collection:
    things = database["things"]
    await things.insert_many([{"_id": f"{n}", "n": 0, "made": 1, "mark": f"{n}"} for n in range(120)])
    await things.create_index("mark", unique=True)
    return things


async def test_everybody_gets_their_document_as_it_is_after_the_write(things: Collection) -> None:
    writes = writes_to(things)

    found = await asyncio.gather(*(writes.update(f"{n}", IS_NEW, FIRST) for n in range(120)))

    assert found == [{"_id": f"{n}", "n": 1, "made": 1, "mark": f"{n}"} for n in range(120)]
    assert await things.count_documents({"n": 1}) == 120


async def test_guard_of_one_is_that_of_no_other(things: Collection) -> None:
    writes = writes_to(things)
    await things.update_many({"_id": {"$in": ["1", "3"]}}, {"$set": {"n": 7}})

    found = await asyncio.gather(*(writes.update(f"{n}", IS_NEW, FIRST) for n in range(5)))

    assert [None if each is None else each["n"] for each in found] == [1, None, 1, None, 1]
    assert [each["n"] async for each in things.find({"_id": {"$in": ["1", "3"]}})] == [7, 7]


async def test_nobody_is_made_by_a_write_to_whoever_is_gone(things: Collection) -> None:
    writes = writes_to(things)

    for guard in ({}, IS_NEW, {"$or": [{"n": {"$in": [0, None]}}, {"mark": {"$ne": "x"}}]}):
        found = await asyncio.gather(*(writes.update(each, guard, FIRST) for each in ("gone", "0", "away")))

        assert found[0] is found[2] is None
        assert await things.count_documents({}) == 120


async def test_same_write_twice_is_done_once(things: Collection) -> None:
    writes = writes_to(things)

    found = await asyncio.gather(*(writes.update("4", IS_NEW, FIRST) for _ in range(20)))

    assert sorted(each["n"] for each in found if each is not None) == [1]


async def test_writes_to_one_document_follow_each_other(things: Collection) -> None:
    writes = writes_to(things)

    found = await asyncio.gather(
        *(writes.update("4", {}, FIRST) for _ in range(9)), writes.update("5", {}, FIRST)
    )

    after = await things.find_one({"_id": "4"})
    assert after is not None
    assert after["n"] == 9
    assert all(each is not None for each in found)


async def test_value_that_another_has_fails_for_the_one_who_wanted_it(things: Collection) -> None:
    writes = writes_to(things)
    taking = [{"$set": {"mark": "7"}}]

    found = await asyncio.gather(
        writes.update("1", {}, FIRST),
        writes.update("2", {}, taking),
        writes.update("3", {}, FIRST),
        return_exceptions=True,
    )

    assert [type(each) for each in found] == [dict, DuplicateKeyError, dict]


class Asked:
    """A collection that answers when the test says so, and tells what it was asked."""

    def __init__(self) -> None:
        self.alone: list[str] = []
        self.together: list[tuple[list[str], asyncio.Future[None]]] = []
        self.going: list[asyncio.Future[Document]] = []

    async def find_one_and_update(self, criteria: Document, *_: object, **__: object) -> Document:
        self.alone.append(criteria["_id"])
        self.going.append(asyncio.get_running_loop().create_future())
        return await self.going[-1]

    def bulk_write(self, updates: list[Any], *, ordered: bool) -> asyncio.Future[None]:
        assert not ordered
        ids = [each._filter["_id"] for each in updates]  # noqa: SLF001 - PyMongo shows it nowhere else
        self.together.append((ids, asyncio.get_running_loop().create_future()))
        return self.together[-1][1]

    def ask(
        self,
        _: object,
        criteria: Document,
        __: object,
        ___: float,
        deliver: Callable[[asyncio.Future[list[Document]]], None],
    ) -> None:
        wanted = criteria["_id"]
        ids = [wanted] if isinstance(wanted, str) else list(wanted["$in"])
        found: asyncio.Future[list[Document]] = asyncio.get_running_loop().create_future()
        found.add_done_callback(deliver)
        found.set_result([{"_id": each} for each in ids])


def asking(asked: Asked) -> JointWrites:
    collection = cast("UndecodedCollection", asked)
    return JointWrites(collection, {}, dict, JointReads(collection, {}, ask=asked.ask), always="made")


async def turn() -> None:
    """Let everything run that waits for nothing else."""
    for _ in range(8):
        await asyncio.sleep(0)


async def _begun(writes: JointWrites, *ids: str) -> list[asyncio.Task[Document | None]]:
    """Begin a write to each of these, one turn after the other."""
    begun = []
    for each in ids:
        begun.append(asyncio.ensure_future(writes.update(each, {}, [])))
        await turn()
    return begun


async def test_who_asks_alone_has_a_command_of_their_own_at_once() -> None:
    asked = Asked()
    (writing,) = await _begun(asking(asked), "a")

    asked.going[0].set_result({"_id": "a", "n": 1})

    assert await writing == {"_id": "a", "n": 1}
    assert (asked.alone, asked.together) == (["a"], [])


async def test_who_come_while_two_are_out_go_together() -> None:
    asked = Asked()
    begun = await _begun(asking(asked), "a", "b", "c", "d", "c")

    asked.going[0].set_result({"_id": "a"})
    await turn()
    asked.together[0][1].set_result(None)
    await turn()
    asked.going[1].set_result({"_id": "b"})
    asked.going[2].set_result({"_id": "c", "n": 2})

    assert [ids for ids, _ in asked.together] == [["c", "d"]]
    assert asked.alone == ["a", "b", "c"]
    assert await asyncio.gather(*begun) == [
        {"_id": "a"},
        {"_id": "b"},
        {"_id": "c"},
        {"_id": "d"},
        {"_id": "c", "n": 2},
    ]


async def test_of_many_the_first_do_not_wait_for_the_last() -> None:
    asked = Asked()
    begun = await _begun(asking(asked), *"abcdefghijklmnopqrst")

    asked.going[0].set_result({"_id": "a"})
    await turn()
    asked.together[0][1].set_result(None)
    await turn()

    assert [len(ids) for ids, _ in asked.together] == [8, 8]
    assert [each.done() for each in begun] == [True, False, *[True] * 8, *[False] * 10]
    for each in begun:
        each.cancel()


async def test_command_that_fails_is_not_repeated_for_anybody() -> None:
    asked = Asked()
    begun = [asyncio.ensure_future(asking_together) for asking_together in _two(asking(asked))]
    await turn()

    asked.together[0][1].set_exception(ConnectionFailure("gone"))

    found = await asyncio.gather(*begun, return_exceptions=True)
    assert [type(each) for each in found] == [ConnectionFailure, ConnectionFailure]
    assert asked.alone == []


def _two(writes: JointWrites) -> list[Any]:
    return [writes.update(each, {}, []) for each in "ab"]


async def test_who_was_written_and_not_confirmed_hears_so_and_the_others_go_alone() -> None:
    asked = Asked()
    begun = [asyncio.ensure_future(each) for each in _two(asking(asked))]
    await turn()
    unconfirmed = {"code": 64, "errmsg": "waiting for replication timed out"}
    failed = {"index": 1, "code": 11_000, "errmsg": "there is one"}

    asked.together[0][1].set_exception(
        BulkWriteError({"writeErrors": [failed], "writeConcernErrors": [unconfirmed]})
    )
    await turn()
    asked.going[0].set_result({"_id": "b"})

    found = await asyncio.gather(*begun, return_exceptions=True)
    assert [type(each) for each in found] == [WriteConcernError, dict]
    assert asked.alone == ["b"]


async def test_who_gives_up_before_it_is_sent_is_not_written() -> None:
    asked = Asked()
    begun = await _begun(asking(asked), "a", "b", "c", "d", "e")

    begun[2].cancel()
    await turn()
    asked.going[0].set_result({"_id": "a"})
    await turn()

    assert [ids for ids, _ in asked.together] == [["d", "e"]]
    for each in begun:
        each.cancel()


async def test_what_cannot_be_sent_fails_for_the_one_who_wanted_it(things: Collection) -> None:
    writes = writes_to(things)
    too_large = [{"$set": {"n": 2**70}}]

    found = await asyncio.gather(
        writes.update("1", {}, FIRST),
        writes.update("2", {}, too_large),
        writes.update("3", {}, FIRST),
        return_exceptions=True,
    )

    assert [type(each) for each in found] == [dict, OverflowError, dict]


async def test_who_gives_up_as_it_is_their_turn_keeps_nobody_waiting() -> None:
    asked = Asked()
    writes = asking(asked)
    leaving, staying = (asyncio.ensure_future(writes.update("a", {}, [])) for _ in range(2))
    await asyncio.sleep(0)  # both wait
    asyncio.get_running_loop().call_soon(leaving.cancel)  # right after the first is told to go alone
    await turn()

    assert asked.alone == ["a"]
    asked.going[0].set_result({"_id": "a"})
    assert await staying == {"_id": "a"}
