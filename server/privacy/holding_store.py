"""Every collection, read and erased as the table of holdings says: the one store that spans domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.kit.mongo import in_transaction
from server.privacy.model import OnAnonymise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import datetime

    from server.kit.mongo import ClientSession, Collection, Database, Document
    from server.privacy.model import Holding, Part

_PROFILES = "profiles"
_IDENTITIES = "identities"
_BATCH = 1_000  # documents; a delete of all at once may outlast the socket


class HoldingStore:
    """Reads and erases what is held of a person, collection by collection; all of it may be done twice."""

    def __init__(self, database: Database, holdings: Sequence[Holding]) -> None:
        self._database = database
        self.holdings = tuple(holdings)

    @property
    def personal(self) -> tuple[Holding, ...]:
        """The collections that say something of people."""
        return tuple(each for each in self.holdings if each.person)

    async def collections(self) -> frozenset[str]:
        """Return the names of all collections that exist."""
        names = await self._database.list_collection_names()
        return frozenset(name for name in names if not name.startswith("system."))

    async def records(self, holding: Holding, profile_ids: Iterable[str]) -> AsyncIterator[Document]:
        """Yield what a collection holds of a person, without what is secret, in the order of ids."""
        secret = dict.fromkeys(holding.secret, 0)
        found = self._of(holding).find(_about(holding, profile_ids), secret or None)
        async for document in found.sort("_id", 1):
            yield document

    async def erase(self, profile_ids: Iterable[str]) -> None:
        """Erase a person everywhere, save what survives an erasure."""
        known = list(profile_ids)
        for holding in self.personal:
            await self._erase_in(holding, known)

    async def forget(self, profile_ids: Iterable[str], part: Part) -> None:
        """Forget a part of what was known of a person, in every collection but their profile."""
        known = list(profile_ids)
        for holding in self.personal:
            if holding.snapshots:
                await self._forget_in_snapshots(holding, known, part)
            elif holding.attribute is not None:
                await self._forget_part(holding, known, part)

    async def anonymise(self, profile_ids: Iterable[str], part: Part) -> None:
        """Do in every collection but the profile what it says becomes of a person who is made anonymous."""
        known = list(profile_ids)
        for holding in self.personal:
            if holding.on_anonymise is OnAnonymise.ERASE:
                await self._of(holding).delete_many(_about(holding, known))
            elif holding.on_anonymise is OnAnonymise.STRIP:
                await self._forget_part(holding, known, part)
                if holding.telling:
                    emptied = {"$set": dict.fromkeys(holding.telling)}
                    await self._of(holding).update_many(_about(holding, known), emptied)

    async def drop_older(self, holding: Holding, before: datetime) -> int:
        """Drop what is older, and return how much that was."""
        dropped = 0
        collection = self._of(holding)
        while True:
            found = collection.find({holding.dated: {"$lt": before}}, {"_id": 1}).limit(_BATCH)
            ids = [document["_id"] async for document in found]
            if not ids:
                return dropped
            dropped += (await collection.delete_many({"_id": {"$in": ids}})).deleted_count

    async def visitors_gone_since(self, before: datetime, first_id: str, limit: int) -> list[str]:
        """Return profiles that nobody was ever recognised by, seen and written last before this moment.

        Only those made before the id `first_id` are looked at: ids sort by when they were made.
        """
        gone = {"_id": {"$lt": first_id}, **_gone_since(before)}
        found = self._database[_PROFILES].find(gone, {"_id": 1}).limit(limit)
        return [document["_id"] async for document in found]

    async def erase_visitor(self, profile_id: str, profile_ids: Iterable[str], before: datetime) -> None:
        """Erase somebody who is gone since, and whoever became part of them, unless they came back just now.

        The profile goes last, so that who is half erased when the process ends is found again; by what it is
        known goes with it.
        """
        known = list(profile_ids)
        for holding in self.personal:
            if holding.collection not in {_PROFILES, _IDENTITIES}:
                await self._erase_in(holding, known)
        profiles = self._database[_PROFILES]

        async def work(session: ClientSession) -> None:
            gone = {"_id": profile_id, **_gone_since(before)}
            if (await profiles.delete_one(gone, session=session)).deleted_count:
                redirects = {"_id": {"$in": known}, "merged_into": {"$ne": None}}
                await profiles.delete_many(redirects, session=session)
                entries = {"profile_id": {"$in": known}}
                await self._database[_IDENTITIES].delete_many(entries, session=session)

        await in_transaction(self._database, work)

    async def _erase_in(self, holding: Holding, profile_ids: list[str]) -> None:
        criteria = _about(holding, profile_ids)
        if holding.survives is not None:
            criteria = {"$and": [criteria, {"$nor": [dict(holding.survives)]}]}
        await self._of(holding).delete_many(criteria)

    async def _forget_part(self, holding: Holding, profile_ids: list[str], part: Part) -> None:
        criteria = {"$and": [_about(holding, profile_ids), _within(holding, part)]}
        if holding.values:
            emptied = {"$set": dict.fromkeys(holding.values)}
            await self._of(holding).update_many(criteria, emptied)
        else:
            await self._of(holding).delete_many(criteria)

    async def _forget_in_snapshots(self, holding: Holding, profile_ids: list[str], part: Part) -> None:
        collection = self._of(holding)
        async for document in collection.find(_about(holding, profile_ids)):
            fields = {
                name: value for each in holding.snapshots for name, value in _purged(document, each, part)
            }
            await collection.update_one({"_id": document["_id"]}, {"$set": fields})

    def _of(self, holding: Holding) -> Collection:
        return self._database[holding.collection]


def _gone_since(before: datetime) -> Document:
    """Return the criteria of who was never recognised and did not show up since; anew in every statement."""
    identified = {"$elemMatch": {"$not": {"$regex": r"^anonymous_id\|"}}}
    return {
        "merged_into": None,
        "identity_keys": {"$not": identified},
        "updated_at": {"$lt": before},
        "visit.last_seen_at": {"$not": {"$gte": before}},
    }


def _about(holding: Holding, profile_ids: Iterable[str]) -> Document:
    known = list(profile_ids)
    return {"$or": [{name: {"$in": known}} for name in holding.person]}


def _within(holding: Holding, part: Part) -> Document:
    criteria: list[Document] = [{str(holding.attribute): {"$in": sorted(part.attribute_ids)}}]
    if holding.consent is not None and part.purpose is not None:
        criteria.append({holding.consent: part.purpose})
    return {"$or": criteria}


def _purged(document: Document, snapshot: str, part: Part) -> Iterable[tuple[str, Any]]:
    """Return what a profile that lies in a document would hold if this part had never been known."""
    before: Document = document[snapshot]
    attributes = {
        attribute_id: kept
        for attribute_id, claims in before["attributes"].items()
        if attribute_id not in part.attribute_ids
        and (kept := {slug: claim for slug, claim in claims.items() if not _rests_on(claim, part)})
    }
    yield f"{snapshot}.attributes", attributes
    yield f"{snapshot}.values", []  # what is derived from claims repeats them, and nobody reads it here
    yield f"{snapshot}.terms", []
    dismissals = before.get("dismissals", {})
    beside = [each for each in dismissals if each.rpartition("_")[0] not in part.attribute_ids]
    yield f"{snapshot}.dismissals", {each: dismissals[each] for each in beside}
    if part.purpose is not None:
        granted = {key: said for key, said in before.get("consents", {}).items() if key != part.purpose}
        yield f"{snapshot}.consents", granted


def _rests_on(claim: Document, part: Part) -> bool:
    return part.purpose is not None and claim.get("consent") == part.purpose
