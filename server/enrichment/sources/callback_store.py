"""Answers that providers owe, in MongoDB: collection `enrichment_callbacks`, by the hash of their token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.mongo import DuplicateKeyError, IndexModel

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database

CALLBACKS = "enrichment_callbacks"
_KEPT = timedelta(days=31)  # longer than any provider may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An answer that a provider owes, and for whose look-up."""

    reference: str
    enricher_key: str
    profile_id: str
    since: datetime


class CallbackStore:
    """Reads and writes what is owed."""

    def __init__(self, database: Database) -> None:
        self._callbacks = database[CALLBACKS]

    async def create_indexes(self) -> None:
        """Make what the statements below need; does nothing where it exists."""
        await self._callbacks.create_indexes(
            [IndexModel("profile_id"), IndexModel("since", expireAfterSeconds=int(_KEPT.total_seconds()))]
        )

    async def put(self, owed: Owed) -> None:
        """Note what is owed; a second time changes nothing."""
        try:
            await self._callbacks.insert_one(
                {
                    "_id": owed.reference,
                    "enricher": owed.enricher_key,
                    "profile_id": owed.profile_id,
                    "since": owed.since,
                }
            )
        except DuplicateKeyError:
            return

    async def find(self, reference: str) -> Owed | None:
        """Return what is owed under this reference."""
        found = await self._callbacks.find_one({"_id": reference})
        if found is None:
            return None
        return Owed(
            reference=found["_id"],
            enricher_key=found["enricher"],
            profile_id=found["profile_id"],
            since=found["since"],
        )

    async def delete(self, reference: str) -> None:
        """Forget what is no longer owed."""
        await self._callbacks.delete_one({"_id": reference})
