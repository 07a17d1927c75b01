"""Audiences in MongoDB: collection `audiences`, unique by key."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from server.audiences.model import Audience
from server.kit.documents import known
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.profiles.catalogue import NamedCondition

if TYPE_CHECKING:
    from server.kit.mongo import Database, Document

COLLECTION = "audiences"


class AudienceStore:
    """Reads and writes audiences."""

    def __init__(self, database: Database) -> None:
        self._audiences = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._audiences.create_indexes([IndexModel("key", unique=True)])

    async def all(self) -> list[Audience]:
        """Return every audience, oldest first."""
        return [_model(document) async for document in self._audiences.find().sort("_id", 1)]

    async def named(self) -> dict[str, NamedCondition]:
        """Return every audience by its id, as conditions may name it."""
        return {
            each.id: NamedCondition(
                id=each.id, key=each.key, form=each.condition, is_archived=each.archived_at is not None
            )
            for each in await self.all()
        }

    async def insert(self, audience: Audience) -> None:
        """Store a new audience; raise ConflictError where its key is taken."""
        try:
            await self._audiences.insert_one(_document(audience))
        except DuplicateKeyError:
            message = f"There is an audience {audience.key!r} already; archived ones keep their key."
            raise ConflictError(message) from None

    async def replace(self, audience: Audience) -> bool:
        """Store the next version; False where the stored one is not the version before it."""
        written = await self._audiences.replace_one(
            {"_id": audience.id, "version": audience.version - 1}, _document(audience)
        )
        return written.matched_count == 1


def _document(audience: Audience) -> Document:
    document = asdict(audience)
    document["_id"] = document.pop("id")
    return document


def _model(document: Document) -> Audience:
    return Audience(
        **known(Audience, {"id" if name == "_id" else name: each for name, each in document.items()})
    )
