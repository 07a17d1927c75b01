"""The story of a profile: seen, recognised, written to, read, folded into another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.kit.changes import ChangeId
from server.kit.errors import NotFoundError
from server.kit.ids import new_id
from server.profiles.asking import Askable
from server.profiles.catalogue import may_know
from server.profiles.changes import ProfileCreated, attributes_changed
from server.profiles.erasing import ProfileErasure
from server.profiles.errors import IdentityTakenError, PersonErasedError
from server.profiles.gates import with_word
from server.profiles.gating import consent_guard, permitted_claims
from server.profiles.identifying import check_identity
from server.profiles.merging import folded, may_fold
from server.profiles.model import (
    Claim,
    ClaimId,
    Merge,
    MergeId,
    Profile,
    ProfileId,
    ProfileUpdate,
    Source,
    Visit,
    VisitId,
)
from server.profiles.resolving import rank, resolve
from server.profiles.terms import value_words
from server.profiles.validating import checked_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from server.access.model import Viewer
    from server.consent.service import Consents
    from server.kit.clock import Clock
    from server.profiles.attributes import Attributes
    from server.profiles.erased_store import ErasedStore
    from server.profiles.gates import UpdateGate
    from server.profiles.model import AttributeDefinition, IdentityRef, ResolvedAttribute
    from server.profiles.store import ProfileStore

QUIET = timedelta(minutes=30)  # without a sign of the person, after which the next one starts a new visit
_VISIT_TRIES = 3


class Profiles:
    """Reads and writes profiles.

    Methods that take a viewer check what the viewer may do; the others are for services, which have checked.
    """

    def __init__(
        self,
        *,
        store: ProfileStore,
        erased: ErasedStore,
        attributes: Attributes,
        consents: Consents,
        clock: Clock,
        gate: UpdateGate | None = None,
    ) -> None:
        self._store = store
        self._erased = erased
        self._consents = consents
        self._clock, self._gate = clock, gate
        self.catalogue, self.purposes = attributes.catalogue, consents.purposes
        self.erasure = ProfileErasure(
            store=store, erased=erased, catalogue=attributes.catalogue, write=self.write, clock=clock
        )

    # Reading

    async def find(self, profile_id: ProfileId) -> Profile | None:
        """Return the profile with exactly this id, even where it was merged into another."""
        return await self._store.find(profile_id)

    async def find_living(self, by: ProfileId | IdentityRef) -> Profile | None:
        """Return the profile by identity or id; of a merged one the one it became part of."""
        found = self._store.find_living(by) if isinstance(by, str) else self._store.find_by_identity(by)
        return await found

    async def find_many(self, profile_ids: Sequence[ProfileId]) -> list[Profile]:
        """Return the profiles with these ids in no order; unknown ids are left out."""
        return await self._store.find_many(profile_ids)

    async def lineage(self, profile_id: ProfileId) -> list[ProfileId]:
        """Return this profile's id and those of all that were merged into it, at whatever remove."""
        return await self._store.lineage(profile_id)

    async def page(self, after: ProfileId | None, limit: int) -> list[Profile]:
        """Return up to `limit` living profiles after this id, in the order of their ids."""
        return await self._store.page(after, limit)

    async def count(self) -> int:
        """Return about how many profiles there are."""
        return await self._store.count()

    async def find_by_identity(self, ref: IdentityRef) -> Profile | None:
        """Return the profile that this identity recognises."""
        return await self._store.find_by_identity(ref)

    async def visible_profile(self, viewer: Viewer, by: ProfileId | IdentityRef) -> Profile | None:
        """Return a profile by id (of a merged one: the one it became part of) or by identity.

        None for what does not exist and for what the viewer may not see: the two look the same.
        """
        if viewer.kind is ViewerKind.PERSON:
            return await self._own_profile(viewer, by)
        if not viewer.has_scope(Scope.PROFILES_READ):
            return None
        return await self.find_living(by)

    def shown(self, viewer: Viewer, profile: Profile) -> Profile | None:
        """Return a profile in hand; None for whoever may not see it."""
        is_own = viewer.profile_id == profile.id
        return profile if is_own or viewer.has_scope(Scope.PROFILES_READ) else None

    async def visible_attributes(
        self, viewer: Viewer, profile: Profile, keys: Collection[str] | None = None
    ) -> list[ResolvedAttribute]:
        """Return what is known and visible to the viewer (of these keys), in the order of definition."""
        now = self._clock()
        definitions = (await self.catalogue.current()).by_key.values()
        purposes = await self._consents.purposes.current()
        resolved = (
            resolve(definition, permitted_claims(profile, definition, purposes), now)
            for definition in definitions
            if may_know(viewer, definition) and (keys is None or definition.key in keys)
        )
        return [each for each in resolved if each is not None]

    async def visible_attribute(
        self, viewer: Viewer, profile: Profile, key: str
    ) -> tuple[AttributeDefinition, ResolvedAttribute | None] | None:
        """Return an attribute that the viewer may see and what is known of it now, if anything.

        None where there is no such attribute, where it is hidden, and where the person does not allow it.
        """
        definition = (await self.catalogue.current()).by_key.get(key)
        purposes = await self._consents.purposes.current()
        if definition is None or not may_know(viewer, definition):
            return None
        claims = permitted_claims(profile, definition, purposes)
        is_allowed = purposes.allow(definition.purpose, profile.consents)
        return (definition, resolve(definition, claims, self._clock())) if is_allowed else None

    async def known_attributes(self, profile: Profile) -> dict[str, ResolvedAttribute]:
        """Return what is known and may be used, by the key that it ships under, else by its own."""
        now = self._clock()
        known, purposes = await self.catalogue.current(), await self._consents.purposes.current()
        claimed = [each for each in known.by_key.values() if each.id in profile.claims]
        resolved = (resolve(each, permitted_claims(profile, each, purposes), now) for each in claimed)
        return {
            each.definition.canonical or each.definition.key: each for each in resolved if each is not None
        }

    async def askable(self, profile: Profile, now: datetime | None = None) -> Askable:
        """Return what decides whether a person may and need be asked, as it is now."""
        now = now or self._clock()
        return Askable(profile, await self.catalogue.current(), await self.purposes.current(), now)

    async def may_use(self, profile: Profile, purpose: str | None) -> bool:
        """Whether the person allows this purpose; True where there is none to ask about."""
        return (await self._consents.purposes.current()).allow(purpose, profile.consents)

    async def consent_guard(self, *purposes: str | None) -> Mapping[str, object]:
        """Return the guard of a write that needs the person to allow these purposes when it happens."""
        return consent_guard(await self._consents.purposes.current(), *purposes)

    # Writing

    async def recognise(self, ref: IdentityRef) -> Profile:
        """Return the profile of this identity; create it on first sight.

        Two requests that see the same person first at the same time get the same profile: the identity
        becomes that of one of them, and the other finds it. Raises PersonErasedError.
        """
        found = await self._store.find_by_identity(ref)
        while found is None:
            try:
                found = await self.create((ref,))
            except IdentityTakenError:
                found = await self._store.find_by_identity(ref)
        return found

    async def create(self, identities: Sequence[IdentityRef]) -> Profile:
        """Create a profile with these identities.

        Raises IdentityTakenError where one has an owner, and PersonErasedError where one had: nothing
        brings back silently who was erased. That is looked up after the insert, which an erasure that is
        under way lets through only once it has left its note.
        """
        now = self._clock()
        profile_id = ProfileId(new_id("prf", now))
        change = ProfileCreated(id=ChangeId(new_id("chg", now)), at=now, profile_id=profile_id)
        created = await self._store.insert(profile_id, identities, now, (change,))
        if await self._erased.among(identities):
            await self._store.remove(created.id, created.version)
            raise PersonErasedError
        return created

    async def write(self, profile_id: ProfileId, update: ProfileUpdate) -> Profile | None:
        """Write to a profile; None where it is gone or merged, or where the update's guard does not hold.

        To the guard belongs the consent to what the attributes of its claims are for: see `keepable`. Claims,
        also retracted ones, are announced as AttributesChanged beside the update's own changes.
        Raises IdentityTakenError where an identity belongs to another profile, and RefusedError.
        """
        update = await with_word(self._gate, self, profile_id, update)
        now = self._clock()
        told = attributes_changed(profile_id, (*update.claims, *update.retracted), now)
        known = (await self.catalogue.current()).by_id
        ranks = {
            claim.id: rank(claim, known[claim.attribute_id].precedence if claim.attribute_id in known else ())
            for claim in update.claims
        }
        purposes = {known[each.attribute_id].purpose for each in update.claims if each.attribute_id in known}
        guard = {**update.only_if, **await self.consent_guard(*purposes)}
        complete = replace(update, changes=(*update.changes, *told), only_if=guard)
        return await self._store.update(profile_id, complete, ranks, now)

    async def keepable(self, profile: Profile, claims: Iterable[Claim]) -> tuple[Claim, ...]:
        """Return those of these claims that may be kept, given what the person consents to now."""
        known = (await self.catalogue.current()).by_id
        purposes = await self._consents.purposes.current()
        return tuple(
            claim for claim in claims if purposes.allow(known[claim.attribute_id].purpose, profile.consents)
        )

    async def claims(
        self,
        values: Mapping[str, object],
        source: Source,
        *,
        confidence: float = 1.0,
        is_verified: bool = False,
        expires_at: datetime | None = None,
    ) -> tuple[Claim, ...]:
        """Return claims of one source about attributes by key, each value checked.

        Raises UnknownAttributeError or InvalidValueError for the first that does not fit.
        """
        known = await self.catalogue.current()
        return tuple(
            self.claim(
                known.get(key),
                value,
                source,
                confidence=confidence,
                is_verified=is_verified,
                expires_at=expires_at,
            )
            for key, value in values.items()
        )

    def claim(  # noqa: PLR0913 - each is a field of the claim
        self,
        definition: AttributeDefinition,
        value: object,
        source: Source,
        *,
        confidence: float = 1.0,
        is_verified: bool = False,
        observed_at: datetime | None = None,
        expires_at: datetime | None = None,
        actor: str | None = None,
        claim_id: ClaimId | None = None,
    ) -> Claim:
        """Return a claim about one attribute; raise InvalidValueError.

        Observed now unless said otherwise; it ends when it says, else when the attribute's values do.
        """
        observed = observed_at or self._clock()
        lasts = definition.lasts
        checked = checked_value(definition, value)
        return Claim(
            id=claim_id or ClaimId(new_id("clm", self._clock())),
            attribute_id=definition.id,
            value=checked,
            source=source,
            confidence=confidence,
            is_verified=is_verified,
            observed_at=observed,
            expires_at=expires_at or (None if lasts is None else observed + lasts),
            actor=actor,
            words=value_words(definition, checked),
        )

    async def start_visit(self, profile: Profile, *, is_sign_in: bool) -> Profile | None:
        """Continue the visit or begin one (at a sign-in, after 30 quiet minutes); None where nobody is there.

        Tabs that arrive together begin one visit: the guard lets the first through, the others continue it.
        """
        for _ in range(_VISIT_TRIES):
            now = self._clock()
            continued = None if is_sign_in else await self._store.continue_visit(profile.id, now, QUIET)
            if continued is not None:
                return continued
            visit = Visit(
                id=VisitId(new_id("vis", now)), number=profile.visits + 1, started_at=now, last_seen_at=now
            )
            begun = await self._store.begin_visit(
                profile.id, visit, unless_since=None if is_sign_in else now - QUIET
            )
            if begun is not None:
                return begun
            fresh = await self._store.find(profile.id)
            if fresh is None or fresh.merged_into is not None:
                return None
            profile = fresh
        return profile

    async def fold(self, known: ProfileId, anonymous: ProfileId) -> Profile | None:
        """Make what an anonymous visitor said part of a known person; None where the rule forbids it."""
        now = self._clock()
        merge = Merge(id=MergeId(new_id("mrg", now)), kept_id=known, gone_id=anonymous, at=now, by=None)

        def decide(kept: Profile, gone: Profile) -> Profile | None:
            return folded(kept, gone) if may_fold(kept, gone) else None

        definitions = (await self.catalogue.current()).by_id
        return await self._store.merges.merge(merge, decide, definitions)

    async def _own_profile(self, viewer: Viewer, by: ProfileId | IdentityRef) -> Profile | None:
        if viewer.profile_id is None or by != viewer.profile_id:
            return None
        found = await self._store.find(ProfileId(viewer.profile_id))
        return found if found is not None and found.merged_into is None else None

    async def addressed(self, by: ProfileId | IdentityRef, *, may_create: bool) -> Profile:
        """Return whom a caller names, made where `may_create`; raise NotFoundError and InvalidInputError."""
        if isinstance(by, str):
            found = await self._store.find_living(by)
        elif may_create:
            check_identity(by)
            found = await self.recognise(by)
        else:
            found = await self._store.find_by_identity(by)
        if found is None:
            raise NotFoundError("There is no such profile.")
        return found
