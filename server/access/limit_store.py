"""What was taken from buckets, by all processes, in MongoDB: collection `rate_limits`.

A count that is lost in a crash costs nobody anything, so these writes wait for no journal and no majority,
and reads see them at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.mongo import IndexModel, ReadConcern, UpdateOne, WriteConcern

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.kit.mongo import Database

COLLECTION = "rate_limits"
_MOST = 10_000  # buckets that are read at once


class LimitStore:
    """Adds up what the processes take."""

    def __init__(self, database: Database) -> None:
        self._buckets = database[COLLECTION].with_options(
            write_concern=WriteConcern(w=1, j=False), read_concern=ReadConcern("local")
        )

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._buckets.create_indexes(
            [
                IndexModel([("rule", 1), ("full_at", -1)]),
                IndexModel("full_at", expireAfterSeconds=0),  # a full bucket is like one that never was
            ]
        )

    async def add(self, rule: str, takings: Mapping[str, float], now: datetime) -> None:
        """Take so many seconds from each bucket: by so much later it will be full again."""
        await self._buckets.bulk_write(
            [
                UpdateOne({"_id": bucket}, [_taken(rule, seconds, now)], upsert=True)
                for bucket, seconds in takings.items()
            ],
            ordered=False,
        )

    async def full_after(self, moments: Mapping[str, datetime]) -> dict[str, float]:
        """Return the buckets that are full only after the moment of their rule, and when, since 1970."""
        wanted = [{"rule": rule, "full_at": {"$gt": moment}} for rule, moment in moments.items()]
        if not wanted:
            return {}
        found = self._buckets.find({"$or": wanted}, {"full_at": 1}).limit(_MOST)
        return {each["_id"]: each["full_at"].timestamp() async for each in found}


def _taken(rule: str, seconds: float, now: datetime) -> dict[str, object]:
    milliseconds = timedelta(seconds=seconds) / timedelta(milliseconds=1)
    return {"$set": {"rule": rule, "full_at": {"$add": [{"$max": ["$full_at", now]}, milliseconds]}}}
