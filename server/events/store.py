"""The log of events in MongoDB: collection `events`, appended to by the relay and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from server.events.changes import EventTracked
    from server.kit.mongo import Database

COLLECTION = "events"


class EventStore:
    """Appends to the log."""

    def __init__(self, database: Database) -> None:
        self._events = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what reading one person's events and dropping old ones need; does nothing where it exists."""
        await self._events.create_indexes(
            [IndexModel([("profile_id", 1), ("happened_at", 1)]), IndexModel("at")]
        )

    async def append(self, change: EventTracked) -> None:
        """Log an event once: a repetition finds it there."""
        entry = {
            "profile_id": change.profile_id,
            "name": change.name,
            "happened_at": change.happened_at,
            "at": change.at,
            "properties": change.properties,
            "actor": change.actor,
        }
        await self._events.update_one({"_id": change.event_id}, {"$setOnInsert": entry}, upsert=True)

    async def has(self, event_id: str) -> bool:
        """Whether an event was logged."""
        return await self._events.find_one({"_id": event_id}, {"_id": 1}) is not None
