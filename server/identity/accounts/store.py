"""Accounts at providers in MongoDB: collection `accounts`, by the hash of what recognises them.

An account goes wherever its identity goes, in a merge and in a split; `profile_ids` are all the profiles that
it was ever written for, by which it is erased. Claims are kept as JSON text: as a document their names would
be ours to escape.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from server.identity.model import Account
from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from server.kit.mongo import Database, Document
    from server.profiles.model import IdentityRef, ProfileId

    # What is to be left of raw claims, by the key of their provider.
    Stripped = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]

ACCOUNTS = "accounts"


class AccountStore:
    """Reads and writes what is kept of accounts."""

    def __init__(self, database: Database) -> None:
        self._accounts = database[ACCOUNTS]

    async def create_indexes(self) -> None:
        """Make what an erasure needs; does nothing where it exists."""
        await self._accounts.create_indexes([IndexModel("profile_ids")])

    async def find(self, ref: IdentityRef) -> Account | None:
        """Return what is kept of an account."""
        found: Document | None = await self._accounts.find_one({"_id": ref.field_name})
        if found is None:
            return None
        return Account(
            provider_key=found["provider"],
            claims=json.loads(found["claims"]),
            withheld=tuple(sorted(found["withheld"])),
            at=found["at"],
        )

    async def put(self, ref: IdentityRef, account: Account, profile_id: ProfileId) -> None:
        """Keep an account as it is now, in place of what was kept; what is withheld is added to what was."""
        document = {
            "provider": account.provider_key,
            "claims": json.dumps(account.claims),
            "at": account.at,
        }
        added = {"profile_ids": profile_id, "withheld": {"$each": account.withheld}}
        change = {"$set": document, "$addToSet": added}
        await self._accounts.update_one({"_id": ref.field_name}, change, upsert=True)

    async def strip(self, profile_ids: Sequence[str], stripped: Stripped) -> None:
        """Keep of the raw claims of a person's accounts what `stripped` leaves of them.

        An account that is written meanwhile is left alone: who writes asks for consent, and that is gone.
        """
        async for found in self._accounts.find({"profile_ids": {"$in": list(profile_ids)}}):
            before: str = found["claims"]
            after = json.dumps(stripped(found["provider"], json.loads(before)))
            if after != before:
                unchanged = {"_id": found["_id"], "claims": before}
                await self._accounts.update_one(unchanged, {"$set": {"claims": after}})

    async def release(self, ref: IdentityRef) -> None:
        """Withhold nothing of an account any more."""
        await self._accounts.update_one({"_id": ref.field_name}, {"$set": {"withheld": []}})

    async def delete(self, ref: IdentityRef) -> None:
        """Forget an account; does nothing where it is forgotten."""
        await self._accounts.delete_one({"_id": ref.field_name})
