"""Attribute definitions in MongoDB: collection `attribute_definitions`, unique by key."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.documents import known
from server.kit.errors import ConflictError
from server.kit.mongo import BulkWriteError, DuplicateKeyError, IndexModel, is_about_duplicates
from server.profiles.model import (
    UNPLACED,
    AppAccess,
    AttributeDefinition,
    AttributeId,
    AttributeType,
    Bounds,
    ConfirmPolicy,
    Option,
    PersonAccess,
    PersonalData,
    SourceKind,
    SourceMatch,
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
            raise ConflictError(_taken(definition)) from None

    async def insert_missing(self, definitions: Sequence[AttributeDefinition]) -> None:
        """Store new definitions, save those whose key is taken (another process was faster)."""
        if not definitions:
            return
        try:
            await self._definitions.insert_many([_document(each) for each in definitions], ordered=False)
        except BulkWriteError as error:
            if not is_about_duplicates(error):
                raise

    async def replace(self, definition: AttributeDefinition) -> bool:
        """Store the next version of a definition; False where somebody else stored that one before.

        Raises ConflictError where its key is taken. What `reorder` writes is left as it is.
        """
        document = _document(definition)
        del document["position"]
        try:
            found = await self._definitions.update_one(
                {"_id": definition.id, "version": definition.version - 1}, {"$set": document}
            )
        except DuplicateKeyError:
            raise ConflictError(_taken(definition)) from None
        return found.matched_count == 1

    async def reorder(self, ids: Sequence[AttributeId]) -> None:
        """Put the definitions in this order, all of them or none; those not named come after."""
        placed = {"$indexOfArray": [{"$literal": list(ids)}, "$_id"]}
        position = {"$cond": [{"$lt": [placed, 0]}, UNPLACED, placed]}
        async with await self._definitions.database.client.start_session() as session:
            await session.with_transaction(
                lambda each: self._definitions.update_many(
                    {}, [{"$set": {"position": position}}], session=each
                )
            )

    async def all(self) -> list[AttributeDefinition]:
        """Return every definition, in their order."""
        ordered = self._definitions.find().sort([("position", 1), ("_id", 1)])
        return [_model(document) async for document in ordered]


def _taken(definition: AttributeDefinition) -> str:
    return f"There is an attribute {definition.key!r} already: choose another key."


def _document(definition: AttributeDefinition) -> Document:
    return {
        "_id": definition.id,
        "key": definition.key,
        "type": definition.type.value,
        "label": definition.label,
        "labels": dict(definition.labels),
        "description": definition.description,
        "descriptions": dict(definition.descriptions),
        "options": [_option_document(option) for option in definition.options],
        "bounds": asdict(definition.bounds),
        "pattern": definition.pattern,
        "pattern_hint": definition.pattern_hint,
        "person_access": definition.person_access.value,
        "app_access": definition.app_access.value,
        "personal_data": definition.personal_data.value,
        "purpose": definition.purpose,
        "precedence": [
            {"kind": each.kind.value, "key": each.key, "verified": each.is_verified}
            for each in definition.precedence
        ],
        "lasts_seconds": None if definition.lasts is None else definition.lasts.total_seconds(),
        "confirm": definition.confirm.value,
        "created_at": definition.created_at,
        "canonical": definition.canonical,
        "version": definition.version,
        "position": definition.position,
        "archived_at": definition.archived_at,
    }


# Of fields that were not there from the beginning: what they are where a document lacks them.
_DEFAULTS: Document = {
    "labels": {},
    "descriptions": {},
    "pattern": None,
    "pattern_hint": None,
    "app_access": AppAccess.WRITE.value,
    "personal_data": PersonalData.PERSONAL.value,
    "purpose": None,
    "precedence": [],
    "lasts_seconds": None,
    "confirm": ConfirmPolicy.NEVER.value,
    "canonical": None,
    "version": 1,
    "position": UNPLACED,
    "archived_at": None,
}


def _model(stored: Document) -> AttributeDefinition:
    document = {**_DEFAULTS, **stored}
    return AttributeDefinition(
        id=AttributeId(document["_id"]),
        key=document["key"],
        type=AttributeType(document["type"]),
        label=document["label"],
        labels=document["labels"],
        description=document["description"],
        descriptions=document["descriptions"],
        options=tuple(Option(**known(Option, option)) for option in document["options"]),
        bounds=Bounds(**known(Bounds, document["bounds"])),
        pattern=document["pattern"],
        pattern_hint=document["pattern_hint"],
        person_access=PersonAccess(document["person_access"]),
        app_access=AppAccess(document["app_access"]),
        personal_data=PersonalData(document["personal_data"]),
        purpose=document["purpose"],
        precedence=tuple(
            SourceMatch(kind=SourceKind(each["kind"]), key=each["key"], is_verified=each["verified"])
            for each in document["precedence"]
        ),
        lasts=None if document["lasts_seconds"] is None else timedelta(seconds=document["lasts_seconds"]),
        confirm=ConfirmPolicy(document["confirm"]),
        created_at=document["created_at"],
        canonical=document["canonical"],
        version=document["version"],
        position=document["position"],
        archived_at=document["archived_at"],
    )


def _option_document(option: Option) -> Document:
    return {"value": option.value, "label": option.label, "labels": dict(option.labels)}
