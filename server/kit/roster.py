"""Who works beside whom, and so whose share of the work is whose: collection `workers`, `_id seen_at`.

Workers report every second; who was not heard of for five has ended. Nothing is wrong while two don't agree
on who is there: some work is done twice, or a moment later.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.ids import ids_of_share
from server.kit.mongo import IndexModel, PyMongoError, bounded

if TYPE_CHECKING:
    from server.kit.mongo import Database

_log = logging.getLogger(__name__)
COLLECTION = "workers"
_REPORT_SECONDS = 1.0
_GONE_MILLISECONDS = 5_000
_KEPT = timedelta(hours=1)


class RosterStore:
    """Knows the workers by their names; times are those of the database, whose clock they share."""

    def __init__(self, database: Database) -> None:
        self._workers = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make those that were killed disappear; does nothing where it exists."""
        await self._workers.create_indexes(
            [IndexModel("seen_at", expireAfterSeconds=int(_KEPT.total_seconds()))]
        )

    async def report(self, name: str) -> list[str]:
        """Note that this one is there; return the names of all, in their order."""
        await self._workers.update_one({"_id": name}, [{"$set": {"seen_at": "$$NOW"}}], upsert=True)
        since = {"$subtract": ["$$NOW", _GONE_MILLISECONDS]}
        found = self._workers.find({"$expr": {"$gt": ["$seen_at", since]}})
        return sorted({name, *[each["_id"] async for each in found]})

    async def strike(self, name: str) -> None:
        """Note that this one has ended."""
        await self._workers.delete_one({"_id": name})


class Roster:
    """The place of one worker among all."""

    def __init__(self, store: RosterStore, name: str, *, every_seconds: float = _REPORT_SECONDS) -> None:
        self._store = store
        self._name = name
        self._every_seconds = every_seconds
        self._share = ""
        self._report_at = 0.0

    async def share(self) -> str:
        """Return the pattern of the ids of documents that are this worker's; empty where all are."""
        now = asyncio.get_running_loop().time()
        if now >= self._report_at:
            names = await self._store.report(self._name)
            self._share = ids_of_share(names.index(self._name), len(names))
            self._report_at = now + self._every_seconds
        return self._share

    async def leave(self) -> None:
        """Let others do this worker's share from now on; without a database they find out by themselves."""
        try:
            with bounded(_REPORT_SECONDS):
                await self._store.strike(self._name)
        except PyMongoError as error:
            _log.warning("this worker could not take itself off the roster: %s", error)
