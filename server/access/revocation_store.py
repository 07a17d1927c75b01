"""Revocations in MongoDB: collection `revocations`, by the id of the session or person whose tokens ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.mongo import IndexModel, ReplaceOne

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from server.kit.mongo import Database

COLLECTION = "revocations"


class RevocationStore:
    """Reads and writes revocations; each goes by itself when every token that it is about has expired."""

    def __init__(self, database: Database) -> None:
        self._revocations = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what tidies up; does nothing where it exists."""
        await self._revocations.create_indexes([IndexModel("until", expireAfterSeconds=0)])

    async def put(self, ids: Iterable[str], until: datetime) -> None:
        """Remember that tokens about these are void until then; a second time it is until later."""
        await self._revocations.bulk_write(
            [ReplaceOne({"_id": each}, {"until": until}, upsert=True) for each in ids], ordered=False
        )

    async def since(self, now: datetime) -> dict[str, datetime]:
        """Return until when tokens about whom are void."""
        found = self._revocations.find({"until": {"$gt": now}})
        return {document["_id"]: document["until"] async for document in found}
