"""The database that a backup is restored into.

Collection `restores` says how far that came, until it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from server.backups.errors import BackupError
from server.backups.model import Kind
from server.backups.store import decoded, undecoded_document
from server.kit.mongo import BulkWriteError, ReplaceOne, is_about_duplicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.backups.model import Section
    from server.kit.mongo import Collection, Database, Document

RESTORES = "restores"


class TargetStore:
    """Writes what was backed up; each statement may be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._restores = database[RESTORES]
        self._validated: set[str] = set()  # collections; who may only read and write may not go past that

    async def begin(self, backup_id: str, *, replaces: bool) -> int:
        """Return how many parts are in the database already; raise BackupError where others are."""
        found = await self._restores.find_one({"_id": backup_id})
        if found is not None:
            return cast("int", found["parts"])
        names = await self._database.list_collection_names()
        held = [each for each in names if await self._database[each].find_one({}, {"_id": 1}) is not None]
        if held and not replaces:
            raise BackupError(
                f"The database {self._database.name} is not empty ({held[0]}): name another one with"
                " ACQUAINT_DATABASE, or give --replace to lose what is in it."
            )
        for each in held:
            await self._database.drop_collection(each)
        await self._restores.insert_one({"_id": backup_id, "parts": 0})
        return 0

    async def note(self, backup_id: str, parts: int) -> None:
        """Write down how many parts are in the database."""
        await self._restores.update_one({"_id": backup_id}, {"$set": {"parts": parts}})

    async def is_under_way(self) -> bool:
        """Whether the database does not hold everything yet that it will."""
        return await self._restores.find_one({}) is not None

    async def finish(self) -> None:
        """Forget that this was restored: from here on it can be served."""
        await self._restores.drop()

    async def create(self, shape: Section) -> None:
        """Make a collection with its options, unless it is there: somebody may have sharded it before."""
        options = decoded(shape.documents[0])["options"]
        if "validator" in options:
            self._validated.add(shape.collection)
        if shape.collection not in await self._database.list_collection_names():
            await self._database.command({"create": shape.collection, **options})

    async def index(self, shape: Section) -> None:
        """Make a collection's indexes; does nothing where they exist."""
        indexes = [each for each in decoded(shape.documents[0])["indexes"] if each["name"] != "_id_"]
        if indexes:
            await self._database.command({"createIndexes": shape.collection, "indexes": indexes})

    async def write(self, section: Section) -> None:
        """Put the documents of a section in their place."""
        collection = self._database[section.collection]
        if section.kind is Kind.COPIED:
            await self._insert(collection, section.documents)
        elif section.kind is Kind.CHANGED:
            await self._replace(collection, section.documents)
        elif section.kind is Kind.GONE:
            ids = [undecoded_document(each)["_id"] for each in section.documents]
            await collection.delete_many({"_id": {"$in": ids}})

    async def _insert(self, collection: Collection, documents: Sequence[bytes]) -> None:
        try:
            await collection.insert_many(
                [cast("Document", undecoded_document(each)) for each in documents],
                ordered=False,
                bypass_document_validation=collection.name in self._validated,
            )
        except BulkWriteError as error:
            if not is_about_duplicates(error):
                raise
            # begun before an interruption, or written to while it was copied: what is here is right
            await self._replace(
                collection, [documents[each["index"]] for each in error.details["writeErrors"]]
            )

    async def _replace(self, collection: Collection, documents: Sequence[bytes]) -> None:
        replacements: list[Any] = [
            ReplaceOne({"_id": document["_id"]}, document, upsert=True)
            for document in map(undecoded_document, documents)
        ]
        await collection.bulk_write(
            replacements, ordered=False, bypass_document_validation=collection.name in self._validated
        )
