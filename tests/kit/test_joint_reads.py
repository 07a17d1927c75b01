"""Reads that share a command: everybody gets their own document, nobody somebody else's trouble."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from bson.errors import InvalidBSON

from server.kit.joint_reads import JointReads
from server.kit.mongo import bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.kit.mongo import Collection, Database

    Found = asyncio.Future[list[dict[str, Any]]]


class Asked:
    """A collection that answers when the test says so, and tells what it was asked."""

    def __init__(self) -> None:
        self.commands: list[tuple[list[str], Found]] = []

    def ask(
        self, _: object, criteria: dict[str, Any], __: object, ___: float, deliver: Callable[[Found], None]
    ) -> None:
        wanted = criteria["_id"]
        ids = [wanted] if isinstance(wanted, str) else list(wanted["$in"])
        found: Found = asyncio.get_running_loop().create_future()
        found.add_done_callback(deliver)
        self.commands.append((ids, found))

    def answer(self, number: int) -> None:
        ids, found = self.commands[number]
        found.set_result([{"_id": each} for each in ids])


def reads_of(asked: Asked) -> JointReads:
    return JointReads(cast("Collection", None), {}, ask=asked.ask)


async def turn() -> None:
    """Let everything run that waits for nothing else: tasks begin in one turn, and are sent in the next."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_everybody_gets_the_document_they_asked_for(database: Database) -> None:
    things = database["things"]
    await things.insert_many([{"_id": f"{number}", "said": number, "kept": 1} for number in range(0, 250, 2)])
    reads = JointReads(things, {"kept": 0})
    wanted = [*range(250), *range(0, 250, 5)]

    found = await asyncio.gather(*(reads.find(f"{number}") for number in wanted))

    expected = [None if number % 2 else {"_id": f"{number}", "said": number} for number in wanted]
    assert found == expected


async def test_who_ask_in_one_turn_share_a_command() -> None:
    asked = Asked()
    reads = reads_of(asked)
    waiting = asyncio.gather(*(reads.find(each) for each in ("a", "b", "a")))
    await turn()

    asked.answer(0)

    assert [ids for ids, _ in asked.commands] == [["a", "b"]]
    assert await waiting == [{"_id": "a"}, {"_id": "b"}, {"_id": "a"}]


async def test_nobody_joins_a_command_that_is_out() -> None:
    asked = Asked()
    reads = reads_of(asked)
    first = asyncio.ensure_future(reads.find("a"))
    await turn()
    second = asyncio.ensure_future(reads.find("a"))
    await turn()

    asked.answer(0)
    asked.answer(1)

    assert await first == await second == {"_id": "a"}
    assert [ids for ids, _ in asked.commands] == [["a"], ["a"]]


async def test_who_come_while_two_commands_are_out_go_together_in_the_next() -> None:
    asked = Asked()
    reads = reads_of(asked)
    waiting = []
    for each in ("a", "b", "c", "d"):
        waiting.append(asyncio.ensure_future(reads.find(each)))
        await turn()

    asked.answer(0)
    await turn()
    asked.answer(1)
    asked.answer(2)

    assert [ids for ids, _ in asked.commands] == [["a"], ["b"], ["c", "d"]]
    assert await asyncio.gather(*waiting) == [{"_id": each} for each in "abcd"]


async def test_error_reaches_those_alone_whose_command_it_was() -> None:
    asked = Asked()
    reads = reads_of(asked)
    failing = asyncio.gather(reads.find("a"), reads.find("b"), return_exceptions=True)
    await turn()
    other = asyncio.ensure_future(reads.find("c"))
    await turn()

    asked.commands[0][1].set_exception(ConnectionError("gone"))
    asked.answer(1)

    assert [type(each) for each in await failing] == [ConnectionError, ConnectionError]
    assert await other == {"_id": "c"}


async def test_who_gives_up_takes_nobody_along() -> None:
    asked = Asked()
    reads = reads_of(asked)
    leaving, staying = (asyncio.ensure_future(reads.find(each)) for each in ("a", "a"))
    await turn()

    leaving.cancel()
    await turn()
    asked.answer(0)

    assert await staying == {"_id": "a"}
    assert leaving.cancelled()


async def test_who_has_given_up_before_it_is_sent_is_not_read_for() -> None:
    asked = Asked()
    reads = reads_of(asked)
    first = []
    for each in "ab":
        first.append(asyncio.ensure_future(reads.find(each)))
        await turn()
    leaving = asyncio.ensure_future(reads.find("c"))
    await turn()

    leaving.cancel()
    await turn()
    asked.answer(0)
    asked.answer(1)
    await asyncio.gather(*first)
    await turn()

    assert [ids for ids, _ in asked.commands] == [["a"], ["b"]]


async def test_time_limit_of_who_came_first_is_not_that_of_the_others(database: Database) -> None:
    things = database["things"]
    await things.insert_many([{"_id": "a"}, {"_id": "b"}])
    reads = JointReads(things, {})

    async def hurried() -> Any:  # noqa: ANN401 - a document
        with bounded(0.000_001):
            return await reads.find("a")

    found = await asyncio.gather(hurried(), reads.find("b"))

    assert [*found] == [{"_id": "a"}, {"_id": "b"}]


async def test_document_that_cannot_be_read_keeps_nobody_waiting() -> None:
    asked = Asked()

    def read(document: dict[str, Any]) -> dict[str, Any]:
        if document["_id"] == "damaged":
            raise InvalidBSON
        return document

    reads = JointReads(cast("Collection", None), {}, read, ask=asked.ask)
    failing = asyncio.gather(*(reads.find(each) for each in ("a", "damaged")), return_exceptions=True)
    await turn()
    asked.answer(0)

    async with asyncio.timeout(60):
        assert [type(each) for each in await failing] == [InvalidBSON, InvalidBSON]
