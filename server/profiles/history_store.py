"""What was said before, in MongoDB: collection `claim_history`, append-only, each entry for a time.

Document: a claim as it lay in its profile, with `_id` (the claim's), `profile_id`, `attribute_id`, `slug` of
its source, `ended_at`, and `forget_at`, when MongoDB drops it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.mongo import BulkWriteError, IndexModel, is_about_duplicates
from server.profiles.documents import claim_model
from server.profiles.model import AttributeId, PastClaim, ProfileId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

COLLECTION = "claim_history"
_BATCH = 1_000  # entries; a delete of all at once may outlast the socket


class HistoryStore:
    """Appends claims that ended, and reads them back."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._history = database[COLLECTION]
        self._retention = retention

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._history.create_indexes(
            [
                IndexModel([("profile_id", 1), ("attribute_id", 1), ("_id", -1)]),
                IndexModel("slug"),
                IndexModel("forget_at", expireAfterSeconds=0),
            ]
        )

    async def append(self, claims: Iterable[Document], ended_at: datetime) -> None:
        """Keep claims that ended, each with the `profile_id` that held it; a second time changes nothing."""
        entries = [self._document(claim, ended_at) for claim in claims]
        if not entries:
            return
        try:
            await self._history.insert_many(entries, ordered=False)
        except BulkWriteError as error:
            if not is_about_duplicates(error):
                raise

    async def page(
        self, profile_ids: Sequence[ProfileId], attribute_id: AttributeId, request: PageRequest
    ) -> list[PastClaim]:
        """Return one claim more than a page of them, the latest first, of these profiles of one person."""
        criteria: Document = {"profile_id": {"$in": list(profile_ids)}, "attribute_id": attribute_id}
        if request.after is not None:
            criteria["_id"] = {"$lt": request.after}
        found = self._history.find(criteria).sort("_id", -1).limit(request.first + 1)
        return [
            PastClaim(claim=claim_model(attribute_id, entry), ended_at=entry["ended_at"])
            async for entry in found
        ]

    async def erase(self, profile_ids: Sequence[ProfileId]) -> None:
        """Forget what these profiles said."""
        await self._history.delete_many({"profile_id": {"$in": list(profile_ids)}})

    async def erase_source(self, slug: str, *, before: str) -> None:
        """Forget what a source said in claims made before the id `before`."""
        criteria = {"slug": slug, "_id": {"$lt": before}}
        while True:
            found = self._history.find(criteria, {"_id": 1}).limit(_BATCH)
            ids = [entry["_id"] async for entry in found]
            if not ids:
                return
            await self._history.delete_many({"_id": {"$in": ids}})

    def _document(self, claim: Document, ended_at: datetime) -> Document:
        kept = {key: value for key, value in claim.items() if key not in {"rank", "terms"}}
        return {
            **kept,
            "_id": claim["id"],
            "slug": claim_model(claim["attribute_id"], claim).source.slug,
            "ended_at": ended_at,
            "forget_at": ended_at + self._retention,
        }
