"""Tells a loop that polls when polling is worth it: a hint, never the only way to hear of work."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.kit.mongo import PyMongoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.kit.mongo import Database

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Waker:
    """Something to wait for: a write to `collection` by one of these operations, or else some time."""

    collection: str
    operations: tuple[str, ...] = ("insert", "update", "replace")
    _event: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Let the present or else the next `sleep` end at once."""
        self._event.set()

    async def sleep(self, seconds: float) -> None:
        """Return when woken, or after `seconds`; what came since the last call counts."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


async def wake_on_writes(database: Database, wakers: Sequence[Waker]) -> None:
    """Wake each waker whose collection is written to, until cancelled; without a change stream do nothing."""
    while True:
        try:
            await _follow(database, wakers)
        except PyMongoError as error:
            _log.warning("change stream lost, polling only: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)


async def _follow(database: Database, wakers: Sequence[Waker]) -> None:
    worth_it: list[dict[str, object]] = [
        {"ns.coll": waker.collection, "operationType": {"$in": list(waker.operations)}} for waker in wakers
    ]
    pipeline: list[dict[str, object]] = [{"$match": {"$or": worth_it}}, {"$project": {"ns": 1}}]
    async with database.watch(pipeline) as stream:
        for waker in wakers:  # what was written before the stream was open
            waker.wake()
        async for event in stream:
            for waker in wakers:
                if waker.collection == event["ns"]["coll"]:
                    waker.wake()
