"""API keys in MongoDB: collection `api_keys`, unique by the hash of the token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import ApiKey, KeyId, KeyKind, Scope
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

COLLECTION = "api_keys"


class KeyStore:
    """Reads and writes API keys."""

    def __init__(self, database: Database) -> None:
        self._keys = database[COLLECTION]

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
    )
