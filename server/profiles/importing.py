"""Many profiles at once: new ones are inserted together, known ones written one by one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.kit.errors import ExpectedError
from server.kit.ids import new_id
from server.profiles.identifying import check_identity
from server.profiles.model import ClaimId, Identity, Profile, ProfileId, ProfileUpdate, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.kit.clock import Clock
    from server.profiles.erased_store import ErasedStore
    from server.profiles.model import Claim, IdentityRef
    from server.profiles.service import Profiles
    from server.profiles.store import ProfileStore

_SOURCE = Source(kind=SourceKind.IMPORT)
_ERASED = "This person was erased and stays away, unless the import is told to bring such people back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Who a row is about and what it says. `seed` names the row: a repetition finds its claims there."""

    seed: str
    identities: tuple[IdentityRef, ...]
    values: Mapping[str, object]


class Importing:
    """Takes people from a file. A batch that is taken twice leaves what it left the first time."""

    def __init__(self, *, profiles: Profiles, store: ProfileStore, erased: ErasedStore, clock: Clock) -> None:
        self._profiles = profiles
        self._store = store
        self._erased = erased
        self._clock = clock

    async def check(
        self, rows: Sequence[Imported], at: datetime, *, brings_back: bool = False
    ) -> list[str | None]:
        """Return for each row why it would be refused, or None; nothing is written."""
        prepared = await self._prepared(rows, at, brings_back=brings_back)
        return [each if isinstance(each, str) else None for each in prepared]

    async def take(
        self, rows: Sequence[Imported], at: datetime, *, brings_back: bool = False
    ) -> list[str | None]:
        """Write what the rows say, observed `at`; return for each row why it was refused, or None.

        Who was erased stays away unless the import `brings_back` such people.

        New people are stored without an announcement: nobody is looked up because of an import.
        """
        prepared = await self._prepared(rows, at, brings_back=brings_back)
        reasons = [each if isinstance(each, str) else None for each in prepared]
        good = {index: each for index, each in enumerate(prepared) if not isinstance(each, str)}
        owners = await self._store.owners([ref for index in good for ref in rows[index].identities])
        fresh: dict[int, Profile] = {}
        taken = set(owners)
        for index, claims in good.items():
            keys = {ref.key for ref in rows[index].identities}
            if not keys & taken:
                fresh[index] = self._profile(rows[index], claims, at)
            taken |= keys
        if brings_back:
            for ref in await self._erased.among(ref for index in good for ref in rows[index].identities):
                await self._erased.let_return(ref)
        stored = await self._insert(list(fresh.values()), at)
        for index, claims in good.items():
            if index not in fresh or fresh[index].id not in stored:
                reasons[index] = await self._update(rows[index], claims)
        return reasons

    async def _insert(self, profiles: Sequence[Profile], at: datetime) -> frozenset[ProfileId]:
        """Store new profiles; return those that were, for somebody else may have met the person meanwhile."""
        definitions = (await self._profiles.catalogue.current()).by_id
        return await self._store.insert_many(profiles, definitions, at)

    async def _prepared(
        self, rows: Sequence[Imported], at: datetime, *, brings_back: bool
    ) -> list[tuple[Claim, ...] | str]:
        """Return for each row its claims, or why it can't be taken."""
        gone = await self._erased.among(ref for row in rows for ref in row.identities)
        return [
            _ERASED
            if not brings_back and not gone.isdisjoint(row.identities)
            else await self._claims(row, at)
            for row in rows
        ]

    async def _claims(self, row: Imported, at: datetime) -> tuple[Claim, ...] | str:
        try:
            for ref in row.identities:
                check_identity(ref)
            claims = await self._profiles.claims(row.values, _SOURCE)
        except ExpectedError as error:
            return error.message
        return tuple(
            replace(claim, id=_claim_id(row.seed, claim.attribute_id), observed_at=at) for claim in claims
        )

    def _profile(self, row: Imported, claims: tuple[Claim, ...], at: datetime) -> Profile:
        return Profile(
            id=ProfileId(new_id("prf", self._clock())),
            created_at=at,
            updated_at=at,
            version=0,
            merged_into=None,
            identities=tuple(Identity(ref=ref, first_seen_at=at, last_seen_at=at) for ref in row.identities),
            claims={claim.attribute_id: (claim,) for claim in claims},
            visit=None,
            visits=0,
            logins=0,
        )

    async def _update(self, row: Imported, claims: tuple[Claim, ...]) -> str | None:
        """Add to a known person; return why not, or None."""
        owners = await self._store.owners(row.identities)
        if len(set(owners.values())) > 1:
            return "Its identities belong to different people: merge them first."
        profile_id = next(iter(owners.values()))
        profile = await self._profiles.find(profile_id)
        known = {each.id for about in profile.claims.values() for each in about} if profile else set()
        fresh = tuple(claim for claim in claims if claim.id not in known)
        missing = tuple(ref for ref in row.identities if ref.key not in owners)
        if fresh or missing:
            await self._profiles.write(profile_id, ProfileUpdate(claims=fresh, identities=missing))
        return None


def _claim_id(seed: str, attribute_id: str) -> ClaimId:
    return ClaimId(f"clm_{hashlib.sha256(f'{seed}|{attribute_id}'.encode()).hexdigest()[:26]}")
