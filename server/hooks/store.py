"""Hooks in MongoDB: collection `hooks`, unique by key; their secrets are sealed."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from server.hooks.model import Hook, HookEvent, HookGate, HookId, HookSecret, OnError
from server.kit.documents import known
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.kit.sealing import Seal, SealBrokenError, Sealed

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document

COLLECTION = "hooks"
_UNREADABLE = "Its secret can't be read any more: rotate it."
_log = logging.getLogger(__name__)


class HookStore:
    """Reads and writes hooks."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._hooks = database[COLLECTION]
        self._seal = Seal(secret, "hook-secrets")
        self.sealed = Sealed(self._hooks, "secrets", self._seal)

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._hooks.create_indexes([IndexModel("key", unique=True)])

    async def all(self) -> list[Hook]:
        """Return every hook, oldest first."""
        return [self._model(document) async for document in self._hooks.find().sort("_id", 1)]

    async def insert(self, hook: Hook) -> None:
        """Store a new hook; raise ConflictError where its key is taken."""
        try:
            await self._hooks.insert_one(self._document(hook))
        except DuplicateKeyError:
            message = f"There is a hook {hook.key!r} already; archived ones keep their key."
            raise ConflictError(message) from None

    async def replace(self, hook: Hook) -> bool:
        """Store the next version; False where the stored one is not the version before it.

        Whether it fails, what `note_failure` and `note_success` write, is left as it is.
        """
        document = self._document(hook)
        del document["failing_since"]
        written = await self._hooks.update_one(
            {"_id": hook.id, "version": hook.version - 1}, {"$set": document}
        )
        return written.matched_count == 1

    async def note_failure(self, hook_id: HookId, now: datetime) -> None:
        """Note since when nothing gets through."""
        await self._hooks.update_one(
            {"_id": hook_id, "failing_since": None}, {"$set": {"failing_since": now}}
        )

    async def note_success(self, hook_id: HookId) -> None:
        """Note that something got through."""
        await self._hooks.update_one(
            {"_id": hook_id, "failing_since": {"$ne": None}}, {"$set": {"failing_since": None}}
        )

    async def disable(
        self, hook_id: HookId, now: datetime, because: str, *, if_failing_since: datetime | None = None
    ) -> None:
        """Turn a hook off; nothing happens where it is, or where something got through since that moment."""
        is_failing = {} if if_failing_since is None else {"failing_since": {"$lte": if_failing_since}}
        await self._hooks.update_one(
            {"_id": hook_id, "disabled_at": None, **is_failing},
            {"$set": {"disabled_at": now, "disabled_because": because}, "$inc": {"version": 1}},
        )

    def _document(self, hook: Hook) -> Document:
        document = asdict(hook)
        document["_id"] = document.pop("id")
        document["secrets"] = [
            {"sealed": self._seal.close(each.value), "until": each.until} for each in hook.secrets
        ]
        for name in ("events", "gates", "reads", "writes"):
            document[name] = [str(each) for each in document[name]]
        document["on_error"] = hook.on_error.value
        return document

    def _model(self, document: Document) -> Hook:
        given = {"id" if name == "_id" else name: each for name, each in document.items()}
        given["events"] = tuple(HookEvent(each) for each in document["events"])
        given["gates"] = tuple(HookGate(each) for each in document["gates"])
        given["reads"], given["writes"] = tuple(document["reads"]), tuple(document["writes"])
        given["on_error"] = OnError(document["on_error"])
        given["secrets"] = tuple(self._secrets(document))
        if not given["secrets"]:
            given["disabled_at"] = given["disabled_at"] or document["updated_at"]
            given["disabled_because"] = _UNREADABLE
        return Hook(**known(Hook, given))

    def _secrets(self, document: Document) -> list[HookSecret]:
        try:
            return [
                HookSecret(value=self._seal.open(each["sealed"]), until=each["until"])
                for each in document["secrets"]
            ]
        except SealBrokenError:
            _log.error("the secret of the hook %s cannot be read", document["key"])
            return []
