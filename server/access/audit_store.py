"""The audit log in MongoDB: collection `audit_log`. Entries are added, concluded once, and that is all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import AuditEntry, AuditId, ViewerKind
from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

COLLECTION = "audit_log"


class AuditStore:
    """Appends to the audit log and reads it."""

    def __init__(self, database: Database) -> None:
        self._log = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._log.create_indexes(
            [IndexModel([("targets", 1), ("_id", -1)]), IndexModel([("actor", 1), ("_id", -1)])]
        )

    async def append(self, entry: AuditEntry) -> None:
        """Note an act."""
        await self._log.insert_one(_document(entry))

    async def conclude(self, entry_id: AuditId, targets: Sequence[str], outcome: str) -> None:
        """Note what became of an act, once."""
        await self._log.update_one(
            {"_id": entry_id, "outcome": None},
            {"$set": {"outcome": outcome}, "$addToSet": {"targets": {"$each": list(targets)}}},
        )

    async def page(
        self, request: PageRequest, *, actor: str | None, target: str | None, act: str | None
    ) -> list[AuditEntry]:
        """Return the entries of a page and one more where there is one, newest first."""
        wanted = {"actor": actor, "targets": target, "act": act}
        criteria: Document = {name: value for name, value in wanted.items() if value is not None}
        if request.after is not None:
            criteria["_id"] = {"$lt": request.after}
        found = self._log.find(criteria).sort("_id", -1).limit(request.first + 1)
        return [_model(document) async for document in found]


def _document(entry: AuditEntry) -> Document:
    return {
        "_id": entry.id,
        "at": entry.at,
        "actor_kind": entry.actor_kind.value,
        "actor": entry.actor,
        "act": entry.act,
        "targets": list(entry.targets),
        "request_id": entry.request_id,
        "outcome": entry.outcome,
    }


def _model(document: Document) -> AuditEntry:
    return AuditEntry(
        id=AuditId(document["_id"]),
        at=document["at"],
        actor_kind=ViewerKind(document["actor_kind"]),
        actor=document["actor"],
        act=document["act"],
        targets=tuple(document["targets"]),
        request_id=document["request_id"],
        outcome=document["outcome"],
    )
