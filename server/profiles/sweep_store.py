"""Passes over all profiles in MongoDB, batch by batch in the order of ids; collection `sweeps` keeps how far.

A pass of a job that ended in the middle goes on from its cursor; every batch may be done twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.documents import model
from server.profiles.model import ProfileId
from server.profiles.statements import rerank_pipeline

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from server.kit.jobs.model import JobId
    from server.kit.mongo import Database, Document
    from server.profiles.model import AttributeId, Profile, Source, SourceMatch

COLLECTION = "sweeps"
_PARTS = ("kept_before", "gone_before")


class SweepStore:
    """Reads and writes many profiles, a batch at a time."""

    def __init__(self, database: Database) -> None:
        self._profiles = database["profiles"]
        self._sweeps = database[COLLECTION]
        self._merges = database["merge_log"]

    async def cursor(self, job_id: JobId) -> ProfileId | None:
        """Return the last profile that this job is done with."""
        found = await self._sweeps.find_one({"_id": job_id})
        return None if found is None else ProfileId(found["after"])

    async def set_cursor(self, job_id: JobId, after: ProfileId) -> None:
        """Note the last profile that this job is done with."""
        await self._sweeps.update_one({"_id": job_id}, {"$set": {"after": after}}, upsert=True)

    async def forget_cursor(self, job_id: JobId) -> None:
        """Note that this job is done with all."""
        await self._sweeps.delete_one({"_id": job_id})

    async def rerank(
        self,
        attribute_id: AttributeId,
        precedence: Sequence[SourceMatch],
        after: ProfileId | None,
        limit: int,
    ) -> ProfileId | None:
        """Rank the claims about an attribute anew on the next profiles; return the last of them, if any."""
        last = await self._last_of_next(after, limit)
        if last is not None:
            batch = {**_after(after), f"attributes.{attribute_id}": {"$exists": True}}
            batch["_id"] = {**batch.get("_id", {}), "$lte": last}
            await self._profiles.update_many(batch, rerank_pipeline(attribute_id, precedence))
        return last

    async def holding(
        self, source: Source, attribute_ids: Collection[AttributeId], after: ProfileId | None, limit: int
    ) -> list[Profile]:
        """Return the next profiles that hold a claim of this source, in the order of ids."""
        if not attribute_ids:
            return []
        criteria = {**_after(after), **_of_source(source, attribute_ids)}
        found = self._profiles.find(criteria, {"outbox": 0}).sort("_id", 1).limit(limit)
        return [model(document) async for document in found]

    async def count_holding(self, source: Source, attribute_ids: Collection[AttributeId]) -> int:
        """Return how many profiles hold a claim of this source."""
        return await self._profiles.count_documents(_of_source(source, attribute_ids)) if attribute_ids else 0

    async def forget_merged(self, source: Source, *, before: str) -> None:
        """Forget in what merges remember what a source said in claims made before the id `before`.

        Or else a split brought it back.
        """
        fields = {f"{part}.attributes": 1 for part in _PARTS}
        async for entry in self._merges.find({}, fields):
            gone = [
                f"{part}.attributes.{attribute_id}.{source.slug}"
                for part in _PARTS
                for attribute_id, claims in entry[part]["attributes"].items()
                if source.slug in claims and claims[source.slug]["id"] < before
            ]
            if gone:
                derived: Document = {f"{part}.{name}": [] for part in _PARTS for name in ("values", "terms")}
                statement = {"$unset": dict.fromkeys(gone, ""), "$set": derived}
                await self._merges.update_one({"_id": entry["_id"]}, statement)

    async def expired(self, now: datetime, limit: int) -> list[Profile]:
        """Return profiles with a claim that has run out, the longest ago first."""
        # The index is of dates alone, and is read only for who asks for nothing else.
        found = self._profiles.find({"expires_next": {"$type": "date", "$lte": now}}, {"outbox": 0})
        return [model(document) async for document in found.sort("expires_next", 1).limit(limit)]

    async def _last_of_next(self, after: ProfileId | None, limit: int) -> ProfileId | None:
        """Return the id of the last of the next profiles: an index scan of ids alone."""
        found = self._profiles.find(_after(after), {"_id": 1}).sort("_id", 1).limit(limit)
        ids = [document["_id"] async for document in found]
        return ProfileId(ids[-1]) if ids else None


def _after(after: ProfileId | None) -> Document:
    return {} if after is None else {"_id": {"$gt": after}}


def _of_source(source: Source, attribute_ids: Collection[AttributeId]) -> Document:
    return {"$or": [{f"attributes.{each}.{source.slug}": {"$exists": True}} for each in attribute_ids]}
