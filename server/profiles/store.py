"""Profiles in MongoDB: collection `profiles`, one document a person, every write one atomic statement.

Document: `_id created_at updated_at version merged_into identity_keys identities visit visits logins
attributes terms values expires_next consents events questions enrichments outbox`. Claims lie at
`attributes.<attribute id>.<source slug>`, so that a source replaces its own claim and nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo import ReturnDocument

from server.kit.joint_reads import JointReads
from server.kit.joint_writes import JointWrites
from server.kit.mongo import (
    BulkWriteError,
    DuplicateKeyError,
    IndexModel,
    UpdateOne,
    in_transaction,
    is_about_duplicates,
    undecoded,
)
from server.kit.undecoded import halved
from server.profiles.documents import consents_model, model, new_document, replacement, visit_document
from server.profiles.errors import IdentityTakenError
from server.profiles.merge_store import MergeStore
from server.profiles.owner_store import OwnerStore
from server.profiles.resolving import resolve_all
from server.profiles.statements import event_guard, update_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
    from datetime import timedelta

    from server.consent.model import Consent
    from server.kit.changes import Change
    from server.kit.mongo import ClientSession, Database, Document
    from server.profiles.model import (
        AttributeDefinition,
        AttributeId,
        ClaimId,
        IdentityRef,
        Profile,
        ProfileId,
        ProfileUpdate,
        Visit,
    )
    from server.profiles.resolving import Rank
    from server.profiles.statements import Pipeline

Result = TypeVar("Result")

COLLECTION = "profiles"
# What no model holds: announcements under way, and what the server itself keeps for its indexes.
_READ = {"outbox": 0, "identity_keys": 0, "terms": 0, "values": 0, "expires_next": 0}
_halved = partial(halved, later="attributes")
_EVER = datetime.min.replace(tzinfo=UTC)
_MAX_REDIRECTS = 8  # merges chain at most this far before somebody should look


@dataclass(frozen=True, slots=True)
class Draft:
    """A new profile made ready to be stored."""

    id: ProfileId
    document: Document


class ProfileStore:
    """Reads and writes profiles."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._profiles = database[COLLECTION]
        raw = undecoded(self._profiles)
        self._by_id = JointReads(raw, _READ, _halved)
        self._updates = JointWrites(raw, _READ, _halved, self._by_id, always="created_at")
        self._owners = OwnerStore(database)
        self.merges = MergeStore(database, self._owners)
        self.migrations = self._owners.migrations

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self.merges.create_indexes()
        await self._owners.create_indexes()
        await self._profiles.create_indexes(
            [
                _of_texts("identity_keys", name="known_by"),
                _of_texts("merged_into", name="led_to"),
                IndexModel("outbox.at", sparse=True),
                IndexModel("expires_next", partialFilterExpression={"expires_next": {"$type": "date"}}),
            ]
        )

    async def find(self, profile_id: ProfileId) -> Profile | None:
        """Return the profile with this id, merged or not."""
        found = await self._by_id.find(profile_id)
        return None if found is None else model(found)

    async def find_living(self, profile_id: ProfileId) -> Profile | None:
        """Return the profile with this id or, where it was merged, the one it became part of."""
        for _ in range(_MAX_REDIRECTS):
            profile = await self.find(profile_id)
            if profile is None or profile.merged_into is None:
                return profile
            profile_id = profile.merged_into
        return None

    async def lineage(self, profile_id: ProfileId) -> list[ProfileId]:
        """Return this id and those of the profiles that lead to it, at whatever remove."""
        known: list[ProfileId] = []
        leading = [profile_id]
        while leading:
            known.extend(leading)
            found = self._profiles.find({"merged_into": {"$in": leading}}, {"_id": 1})
            leading = [each["_id"] async for each in found if each["_id"] not in known]
        return known

    async def find_many(self, profile_ids: Sequence[ProfileId]) -> list[Profile]:
        """Return the profiles with these ids, in no order; unknown ids are left out."""
        found = self._profiles.find({"_id": {"$in": list(profile_ids)}}, _READ)
        return [model(document) async for document in found]

    async def find_by_identity(self, ref: IdentityRef) -> Profile | None:
        """Return the profile that this identity recognises: two reads by id, for somebody who is known."""
        owner = await self._owners.find(ref.key)
        profile = None if owner is None else await self.find(owner)
        if profile is not None and any(each.ref == ref for each in profile.identities):
            return profile
        # A stranger; or one who was merged between the two reads, or is a profile of an earlier version.
        found = await self._profiles.find_one({"identity_keys": ref.key}, _READ)
        return None if found is None else model(found)

    async def insert(
        self,
        profile_id: ProfileId,
        identities: Sequence[IdentityRef],
        now: datetime,
        changes: Sequence[Change],
    ) -> Profile:
        """Store a new profile; raise IdentityTakenError where an identity belongs to another."""
        document = new_document(profile_id, identities, now, changes)
        await self._insert(document)
        return model(document)

    async def remove(self, profile_id: ProfileId, version: int) -> bool:
        """Remove a profile with what it announced; False where it is not (any more) of this version."""

        async def work(session: ClientSession) -> bool:
            removed: Document | None = await self._profiles.find_one_and_delete(
                {"_id": profile_id, "merged_into": None, "version": version}, session=session
            )
            if removed is not None:
                await self._owners.release(removed["identity_keys"], profile_id, session)
            return removed is not None

        return await in_transaction(self._database, work)

    async def owners(self, refs: Sequence[IdentityRef]) -> dict[str, ProfileId]:
        """Return whose these identities are, by their key; those that nobody has are left out."""
        keys = {ref.key for ref in refs}
        found = self._profiles.find({"identity_keys": {"$in": list(keys)}}, {"identity_keys": 1})
        return {key: each["_id"] async for each in found for key in each["identity_keys"] if key in keys}

    async def consents_of(self, refs: Sequence[IdentityRef]) -> dict[str, Mapping[str, Consent]]:
        """Return what the people of these identities consented to, by the keys of all their identities."""
        named = {"identity_keys": {"$in": [ref.key for ref in refs]}}
        found = self._profiles.find(named, {"identity_keys": 1, "consents": 1})
        consents = [(each["identity_keys"], consents_model(each["consents"])) async for each in found]
        return {key: said for keys, said in consents for key in keys}

    def draft(self, profile: Profile, definitions: Mapping[AttributeId, AttributeDefinition]) -> Draft:
        """Return a new profile as it will be stored."""
        resolution = resolve_all(profile.claims, definitions)
        return Draft(id=profile.id, document=replacement(profile, resolution, (), profile.updated_at))

    async def insert_many(self, drafts: Sequence[Draft]) -> frozenset[ProfileId]:
        """Store new profiles and return the ids of those that were: an identity may have an owner by now."""
        documents = [draft.document for draft in drafts]

        async def work(session: ClientSession) -> None:
            await self._owners.insert(documents, session)
            await self._profiles.insert_many(documents, session=session)

        try:
            if documents:
                await in_transaction(self._database, work)
        except BulkWriteError as error:
            if not is_about_duplicates(error):
                raise
            return frozenset([each["_id"] for each in documents if await self._is_inserted(each)])
        return frozenset(draft.id for draft in drafts)

    async def page(self, after: ProfileId | None, limit: int) -> list[Profile]:
        """Return up to `limit` living profiles after this id, in the order of their ids."""
        criteria: Document = {"merged_into": None}
        if after is not None:
            criteria["_id"] = {"$gt": after}
        found = self._profiles.find(criteria, _READ).sort("_id", 1).limit(limit)
        return [model(document) async for document in found]

    async def count(self) -> int:
        """Return about how many profiles there are, merged ones included: a figure kept by the server."""
        return await self._profiles.estimated_document_count()

    async def update(
        self, profile_id: ProfileId, update: ProfileUpdate, ranks: Mapping[ClaimId, Rank], now: datetime
    ) -> Profile | None:
        """Write and return the profile after it; None where it is gone, merged or the guard does not hold.

        Raises IdentityTakenError where an identity belongs to another profile; then nothing is written.
        """
        guard = {"merged_into": None, **update.only_if, **event_guard(update.event)}
        pipeline = update_pipeline(update, ranks, now)
        found: Document | None = None
        if not update.removed and not update.adds_identities:
            keys = [ref.key for ref in update.identities]
            known = {"identity_keys": {"$all": keys}} if keys else {}
            found = await self._updates.update(profile_id, {**guard, **known}, pipeline)
        if found is None and (update.identities or update.removed):
            found = await self._update_identities(profile_id, update, guard, pipeline)
        return None if found is None else model(found)

    async def continue_visit(self, profile_id: ProfileId, now: datetime, quiet: timedelta) -> Profile | None:
        """Note that the person is still here; None where the last sign of them is longer ago than `quiet`."""
        return await self._write_visit(
            {"_id": profile_id, "merged_into": None, "visit.last_seen_at": {"$gt": now - quiet}},
            {"$set": {"visit.last_seen_at": now}},
        )

    async def begin_visit(
        self, profile_id: ProfileId, visit: Visit, *, unless_since: datetime | None
    ) -> Profile | None:
        """Start a visit; None where somebody (another tab) was seen after `unless_since`."""
        guard: Document = (
            {} if unless_since is None else {"visit.last_seen_at": {"$not": {"$gt": unless_since}}}
        )
        return await self._write_visit(
            {"_id": profile_id, "merged_into": None, "visits": visit.number - 1, **guard},
            {"$set": {"visit": visit_document(visit), "visits": visit.number}},
        )

    async def pending_outboxes(
        self, limit: int, *, kinds: Collection[str], resting: Collection[str], share: str = ""
    ) -> list[tuple[ProfileId, list[Document]]]:
        """Return up to `limit` profiles with a change of these kinds that nobody took yet, oldest first.

        Changes with an id in `resting` don't count, nor profiles whose id does not match `share`. The index
        on `outbox.at` gives the order: a sort would read everything that waits.
        """
        pending = {"at": {"$gt": _EVER}, "kind": {"$in": list(kinds)}, "id": {"$nin": list(resting)}}
        mine: Document = {"_id": {"$regex": share}} if share else {}
        found = self._profiles.find({"outbox": {"$elemMatch": pending}, **mine}, {"outbox": 1})
        return [(each["_id"], each["outbox"]) async for each in found.hint([("outbox.at", 1)]).limit(limit)]

    async def count_pending(self, most: int) -> tuple[int, datetime | None]:
        """Return how many profiles have a change that nobody took, at most `most`, and when the first was.

        The index gives the order, as above; no hint, which would fail where the index is yet to be made.
        """
        pending = {"outbox.at": {"$gt": _EVER}}
        first = await self._profiles.find_one(pending, {"outbox.at": 1})
        count = await self._profiles.count_documents(pending, limit=most)
        return count, None if first is None else min(each["at"] for each in first["outbox"])

    async def clear_outboxes(self, taken: Sequence[tuple[ProfileId, Sequence[str]]]) -> None:
        """Take these entries off these profiles, once what follows from them is written."""
        await self._profiles.bulk_write(
            [
                UpdateOne({"_id": profile_id}, {"$pull": {"outbox": {"id": {"$in": list(change_ids)}}}})
                for profile_id, change_ids in taken
            ],
            ordered=False,
        )

    async def _insert(self, document: Document) -> None:
        async def work(session: ClientSession) -> None:
            await self._owners.give(document["identity_keys"], document["_id"], session)
            await self._profiles.insert_one(document, session=session)

        await self._unless_taken(work)

    async def _is_inserted(self, document: Document) -> bool:
        try:
            await self._insert(document)
        except IdentityTakenError:
            return False
        return True

    async def _update_identities(
        self, profile_id: ProfileId, update: ProfileUpdate, guard: Document, pipeline: Pipeline
    ) -> Document | None:
        """Write an update that adds identities to the profile or takes some away."""

        async def work(session: ClientSession) -> Document | None:
            written: Document | None = await self._profiles.find_one_and_update(
                {"_id": profile_id, **guard},
                pipeline,
                projection=_READ,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if written is not None:
                if update.removed:
                    await self._owners.release([ref.key for ref in update.removed], profile_id, session)
                await self._owners.give([ref.key for ref in update.identities], profile_id, session)
            return written

        return await self._unless_taken(work)

    async def _unless_taken(self, work: Callable[[ClientSession], Coroutine[Any, Any, Result]]) -> Result:
        try:
            return await in_transaction(self._database, work)
        except DuplicateKeyError:  # by the unique index of an earlier version, while there is one
            raise IdentityTakenError("This identity belongs to another profile.") from None

    async def _write_visit(self, criteria: Document, statement: Document) -> Profile | None:
        found: Document | None = await self._profiles.find_one_and_update(
            criteria, statement, projection=_READ, return_document=ReturnDocument.AFTER
        )
        return None if found is None else model(found)


def _of_texts(field: str, **options: Any) -> IndexModel:  # noqa: ANN401 - of the index
    """Return an index of who has a text there; told so by `$type`, MongoDB would read it for no query."""
    return IndexModel(field, partialFilterExpression={field: {"$gt": ""}}, **options)
