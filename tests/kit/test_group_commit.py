"""Group commit: one group at a time, and nobody's trouble or leaving is anybody else's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.kit.group_commit import GroupCommit

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ledger:
    """Commits once it may, and knows what was committed together."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, items: Sequence[int]) -> list[str]:
        self.groups.append(list(items))
        await self.may.wait()
        if self.error is not None:
            raise self.error
        return [f"wrote {each}" for each in items]


async def _joining(group: GroupCommit[int, str], items: Sequence[int]) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(group.join(each)) for each in items]
    for _ in range(3):  # they wait, and the first group is at work
        await asyncio.sleep(0)
    return tasks


async def test_who_comes_while_a_group_is_committed_goes_with_the_next() -> None:
    ledger = Ledger()
    tasks = await _joining(GroupCommit(ledger), range(250))

    ledger.may.set()

    assert await asyncio.gather(*tasks) == [f"wrote {each}" for each in range(250)]
    assert [len(each) for each in ledger.groups] == [1, 100, 100, 49]


async def test_what_hinders_a_group_is_heard_by_all_who_wait_and_by_nobody_later() -> None:
    ledger = Ledger()
    group = GroupCommit(ledger)
    error = ledger.error = ValueError("locked")
    tasks = await _joining(group, [1, 2, 3])

    ledger.may.set()
    heard = await asyncio.gather(*tasks, return_exceptions=True)
    ledger.error = None

    assert heard == [error, error, error]
    assert ledger.groups == [[1]]
    assert await group.join(4) == "wrote 4"


@pytest.mark.parametrize("leaving", [0, 1])
async def test_who_gives_up_stops_nobody_else(leaving: int) -> None:
    ledger = Ledger()
    tasks = await _joining(GroupCommit(ledger), [0, 1, 2])

    tasks[leaving].cancel()
    await asyncio.wait([tasks[leaving]])
    ledger.may.set()

    stayed = [each for number, each in enumerate(tasks) if number != leaving]
    assert await asyncio.gather(*stayed) == [f"wrote {n}" for n in (0, 1, 2) if n != leaving]
