"""Collection `migrations`: who migrates just now, and how far each migration of documents came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.indexes import present_indexes
from server.kit.migrating import Filling, Migration
from server.kit.mongo import DuplicateKeyError, IndexModel, PyMongoError
from server.migrations.errors import MigrationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from server.kit.mongo import Database, Document

COLLECTION = "migrations"
_LOCK = "lock"
_BATCH = 1_000  # documents rewritten by one statement
_BUILDING = "^Index Build"  # how the server names an operation that does


class MigrationStore:
    """Reads and changes what other stores own: their indexes, and documents of an earlier version."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._migrations = database[COLLECTION]

    # Who may

    async def lock(self, holder: str, now: datetime, until: datetime) -> None:
        """Keep others from migrating, or keep on doing so; raise MigrationError where another does."""
        try:
            await self._migrations.update_one(
                {"_id": _LOCK, "$or": [{"until": {"$lte": now}}, {"holder": holder}]},
                {"$set": {"holder": holder, "until": until}},
                upsert=True,
            )
        except DuplicateKeyError:
            found = await self._migrations.find_one({"_id": _LOCK}) or {}
            raise MigrationError(
                f"{found.get('holder', 'Another process')} is migrating this database just now: wait for"
                f" it (where it was killed, until {found.get('until', until):%H:%M:%S} UTC)."
            ) from None

    async def unlock(self, holder: str) -> None:
        """Let others migrate."""
        await self._migrations.delete_one({"_id": _LOCK, "holder": holder})

    # Indexes

    async def indexes(self, collections: Iterable[str]) -> dict[str, dict[str, Document]]:
        """Return what is there, by collection and name."""
        return await present_indexes(self._database, collections)

    async def size(self, collection: str) -> int:
        """Return about how many documents there are."""
        return await self._database[collection].estimated_document_count()

    async def build(self, collection: str, definitions: Sequence[Document]) -> None:
        """Build indexes of one collection; reads and writes go on meanwhile."""
        try:
            await self._database[collection].create_indexes([_model(each) for each in definitions])
        except DuplicateKeyError as error:
            fields = ", ".join((error.details or {}).get("keyPattern", {}))
            raise MigrationError(
                f"The unique index of {fields} can't be built: two documents of {collection} have the same."
                " Remove one of them, and run the same command again."
            ) from None

    async def seen(self, collection: str) -> int:
        """Return how many documents the indexes that are being built have seen; 0 where that is not known."""
        named = {"ns": f"{self._database.name}.{collection}", "msg": {"$regex": _BUILDING}}
        operations = self._database.client.admin.aggregate(
            [{"$currentOp": {"allUsers": True}}, {"$match": named}]
        )
        try:
            return max(
                [each["progress"]["done"] async for each in operations if "progress" in each], default=0
            )
        except PyMongoError:  # not everybody may see what the server does
            return 0

    async def expire(self, collection: str, definition: Document) -> None:
        """Have documents expire earlier or later."""
        index = {"name": definition["name"], "expireAfterSeconds": definition["expireAfterSeconds"]}
        await self._database.command({"collMod": collection, "index": index})

    async def drop(self, collection: str, name: str) -> None:
        """Drop an index."""
        await self._database[collection].drop_index(name)

    # Documents

    async def finished(self) -> frozenset[str]:
        """Return the keys of the migrations that were done, also by other versions."""
        found = self._migrations.find({"finished_at": {"$ne": None}}, {"_id": 1})
        return frozenset([each["_id"] async for each in found])

    async def pending(self, migration: Migration | Filling) -> int:
        """Return how many documents are to be rewritten."""
        if isinstance(migration, Filling):
            return await self.size(migration.collection)
        return await self._database[migration.collection].count_documents(dict(migration.pending))

    async def start_anew(self, key: str) -> None:
        """Forget how far a migration came."""
        await self._migrations.update_one({"_id": key}, {"$unset": {"position": ""}})

    async def rewrite(self, migration: Migration | Filling, now: datetime) -> int:
        """Rewrite some documents from where this was left; return how many, 0 at the end."""
        at = await self._migrations.find_one({"_id": migration.key}) or {}
        collection = self._database[migration.collection]
        after = {"_id": {"$gt": at["position"]}} if at.get("position") else {}
        pending = {} if isinstance(migration, Filling) else migration.pending
        found = collection.find({**pending, **after}, {"_id": 1}).sort("_id", 1).limit(_BATCH)
        ids = [each["_id"] async for each in found]
        if ids:
            if isinstance(migration, Filling):
                await migration.fill(ids)
            else:
                chosen = {**pending, "_id": {"$in": ids}}
                await collection.update_many(chosen, list(migration.rewrite))
            await self._migrations.update_one(
                {"_id": migration.key},
                {
                    "$setOnInsert": {"started_at": now},
                    "$set": {"position": ids[-1]},
                    "$inc": {"documents": len(ids)},
                },
                upsert=True,
            )
        return len(ids)

    async def _is_pending(self, migration: Migration) -> bool:
        found = await self._database[migration.collection].find_one(dict(migration.pending), {"_id": 1})
        return found is not None

    async def finish(self, migration: Migration | Filling, now: datetime) -> bool:
        """Write down that a migration is done; False, and from the start again, where more is pending."""
        if not isinstance(migration, Filling) and await self._is_pending(migration):
            await self.start_anew(migration.key)
            return False
        await self._migrations.update_one(
            {"_id": migration.key}, {"$set": {"finished_at": now}, "$unset": {"position": ""}}, upsert=True
        )
        return True


def _model(definition: Document) -> IndexModel:
    options = {name: value for name, value in definition.items() if name != "key"}
    return IndexModel(list(dict(definition["key"]).items()), **options)
