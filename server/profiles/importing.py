"""Many profiles at once: new ones are inserted together, known ones written one by one."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from server.kit.errors import ExpectedError
from server.kit.ids import first_id, new_id
from server.profiles.gating import why_not_kept
from server.profiles.identifying import check_identity
from server.profiles.merging import MAX_IDENTITIES
from server.profiles.model import ClaimId, Identity, Profile, ProfileId, ProfileUpdate, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from server.consent.model import Consent, Purposes
    from server.kit.clock import Clock
    from server.profiles.catalogue import Catalogue
    from server.profiles.erased_store import ErasedStore
    from server.profiles.model import AttributeDefinition, Claim, IdentityRef
    from server.profiles.service import Profiles
    from server.profiles.store import Draft, ProfileStore

Item = TypeVar("Item")

_SOURCE = Source(kind=SourceKind.IMPORT)
_AT_ONCE = 50  # rows: a few milliseconds of work
_SEEDED = 16  # characters of a claim's id: what is random in others
_CHANGED = "The person was merged, erased or took a consent back at this moment: import it again."
_ERASED = "This person was erased and stays away, unless the import is told to bring such people back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Who a row is about and what it says. `seed` names the file: a repetition finds its claims there.

    Of two rows that say something about the same the one with the greater `number` counts.
    """

    seed: str
    number: int
    identities: tuple[IdentityRef, ...]
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A batch that was checked: claims of the good rows and reasons against the others, by their place.

    `drafts` are new profiles for those of the good rows whose people nobody knows.
    """

    rows: Sequence[Imported]
    claims: Mapping[int, tuple[Claim, ...]]
    drafts: Mapping[int, Draft]
    refused: Mapping[int, str]
    returning: Collection[IdentityRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """The attributes that need a consent, by key, and what people consented to, by their identities."""

    definitions: Mapping[str, AttributeDefinition]
    consents: Mapping[str, Mapping[str, Consent]]
    purposes: Purposes

    def why_refused(self, row: Imported) -> str | None:
        """Return why a row can't be kept, or None. Whom nobody knows consented to nothing yet."""
        gated = [self.definitions[key] for key in row.values if key in self.definitions]
        said = next((self.consents[ref.key] for ref in row.identities if ref.key in self.consents), {})
        return why_not_kept(gated, said, self.purposes)


