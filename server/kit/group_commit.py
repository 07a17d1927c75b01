"""Work of many that is done by one transaction or one command (group commit): the cost is per commit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from server.kit.tracing import with_the_span_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 100  # of one commit


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    """An item, and what comes of it."""

    item: Item
    outcome: asyncio.Future[Result] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class GroupCommit(Generic[Item, Result]):
    """Commits one group at a time; who comes meanwhile waits, and goes with the next one.

    `commit` returns a result for each item, in their order, or raises for all of them: those who wait by then
    hear the same, since what hinders one group (a lock, an outage) nearly always hinders the next.
    """

    def __init__(self, commit: Callable[[Sequence[Item]], Coroutine[Any, Any, Sequence[Result]]]) -> None:
        self._commit = commit
        self._waiting: list[_Waiting[Item, Result]] = []
        self._task: asyncio.Task[Sequence[Result]] | None = None

    async def join(self, item: Item) -> Result:
        """Return what came of the item; raise what hindered its group. Who gives up stops nobody else."""
        waiting: _Waiting[Item, Result] = _Waiting(item)
        self._waiting.append(waiting)
        self._begin()
        return await waiting.outcome

    def _begin(self) -> None:
        if self._waiting and self._task is None:
            group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            # In a context of its own: time limits of whoever happens to be first are not for the others.
            work = self._commit([each.item for each in group])
            self._task = asyncio.get_running_loop().create_task(work, context=with_the_span_alone())
            self._task.add_done_callback(lambda done: self._deliver(group, done))

    def _deliver(self, group: Sequence[_Waiting[Item, Result]], done: asyncio.Task[Sequence[Result]]) -> None:
        self._task = None
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            self._fail([*group, *self._waiting], error)
            return
        for each, result in zip(group, done.result(), strict=True):
            if not each.outcome.done():  # else whoever asked has given up
                each.outcome.set_result(result)
        self._begin()

    def _fail(self, group: Sequence[_Waiting[Item, Result]], error: BaseException | None) -> None:
        self._waiting = []
        for each in group:
            if each.outcome.done():
                continue
            if error is None:
                each.outcome.cancel()
            else:
                each.outcome.set_exception(error)
