"""Imports on their way, in MongoDB: collection `imports`, one entry for each file and mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document

COLLECTION = "imports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far an import came: rows taken, rows refused, the length of the file of rejects.

    `started_at` is when its claims count as observed, in every run of it.
    """

    id: str
    started_at: datetime
    rows: int = 0
    refused: int = 0
    rejects_bytes: int = 0
    is_finished: bool = False


class ImportStore:
    """Reads and writes checkpoints. They name no person: an id is a hash of the file."""

    def __init__(self, database: Database) -> None:
        self._imports = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._imports.create_indexes([IndexModel("started_at")])

    async def begin(self, import_id: str, now: datetime) -> Checkpoint:
        """Return the checkpoint of this import, made now if it is the first run."""
        fresh = _document(Checkpoint(id=import_id, started_at=now))
        del fresh["_id"]
        await self._imports.update_one({"_id": import_id}, {"$setOnInsert": fresh}, upsert=True)
        found = await self._imports.find_one({"_id": import_id})
        if found is None:  # pragma: no cover - nobody deletes checkpoints meanwhile
            message = "the checkpoint is gone"
            raise RuntimeError(message)
        return Checkpoint(id=found.pop("_id"), **found)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Remember how far an import came."""
        await self._imports.replace_one({"_id": checkpoint.id}, _document(checkpoint))

    async def forget(self, import_id: str) -> None:
        """Let the next run begin anew."""
        await self._imports.delete_one({"_id": import_id})


def _document(checkpoint: Checkpoint) -> Document:
    return {
        "_id": checkpoint.id,
        "started_at": checkpoint.started_at,
        "rows": checkpoint.rows,
        "refused": checkpoint.refused,
        "rejects_bytes": checkpoint.rejects_bytes,
        "is_finished": checkpoint.is_finished,
    }