class Importing:
    """Takes people from a file. A batch that is taken twice leaves what it left the first time."""

    def __init__(self, *, profiles: Profiles, store: ProfileStore, erased: ErasedStore, clock: Clock) -> None:
        self._profiles = profiles
        self._store = store
        self._erased = erased
        self._clock = clock

    async def prepare(
        self,
        rows: Sequence[Imported],
        at: datetime,
        *,
        brings_back: bool = False,
        beside: Prepared | None = None,
    ) -> Prepared:
        """Check what the rows say, observed `at`; nothing is written.

        Who was erased stays away unless the import `brings_back` such people. Meanwhile the batch `beside`,
        which comes before this one, may be taken.
        """
        known = await self._profiles.catalogue.current()
        refused: dict[int, str] = {}
        claims: dict[int, tuple[Claim, ...]] = {}
        async for index, row in _by_and_by(enumerate(rows)):
            try:
                claims[index] = self._claims(row, known, at)
            except ExpectedError as error:
                refused[index] = error.message
        sound = {index: rows[index] for index in claims}
        gone = await self._erased.among(ref for row in sound.values() for ref in row.identities)
        gate = await self._gate(list(sound.values()), known)
        for index, row in sound.items():
            if gate is not None and (reason := gate.why_refused(row)) is not None:
                refused[index] = reason
            if not brings_back and not gone.isdisjoint(row.identities):
                refused[index] = _ERASED
        good = {index: each for index, each in claims.items() if index not in refused}
        return Prepared(
            rows=rows,
            claims=good,
            drafts=await self._drafts(rows, good, at, beside),
            refused=refused,
            returning=gone if brings_back else (),
        )

    async def take(self, prepared: Prepared) -> dict[int, str]:
        """Write what the rows say; return by their place why rows were refused.

        New people are stored without an announcement: nobody is looked up because of an import.
        """
        rows, drafts, refused = prepared.rows, prepared.drafts, dict(prepared.refused)
        for ref in prepared.returning:
            await self._erased.let_return(ref)
        stored = await self._store.insert_many(list(drafts.values()))
        for index, claims in prepared.claims.items():
            # Known before, named twice in the batch, or met by somebody else between look and insert.
            if index not in drafts or drafts[index].id not in stored:
                reason = await self._update(rows[index], claims)
                refused |= {} if reason is None else {index: reason}
        return refused

    async def _drafts(
        self,
        rows: Sequence[Imported],
        claims: Mapping[int, tuple[Claim, ...]],
        at: datetime,
        beside: Prepared | None,
    ) -> dict[int, Draft]:
        """Return new profiles for the rows whose people nobody knows, nor any row before them names."""
        taken = set(await self._store.owners([ref for index in claims for ref in rows[index].identities]))
        if beside is not None:
            taken.update(ref.key for index in beside.claims for ref in beside.rows[index].identities)
        definitions = (await self._profiles.catalogue.current()).by_id
        drafts: dict[int, Draft] = {}
        async for index, said in _by_and_by(claims.items()):
            keys = {ref.key for ref in rows[index].identities}
            if not keys & taken:
                drafts[index] = self._store.draft(self._profile(rows[index], said, at), definitions)
            taken |= keys
        return drafts

    async def _gate(self, rows: Sequence[Imported], known: Catalogue) -> _Gate | None:
        """Return what refuses rows for want of consent; None where no attribute needs one."""
        definitions = {key: each for key, each in known.by_key.items() if each.purpose is not None}
        if not definitions:
            return None
        consents = await self._store.consents_of([ref for row in rows for ref in row.identities])
        purposes = await self._profiles.purposes.current()
        return _Gate(definitions=definitions, consents=consents, purposes=purposes)

    def _claims(self, row: Imported, known: Catalogue, at: datetime) -> tuple[Claim, ...]:
        for ref in row.identities:
            check_identity(ref)
        before = first_id("clm", at)[:-_SEEDED]
        return tuple(
            self._profiles.claim(
                definition,
                value,
                _SOURCE,
                observed_at=at,
                claim_id=_claim_id(before, row, definition.id),
            )
            for definition, value in ((known.get(key), value) for key, value in row.values.items())
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
        if not owners:
            return _CHANGED
        profile_id = next(iter(owners.values()))
        profile = await self._profiles.find(profile_id)
        if profile is None:
            return _CHANGED
        fresh = tuple(claim for claim in claims if not _is_overtaken(claim, profile))
        missing = tuple(ref for ref in row.identities if ref.key not in owners)
        if len(profile.identities) + len(missing) > MAX_IDENTITIES:
            return f"Its person has {MAX_IDENTITIES} identities already; no person has more."
        if fresh or missing:
            update = ProfileUpdate(claims=fresh, identities=missing)
            if await self._profiles.write(profile_id, update) is None:
                return _CHANGED
        return None


async def _by_and_by(items: Iterable[Item]) -> AsyncIterator[Item]:
    """Yield the items, and let others go on between some: a write that waits for us would do nothing."""
    for place, item in enumerate(items):
        if place % _AT_ONCE == 0:
            await asyncio.sleep(0)
        yield item


def _is_overtaken(claim: Claim, profile: Profile) -> bool:
    """Whether this claim is there, or one that came after it: then this row was taken in an earlier run."""
    held = profile.claims.get(claim.attribute_id, ())
    said = (claim.observed_at, claim.id)
    return any(each.source == claim.source and (each.observed_at, each.id) >= said for each in held)


def _claim_id(before: str, row: Imported, attribute_id: str) -> ClaimId:
    """Return the same id in every run; it sorts by time, as withdrawals need it, then by row."""
    digest = hashlib.sha256(f"{row.seed}|{row.number}|{attribute_id}".encode()).hexdigest()
    return ClaimId(f"{before}{row.number:08x}{digest}"[: len(before) + _SEEDED])
