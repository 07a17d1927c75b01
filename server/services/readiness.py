"""Whether a process can serve: what it needs of the database, and what it has to know by heart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.backups.target_store import TargetStore
from server.kit.indexes import missing_indexes
from server.kit.mongo import PyMongoError, greet
from server.services.stores import build_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.kit.mongo import Database
    from server.kit.watching import Fresh
    from server.settings import Settings

MOST_SKEW = timedelta(seconds=30)  # half of a job's lease, which workers hold by their own clocks
AWAY = "MongoDB does not answer."
HALF_RESTORED = "A backup is being restored into the database and not all of it is there."
STAND_ALONE = "MongoDB is no replica set: transactions and change streams need one."


class Readiness:
    """Knows what was found in order and stays so: indexes that are there, configuration that was loaded."""

    def __init__(self, *, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._is_prepared = False

    async def problems(self, watched: Sequence[Fresh]) -> list[str]:
        """Return why this process can't serve, a sentence each; `watched` is loaded where it was not yet."""
        server = await greet(self._database)
        if server is None:
            return [AWAY]
        found = [] if server.is_replicated else [STAND_ALONE]
        if (skewed := why_skewed(server.skew)) is not None:
            found.append(skewed)
        try:
            return found if self._is_prepared else [*found, *await self._prepare(watched)]
        except PyMongoError as error:
            return [*found, f"Configuration could not be loaded ({type(error).__name__})."]

    async def _prepare(self, watched: Sequence[Fresh]) -> list[str]:
        if await TargetStore(self._database).is_under_way():
            return [HALF_RESTORED]
        if missing := await self.missing_indexes():
            return [f"Indexes are missing, {missing[0]} among them: run `acquaint setup`."]
        for each in watched:
            await each.refresh()
        self._is_prepared = True
        return []

    async def missing_indexes(self) -> list[str]:
        """Return `collection.index` for each that is not there."""
        return await missing_indexes(
            self._database, lambda recorder: build_stores(self._settings, recorder).create_indexes()
        )


def why_skewed(skew: timedelta) -> str | None:
    """Return that the clocks are too far apart, or None."""
    if abs(skew) <= MOST_SKEW:
        return None
    side = "behind" if skew > timedelta() else "ahead of"
    seconds = abs(skew).total_seconds()
    return f"The clock of this machine is {seconds:.0f} seconds {side} the database's: let NTP set both."
