"""Merges in MongoDB: two profiles become one, or one becomes two again, in one transaction each.

Collection `merge_log`: what the two were before, so that a merge can be taken back exactly. Its entries
hold what the profiles held, and are erased with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.changes import change_document
from server.kit.mongo import IndexModel, in_transaction
from server.profiles.changes import profile_merged
from server.profiles.documents import claim_document, model, nothing_known, replacement
from server.profiles.merging import displaced
from server.profiles.model import Merge, MergeId, ProfileId
from server.profiles.resolving import resolve_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from server.kit.changes import Change
    from server.kit.mongo import ClientSession, Database, Document
    from server.profiles.model import AttributeDefinition, AttributeId, Claim, Profile
    from server.profiles.owner_store import OwnerStore

    Definitions = Mapping[AttributeId, AttributeDefinition]

COLLECTION = "merge_log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a split comes to, and what it announces: who stays, then who is back."""

    profiles: tuple[Profile, Profile]
    changes: tuple[Change, ...]


class MergeStore:
    """Merges and splits profiles, and remembers what they were."""

    def __init__(self, database: Database, owners: OwnerStore) -> None:
        self._database = database
        self._owners = owners
        self._profiles = database["profiles"]
        self._log = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._log.create_indexes([IndexModel("kept_id"), IndexModel("gone_id")])

    async def merge(
        self,
        merge: Merge,
        decide: Callable[[Profile, Profile], Profile | None],
        definitions: Definitions,
    ) -> Profile | None:
        """Replace the kept profile by what `decide` makes of the two; the other's id leads there from now on.

        A write to either meanwhile makes it start over with what is then true. Ids that led to the
        other lead straight to the kept one, so that no chain grows. It is announced as ProfileMerged.
        Returns None, and writes nothing, where `decide` does or where one of the two is missing.
        """

        async def work(session: ClientSession) -> Profile | None:
            kept: Document | None = await self._profiles.find_one({"_id": merge.kept_id}, session=session)
            gone: Document | None = await self._profiles.find_one({"_id": merge.gone_id}, session=session)
            if kept is None or gone is None:
                return None
            parts = model(kept), model(gone)
            merged = decide(*parts)
            if merged is None:
                return None
            change = profile_merged(merge, [_ended(*each) for each in displaced(merged, *parts)])
            outbox = [*kept["outbox"], *gone["outbox"], change_document(change)]
            document = replacement(merged, resolve_all(merged.claims, definitions), outbox, merge.at)
            await self._write_merge(session, merge, document, kept, gone)
            return model(document)

        return await in_transaction(self._database, work)

    async def split(
        self,
        merge_id: MergeId,
        holder_id: ProfileId,
        decide: Callable[[Profile, Profile, Profile], Decided],
        now: datetime,
        definitions: Definitions,
    ) -> Profile | None:
        """Take a merge back, given who holds it now; return the profile that is back.

        `decide` gets the holder and what kept and gone were before the merge. None where the merge
        was taken back meanwhile, or where the holder is not one any more.
        """

        async def work(session: ClientSession) -> Profile | None:
            entry: Document | None = await self._log.find_one_and_update(
                {"_id": merge_id, "undone_at": None}, {"$set": {"undone_at": now}}, session=session
            )
            holder = await self._profiles.find_one({"_id": holder_id, "merged_into": None}, session=session)
            if entry is None or holder is None:
                return None
            before = (model(entry["kept_before"]), model(entry["gone_before"]))
            decided = decide(model(holder), *before)
            for profile, outbox in zip(
                decided.profiles,
                ([*holder["outbox"], *map(change_document, decided.changes)], []),
                strict=True,
            ):
                resolution = resolve_all(profile.claims, definitions)
                document = replacement(profile, resolution, outbox, now)
                await self._profiles.replace_one({"_id": profile.id}, document, session=session)
            # The last of the two is back: from now on these are its own again.
            await self._owners.give(document["identity_keys"], document["_id"], session)
            led_there = {"_id": {"$in": await self._taken_in(document["_id"], session)}}
            moved = {"$set": {"merged_into": document["_id"]}}
            await self._profiles.update_many(led_there, moved, session=session)
            return model(document)

        return await in_transaction(self._database, work)

    async def latest(self, gone_id: ProfileId) -> Merge | None:
        """Return the last merge by which this profile became part of another, unless it was taken back."""
        found = self._log.find({"gone_id": gone_id, "undone_at": None}, _FACTS).sort("_id", -1).limit(1)
        return next((_merge(entry) for entry in await found.to_list(1)), None)

    async def count(self, kept_id: ProfileId) -> int:
        """Return how many merges this profile took in and holds."""
        return await self._log.count_documents({"kept_id": kept_id, "undone_at": None})

    async def of(self, kept_id: ProfileId, limit: int) -> list[Merge]:
        """Return the merges that this profile took in, the latest first, those taken back included."""
        found = self._log.find({"kept_id": kept_id}, _FACTS).sort("_id", -1).limit(limit)
        return [_merge(entry) async for entry in found]

    async def _taken_in(self, profile_id: ProfileId, session: ClientSession) -> list[ProfileId]:
        """Return all that became part of a profile, and of those that did, and so on."""
        found: list[ProfileId] = []
        last = [profile_id]
        while last:
            entries = self._log.find(
                {"kept_id": {"$in": last}, "undone_at": None}, {"gone_id": 1}, session=session
            )
            last = [entry["gone_id"] async for entry in entries]
            found += last
        return found

    async def _write_merge(
        self,
        session: ClientSession,
        merge: Merge,
        merged: Document,
        kept: Document,
        gone: Document,
    ) -> None:
        led_there = {"$or": [{"_id": merge.gone_id}, {"merged_into": merge.gone_id}]}
        await self._profiles.update_one(
            {"_id": merge.gone_id}, {"$set": tombstone(merge.kept_id, merge.at)}, session=session
        )
        await self._profiles.update_many(led_there, {"$set": {"merged_into": merge.kept_id}}, session=session)
        await self._profiles.replace_one({"_id": merge.kept_id}, merged, session=session)
        await self._owners.give(gone["identity_keys"], merge.kept_id, session)
        await self._log.insert_one(
            {
                "_id": merge.id,
                "kept_id": merge.kept_id,
                "gone_id": merge.gone_id,
                "at": merge.at,
                "by": merge.by,
                "undone_at": None,
                "kept_before": {**kept, "outbox": []},
                "gone_before": {**gone, "outbox": []},
            },
            session=session,
        )


_FACTS = {"kept_before": 0, "gone_before": 0}


def tombstone(into: ProfileId, now: datetime) -> Document:
    """What is left of a merged profile: its id and where it leads. Everything else moved."""
    return {
        "updated_at": now,
        "merged_into": into,
        "identity_keys": [],
        "identities": {},
        **nothing_known(),
        "outbox": [],
    }


def _ended(held_by: ProfileId, claim: Claim) -> Document:
    return {**claim_document(claim, ()), "attribute_id": claim.attribute_id, "profile_id": held_by}


def _merge(entry: Document) -> Merge:
    return Merge(
        id=MergeId(entry["_id"]),
        kept_id=ProfileId(entry["kept_id"]),
        gone_id=ProfileId(entry["gone_id"]),
        at=entry["at"],
        by=entry["by"],
        undone_at=entry["undone_at"],
    )
