"""API keys in MongoDB: collections `api_keys`, unique by the hash of the token, and `api_key_uses`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ReturnDocument

from server.access.model import ApiKey, KeyId, KeyKind, OldToken, Scope
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel, UpdateOne

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

COLLECTION = "api_keys"
USES = "api_key_uses"
_MOST_OLD_TOKENS = 10  # of one key: the oldest ends where somebody rotates more often within an overlap


class KeyStore:
    """Reads and writes API keys."""

    def __init__(self, database: Database) -> None:
        self._keys = database[COLLECTION]
        self._uses = database[USES]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._keys.create_indexes([IndexModel("hash", unique=True)])

    async def insert(self, key: ApiKey) -> None:
        """Store a new key; raise ConflictError where there is one with its id."""
        try:
            await self._keys.insert_one(_document(key))
        except DuplicateKeyError:
            message = "There is such a key already."
            raise ConflictError(message) from None

    async def any_of_kind(self, kind: KeyKind, *, scope: Scope | None = None) -> bool:
        """Whether a key of this kind (and scope) was ever made, revoked ones included."""
        criteria: Document = {"kind": kind} if scope is None else {"kind": kind, "scopes": scope}
        return await self._keys.find_one(criteria, {"_id": 1}) is not None

    async def revoke(self, key_id: KeyId, now: datetime) -> ApiKey | None:
        """Mark a key as revoked and return it; a second revocation keeps the first date."""
        await self._keys.update_one({"_id": key_id, "revoked_at": None}, {"$set": {"revoked_at": now}})
        return await self.find(key_id)

    async def replace_token(
        self, key: ApiKey, new_hash: str, hint: str, token: str | None, old: Sequence[OldToken]
    ) -> ApiKey | None:
        """Give a key a new token if it still has the one that `key` has; return it then, else None."""
        kept = [{"hash": each.hash, "ends_at": each.ends_at} for each in old[-_MOST_OLD_TOKENS:]]
        change: Document = {
            "$set": {"hash": new_hash, "hint": hint, "token": token, "old_tokens": kept},
        }
        unchanged = {"_id": key.id, "hash": key.hash, "revoked_at": None}
        found: Document | None = await self._keys.find_one_and_update(
            unchanged, change, return_document=ReturnDocument.AFTER
        )
        return None if found is None else _model(found)

    async def note_uses(self, uses: Mapping[KeyId, datetime]) -> None:
        """Note when keys were last used; what is known to be later stays."""
        writes = [
            UpdateOne({"_id": key_id}, {"$max": {"at": at}}, upsert=True) for key_id, at in uses.items()
        ]
        if writes:
            await self._uses.bulk_write(writes, ordered=False)

    async def last_uses(self, key_ids: Sequence[KeyId]) -> dict[KeyId, datetime]:
        """Return when these keys were last used, of those that ever were."""
        found = self._uses.find({"_id": {"$in": list(key_ids)}})
        return {KeyId(each["_id"]): each["at"] async for each in found}

    async def find(self, key_id: KeyId) -> ApiKey | None:
        """Return a key, revoked or not."""
        found = await self._keys.find_one({"_id": key_id})
        return None if found is None else _model(found)

    async def active(self) -> list[ApiKey]:
        """Return every key that may be used."""
        return [_model(document) async for document in self._keys.find({"revoked_at": None})]

    async def page(self, request: PageRequest) -> list[ApiKey]:
        """Return the keys of a page and one more where there is one."""
        criteria: Document = {} if request.after is None else {"_id": {"$gt": request.after}}
        found = self._keys.find(criteria).sort("_id", 1).limit(request.first + 1)
        return [_model(document) async for document in found]


def _document(key: ApiKey) -> Document:
    return {
        "_id": key.id,
        "kind": key.kind.value,
        "name": key.name,
        "hash": key.hash,
        "hint": key.hint,
        "token": key.token,
        "origins": list(key.origins),
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
        "placements": list(key.placements),
        "expires_at": key.expires_at,
        "old_tokens": [{"hash": each.hash, "ends_at": each.ends_at} for each in key.old_tokens],
    }


def _model(document: Document) -> ApiKey:
    return ApiKey(
        id=KeyId(document["_id"]),
        kind=KeyKind(document["kind"]),
        name=document["name"],
        hash=document["hash"],
        hint=document["hint"],
        token=document["token"],
        origins=tuple(document["origins"]),
        scopes=frozenset(Scope(scope) for scope in document["scopes"]),
        created_at=document["created_at"],
        revoked_at=document["revoked_at"],
        placements=tuple(document.get("placements", ())),  # keys from before placements have none
        # Keys from before they expired and rotated have neither.
        expires_at=document.get("expires_at"),
        old_tokens=tuple(
            OldToken(hash=each["hash"], ends_at=each["ends_at"]) for each in document.get("old_tokens", ())
        ),
    )
