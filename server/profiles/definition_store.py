"""Attribute definitions in MongoDB: collection `attribute_definitions`, unique by key."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from server.kit.errors import ConflictError
from server.kit.mongo import BulkWriteError, DuplicateKeyError, IndexModel, is_about_duplicates
from server.profiles.model import (
    AttributeDefinition,
    AttributeId,
    AttributeType,
    Bounds,
    Option,
    PersonAccess,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.kit.mongo import Database, Document

COLLECTION = "attribute_definitions"


class DefinitionStore:
    """Reads and writes attribute definitions."""

    def __init__(self, database: Database) -> None:
        self._definitions = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._definitions.create_indexes([IndexModel("key", unique=True)])

    async def insert(self, definition: AttributeDefinition) -> None:
        """Store a new definition; raise ConflictError where its key is taken."""
        try:
            await self._definitions.insert_one(_document(definition))
        except DuplicateKeyError:
            message = f"There is an attribute {definition.key!r} already."
            raise ConflictError(message) from None

    async def insert_missing(self, definitions: Sequence[AttributeDefinition]) -> None:
        """Store new definitions, save those whose key is taken (another process was faster)."""
        if not definitions:
            return
        try:
            await self._definitions.insert_many([_document(each) for each in definitions], ordered=False)
        except BulkWriteError as error:
            if not is_about_duplicates(error):
                raise

    async def all(self) -> list[AttributeDefinition]:
        """Return every definition, oldest first."""
        return [_model(document) async for document in self._definitions.find().sort("_id", 1)]


def _document(definition: AttributeDefinition) -> Document:
    return {
        "_id": definition.id,
        "key": definition.key,
        "type": definition.type.value,
        "label": definition.label,
        "description": definition.description,
        "options": [asdict(option) for option in definition.options],
        "bounds": asdict(definition.bounds),
        "person_access": definition.person_access.value,
        "purpose": definition.purpose,
        "created_at": definition.created_at,
    }


def _model(document: Document) -> AttributeDefinition:
    return AttributeDefinition(
        id=AttributeId(document["_id"]),
        key=document["key"],
        type=AttributeType(document["type"]),
        label=document["label"],
        description=document["description"],
        options=tuple(Option(**option) for option in document["options"]),
        bounds=Bounds(**document["bounds"]),
        person_access=PersonAccess(document["person_access"]),
        purpose=document.get("purpose"),
        created_at=document["created_at"],
    )
