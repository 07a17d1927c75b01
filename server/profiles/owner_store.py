"""Whose an identity is, in MongoDB: collection `identities`, `_id` the identity's key, `profile_id`, `turns`.

A profile says by what its person is known; the entry here sees to it that no other profile says the same,
since a sharded collection of profiles could not. Whatever adds an identity to a profile writes its entry in
the same transaction: of two that do so for one identity, one starts over and finds what the other did.
An entry whose profile does not (any more) list the identity is nobody's, and taken over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.migrating import Filling
from server.kit.mongo import BulkWriteError, IndexModel, in_transaction, is_about_duplicates
from server.profiles.errors import IdentityTakenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from server.kit.mongo import ClientSession, Database, Document
    from server.profiles.model import ProfileId

COLLECTION = "identities"


class OwnerStore:
    """Reads and writes whose identities are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owners = database[COLLECTION]
        self._profiles = database["profiles"]
        self.migrations = (
            Filling(
                key="2026-11-identities",
                collection="profiles",
                why="Whose an identity is has a collection of its own.",
                fill=self.fill,
                replaces="profiles.identity",
            ),
            Filling(
                key="2026-11-identities-given-up",
                collection=COLLECTION,
                why="What the version before took from people is nobody's.",
                fill=self.clear,
                replaces="profiles.identity",
            ),
        )

    async def create_indexes(self) -> None:
        """Make what erasing needs; does nothing where it exists."""
        await self._owners.create_indexes([IndexModel("profile_id")])

    async def find(self, key: str) -> ProfileId | None:
        """Return whose an identity is or was: whether it still is, their profile says."""
        found = await self._owners.find_one({"_id": key})
        return None if found is None else found["profile_id"]

    async def insert(self, profiles: Sequence[Document], session: ClientSession) -> None:
        """Note whose the identities of new profiles are; raise BulkWriteError where one has an entry."""
        entries = [
            {"_id": key, "profile_id": each["_id"]} for each in profiles for key in each["identity_keys"]
        ]
        if entries:
            await self._owners.insert_many(entries, session=session)

    async def give(self, keys: Iterable[str], profile_id: ProfileId, session: ClientSession) -> None:
        """Make identities this profile's; raise IdentityTakenError where another lists one.

        An entry is written even where it says the same, so that two transactions about it never both commit.
        """
        for key in keys:
            before: Document | None = await self._owners.find_one_and_update(
                {"_id": key},
                {"$set": {"profile_id": profile_id}, "$inc": {"turns": 1}},
                upsert=True,
                session=session,
            )
            if before is not None and before["profile_id"] != profile_id:
                listed = {"_id": before["profile_id"], "identity_keys": key}
                if await self._profiles.find_one(listed, {"_id": 1}, session=session):
                    raise IdentityTakenError("This identity belongs to another profile.")

    async def release(self, keys: Iterable[str], profile_id: ProfileId, session: ClientSession) -> None:
        """Forget those of these identities that were this profile's, which lists them no more."""
        if gone := list(keys):
            listed = {"_id": {"$in": gone}, "profile_id": profile_id}
            await self._owners.delete_many(listed, session=session)

    async def fill(self, profile_ids: Sequence[ProfileId]) -> None:
        """Write the entries of profiles that a version without them wrote; those that are right stay."""
        found = self._profiles.find({"_id": {"$in": list(profile_ids)}}, {"identity_keys": 1})
        listed = {key: each["_id"] async for each in found for key in each["identity_keys"]}
        entries = self._owners.find({"_id": {"$in": list(listed)}})
        owners = {each["_id"]: each["profile_id"] async for each in entries}
        missing = [{"_id": key, "profile_id": owner} for key, owner in listed.items() if key not in owners]
        try:
            if missing:
                await self._owners.insert_many(missing, ordered=False)
        except BulkWriteError as error:
            if not is_about_duplicates(error):
                raise
        for key, owner in owners.items():
            if owner != listed[key]:
                await self._correct(key, listed[key])

    async def clear(self, keys: Sequence[str]) -> None:
        """Forget those of these identities that no profile lists, as the version before left them."""
        entries = [each async for each in self._owners.find({"_id": {"$in": list(keys)}})]
        owners = list({each["profile_id"] for each in entries})
        found = self._profiles.find({"_id": {"$in": owners}}, {"identity_keys": 1})
        listed = {(key, each["_id"]) async for each in found for key in each["identity_keys"]}
        for each in entries:
            if (each["_id"], each["profile_id"]) not in listed:
                await self._owners.delete_one({"turns": None, **each})  # unless it was given meanwhile

    async def _correct(self, key: str, profile_id: ProfileId) -> None:
        """Give an identity to the profile that lists it, unless it went elsewhere meanwhile."""

        async def work(session: ClientSession) -> None:
            listed = {"_id": profile_id, "identity_keys": key}
            if await self._profiles.find_one(listed, {"_id": 1}, session=session):
                await self.give([key], profile_id, session)

        await in_transaction(self._database, work)
