"""Purposes and the consent log in MongoDB: collections `purposes` (unique by key) and `consent_log`.

The log is only ever appended to: no statement here changes an entry.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from server.consent.model import (
    Basis,
    Consent,
    ConsentEntry,
    ConsentEntryId,
    ConsentSource,
    ConsentState,
    OnWithdrawal,
    Purpose,
    PurposeId,
    PurposeText,
)
from server.kit.documents import known
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.consent.changes import ConsentRecorded
    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

PURPOSES = "purposes"
LOG = "consent_log"


class ConsentStore:
    """Reads and writes purposes, and appends to the consent log."""

    def __init__(self, database: Database) -> None:
        self._purposes = database[PURPOSES]
        self._log = database[LOG]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._purposes.create_indexes([IndexModel("key", unique=True)])
        await self._log.create_indexes([IndexModel([("profile_id", 1), ("_id", 1)])])

    async def insert(self, purpose: Purpose) -> None:
        """Store a new purpose; raise ConflictError where its key is taken."""
        try:
            await self._purposes.insert_one(_document(purpose))
        except DuplicateKeyError:
            raise ConflictError(f"There is a purpose {purpose.key!r} already.") from None

    async def replace(self, purpose: Purpose) -> bool:
        """Store the next revision; False where the stored one is not the revision before it."""
        written = await self._purposes.replace_one(
            {"_id": purpose.id, "revision": purpose.revision - 1}, _document(purpose)
        )
        return written.matched_count == 1

    async def all(self) -> list[Purpose]:
        """Return every purpose, oldest first."""
        return [_model(document) async for document in self._purposes.find().sort("_id", 1)]

    async def append(self, change: ConsentRecorded) -> None:
        """Log what was said once: the change's id is the entry's, so that a repetition finds it there."""
        entry = {
            "profile_id": change.profile_id,
            "purpose": change.purpose,
            "state": change.state,
            "text_version": change.text_version,
            "source": change.source,
            "actor": change.actor,
            "at": change.at,
        }
        await self._log.update_one({"_id": change.id}, {"$setOnInsert": entry}, upsert=True)

    async def history(self, profile_ids: Sequence[str], request: PageRequest) -> list[ConsentEntry]:
        """Return the entries of a page and one more where there is one, oldest first."""
        criteria: Document = {"profile_id": {"$in": list(profile_ids)}}
        if request.after is not None:
            criteria["_id"] = {"$gt": request.after}
        found = self._log.find(criteria).sort("_id", 1).limit(request.first + 1)
        return [_entry(document) async for document in found]


def _document(purpose: Purpose) -> Document:
    return {
        "_id": purpose.id,
        "key": purpose.key,
        "name": purpose.name,
        "description": purpose.description,
        "basis": purpose.basis.value,
        "on_withdrawal": purpose.on_withdrawal.value,
        "texts": [asdict(text) for text in purpose.texts],
        "least_version": purpose.least_version,
        "revision": purpose.revision,
        "created_at": purpose.created_at,
    }


def _model(document: Document) -> Purpose:
    return Purpose(
        id=PurposeId(document["_id"]),
        key=document["key"],
        name=document["name"],
        description=document["description"],
        basis=Basis(document["basis"]),
        on_withdrawal=OnWithdrawal(document["on_withdrawal"]),
        texts=tuple(PurposeText(**known(PurposeText, text)) for text in document["texts"]),
        least_version=document["least_version"],
        revision=document["revision"],
        created_at=document["created_at"],
    )


def _entry(document: Document) -> ConsentEntry:
    return ConsentEntry(
        id=ConsentEntryId(document["_id"]),
        profile_id=document["profile_id"],
        purpose=document["purpose"],
        consent=Consent(
            state=ConsentState(document["state"]),
            at=document["at"],
            text_version=document["text_version"],
            source=ConsentSource(document["source"]),
        ),
        actor=document["actor"],
    )
