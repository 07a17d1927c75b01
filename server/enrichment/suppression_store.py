"""Who asked not to be looked up, in MongoDB: collection `suppressions`, keyed hashes of e-mail addresses.

Document: `_id at by enricher`. Nobody can be found by it, nor told from it without the secret.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from server.kit.mongo import Database

COLLECTION = "suppressions"
_IGNORES_DOTS = frozenset({"gmail.com", "googlemail.com"})


class SuppressionStore:
    """Reads and writes suppressions."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._suppressions = database[COLLECTION]
        self._secrets = [each.encode() for each in secret.split("\n")]

    async def create_indexes(self) -> None:
        """Make nothing: a suppression is found by its id."""

    async def add(
        self, addresses: Collection[str], now: datetime, *, by: str | None, enricher: str | None
    ) -> None:
        """Suppress these addresses for ever, on the word of an admin or of a source; idempotent."""
        entry = {"at": now, "by": by, "enricher": enricher}
        for key in self._keys(addresses, self._secrets[:1]):
            await self._suppressions.update_one({"_id": key}, {"$setOnInsert": entry}, upsert=True)

    async def lift(self, address: str) -> bool:
        """Take a suppression back; whether there was one."""
        deleted = await self._suppressions.delete_many({"_id": {"$in": self._keys([address], self._secrets)}})
        return deleted.deleted_count > 0

    async def has_any(self, addresses: Collection[str]) -> bool:
        """Whether one of these addresses is suppressed."""
        keys = self._keys(addresses, self._secrets)
        return bool(keys and await self._suppressions.find_one({"_id": {"$in": keys}}, {"_id": 1}))

    def _keys(self, addresses: Collection[str], secrets: Iterable[bytes]) -> list[str]:
        plain = {plain_address(each) for each in addresses}
        return [
            hmac.new(secret, f"suppressed|{each}".encode(), hashlib.sha256).hexdigest()
            for secret in secrets
            for each in plain
        ]


def plain_address(address: str) -> str:
    """Return the address under which all spellings of one mailbox fall together; never to be written to."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    return f"{local.replace('.', '') if domain in _IGNORES_DOTS else local}@{domain}"
