"""Trusted documents in MongoDB: collection `trusted_documents`, by the SHA-256 of their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.mongo import UpdateOne

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.kit.mongo import Database

COLLECTION = "trusted_documents"


class DocumentStore:
    """Reads and writes the documents of apps' builds."""

    def __init__(self, database: Database) -> None:
        self._documents = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need: nothing, there are some hundred documents."""

    async def add(self, texts: Mapping[str, str], now: datetime) -> int:
        """Store texts by their hash; return how many were not there yet."""
        writes = [
            UpdateOne({"_id": sha256}, {"$setOnInsert": {"text": text, "added_at": now}}, upsert=True)
            for sha256, text in texts.items()
        ]
        return (await self._documents.bulk_write(writes, ordered=False)).upserted_count if writes else 0

    async def remove(self, sha256: str) -> bool:
        """Forget a document; return whether it was there."""
        return bool((await self._documents.delete_one({"_id": sha256})).deleted_count)

    async def texts(self) -> dict[str, str]:
        """Return every text by its hash."""
        return {each["_id"]: each["text"] async for each in self._documents.find({}, {"text": 1})}
