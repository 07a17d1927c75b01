"""What of a visit is still needed, sealed, in MongoDB: collection `visit_facts`, gone after minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database

VISITS = "visit_facts"


class VisitStore:
    """Reads and writes what is sealed; the present visit takes the place of the one before."""

    def __init__(self, database: Database) -> None:
        self._visits = database[VISITS]

    async def create_indexes(self) -> None:
        """Make what the statements below need; does nothing where it exists."""
        await self._visits.create_indexes([IndexModel("until", expireAfterSeconds=0)])

    async def put(self, profile_id: str, sealed: str, until: datetime) -> None:
        """Keep what is sealed until then."""
        await self._visits.replace_one({"_id": profile_id}, {"sealed": sealed, "until": until}, upsert=True)

    async def find(self, profile_id: str, now: datetime) -> str | None:
        """Return what is kept."""
        found = await self._visits.find_one({"_id": profile_id, "until": {"$gt": now}})
        return None if found is None else str(found["sealed"])
