"""Who was erased, in MongoDB: collection `erased_identities`, of each identity a keyed hash and nothing else.

Without the deployment's secret a hash can't be matched with an address, not even by trying them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.mongo import IndexModel
from server.kit.signing import derived_keys, tag
from server.profiles.model import IdentityKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from server.kit.mongo import Database
    from server.profiles.model import IdentityRef

COLLECTION = "erased_identities"


class ErasedStore:
    """Remembers by what an erased person was known, so that nothing brings them back unasked."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._erased = database[COLLECTION]
        self._keys = derived_keys(secret, "erased-identity")

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._erased.create_indexes([IndexModel("request_id")])

    async def remember(self, refs: Iterable[IdentityRef], request_id: str, now: datetime) -> None:
        """Note that whoever these identities recognise was erased; a second time changes nothing."""
        for ref in refs:
            if _is_lasting(ref):
                entry, newest = {"request_id": request_id, "at": now}, self._tags(ref)[0]
                await self._erased.update_one({"_id": newest}, {"$setOnInsert": entry}, upsert=True)

    async def among(self, refs: Iterable[IdentityRef]) -> frozenset[IdentityRef]:
        """Return those of these identities whose person was erased."""
        by_tag = {each: ref for ref in refs if _is_lasting(ref) for each in self._tags(ref)}
        if not by_tag:
            return frozenset()
        found = self._erased.find({"_id": {"$in": list(by_tag)}}, {"_id": 1})
        return frozenset([by_tag[entry["_id"]] async for entry in found])

    async def let_return(self, ref: IdentityRef) -> bool:
        """Forget that the person of this identity was erased, by all their identities; False for nobody."""
        found = await self._erased.find_one({"_id": {"$in": self._tags(ref)}})
        if found is None:
            return False
        await self._erased.delete_many({"request_id": found["request_id"]})
        return True

    def _tags(self, ref: IdentityRef) -> list[str]:
        return [tag(key, ref.key) for key in self._keys]


def _is_lasting(ref: IdentityRef) -> bool:
    """A browser's id is random, made by us, and known to nobody else: no import ever names it."""
    return ref.kind is not IdentityKind.ANONYMOUS_ID
