"""Withdrawals of sources in MongoDB: collection `source_withdrawals`, with how far each got.

`after` is the last profile that is done with. `planned` is the batch in hand, with its counts: after a crash
the same batch is done again and counted once. `live` exists until the withdrawal has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.mongo import DuplicateKeyError, IndexModel
from server.profiles.model import (
    ProfileId,
    Source,
    SourceKind,
    Withdrawal,
    WithdrawalId,
    WithdrawalState,
)

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document

COLLECTION = "source_withdrawals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a withdrawal got: past `after`, in a pass that found so many claims; `upto` ends the batch."""

    after: ProfileId | None
    found: int
    upto: ProfileId | None


class WithdrawalStore:
    """Reads and writes withdrawals."""

    def __init__(self, database: Database) -> None:
        self._withdrawals = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._withdrawals.create_indexes(
            [
                IndexModel("slug", unique=True, partialFilterExpression={"live": True}),
                IndexModel([("slug", 1), ("requested_at", -1)]),
            ]
        )

    async def begin(self, withdrawal: Withdrawal) -> Withdrawal:
        """Store a withdrawal and return it; where one of the same source is at work, that."""
        try:
            await self._withdrawals.insert_one(_document(withdrawal))
        except DuplicateKeyError:
            found = await self._withdrawals.find_one({"slug": withdrawal.source.slug, "live": True})
            return await self.begin(withdrawal) if found is None else _model(found)
        return withdrawal

    async def find(self, withdrawal_id: WithdrawalId) -> Withdrawal | None:
        """Return the withdrawal with this id."""
        found = await self._withdrawals.find_one({"_id": withdrawal_id})
        return None if found is None else _model(found)

    async def last_request(self, slug: str) -> datetime | None:
        """Return when the withdrawal of a source was last asked for."""
        found = await self._withdrawals.find_one({"slug": slug}, sort=[("requested_at", -1)])
        return None if found is None else found["requested_at"]

    async def set_total(self, withdrawal_id: WithdrawalId, total: int) -> None:
        """Note how many profiles there are to do, the first time."""
        await self._withdrawals.update_one(
            {"_id": withdrawal_id, "profiles_total": None}, {"$set": {"profiles_total": total}}
        )

    async def progress(self, withdrawal_id: WithdrawalId) -> Progress:
        """Return how far the withdrawal got."""
        found = await self._withdrawals.find_one({"_id": withdrawal_id}) or {}
        planned = found.get("planned")
        return Progress(
            after=found.get("after"), found=found.get("found", 0), upto=planned["upto"] if planned else None
        )

    async def plan(self, withdrawal_id: WithdrawalId, upto: ProfileId, *, profiles: int, claims: int) -> None:
        """Note the batch that is done next."""
        planned = {"upto": upto, "profiles": profiles, "claims": claims}
        await self._withdrawals.update_one({"_id": withdrawal_id}, {"$set": {"planned": planned}})

    async def settle(self, withdrawal_id: WithdrawalId, upto: ProfileId) -> None:
        """Note that the batch that ends here is done, and count it; a second time changes nothing."""
        await self._withdrawals.update_one(
            {"_id": withdrawal_id, "planned.upto": upto},
            [
                {
                    "$set": {
                        "after": "$planned.upto",
                        "found": {"$add": ["$found", "$planned.claims"]},
                        "profiles_done": {"$add": ["$profiles_done", "$planned.profiles"]},
                        "claims_done": {"$add": ["$claims_done", "$planned.claims"]},
                        "planned": None,
                    }
                }
            ],
        )

    async def start_over(self, withdrawal_id: WithdrawalId) -> None:
        """Begin another pass: claims may have moved behind the last one, with a merge."""
        await self._withdrawals.update_one({"_id": withdrawal_id}, {"$set": {"after": None, "found": 0}})

    async def end(self, withdrawal_id: WithdrawalId, state: WithdrawalState, now: datetime) -> None:
        """Note how it ended."""
        await self._withdrawals.update_one(
            {"_id": withdrawal_id},
            {"$set": {"state": state.value, "finished_at": now}, "$unset": {"live": ""}},
        )


def _document(withdrawal: Withdrawal) -> Document:
    return {
        "_id": withdrawal.id,
        "source": {"kind": withdrawal.source.kind.value, "key": withdrawal.source.key},
        "slug": withdrawal.source.slug,
        "requested_at": withdrawal.requested_at,
        "requested_by": withdrawal.requested_by,
        "state": withdrawal.state.value,
        "profiles_total": withdrawal.profiles_total,
        "profiles_done": withdrawal.profiles_done,
        "claims_done": withdrawal.claims_done,
        "finished_at": withdrawal.finished_at,
        "live": True,
        "after": None,
        "found": 0,
        "planned": None,
    }


def _model(document: Document) -> Withdrawal:
    source = document["source"]
    return Withdrawal(
        id=WithdrawalId(document["_id"]),
        source=Source(kind=SourceKind(source["kind"]), key=source["key"]),
        requested_at=document["requested_at"],
        requested_by=document["requested_by"],
        state=WithdrawalState(document["state"]),
        profiles_total=document["profiles_total"],
        profiles_done=document["profiles_done"],
        claims_done=document["claims_done"],
        finished_at=document["finished_at"],
    )
