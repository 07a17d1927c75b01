"""What becomes of a profile to be forgotten: removed, made anonymous, or rid of what a purpose gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.definitions import PersonAccess, PersonalData
from server.profiles.gating import refusal_guard, withdrawn_claims
from server.profiles.identifying import email_ref
from server.profiles.model import AttributeType, ProfileUpdate
from server.profiles.suggesting import dismissed_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from server.kit.clock import Clock
    from server.kit.watching import Watched
    from server.profiles.catalogue import Catalogue
    from server.profiles.erased_store import ErasedStore
    from server.profiles.model import AttributeDefinition, AttributeId, IdentityRef, Profile, ProfileId
    from server.profiles.store import ProfileStore

    Write = Callable[[ProfileId, ProfileUpdate], Coroutine[Any, Any, Profile | None]]

_TYPED = frozenset(
    {
        AttributeType.STRING,
        AttributeType.TEXT,
        AttributeType.EMAIL,
        AttributeType.PHONE,
        AttributeType.URL,
        AttributeType.ADDRESS,
    }
)


class ProfileErasure:
    """Erases in profiles; what other collections hold is another's to erase.

    Every method writes one statement under the guard that the profile is as it was read: None or False
    tells that it is not, and then the caller reads it again.
    """

    def __init__(
        self,
        *,
        store: ProfileStore,
        erased: ErasedStore,
        catalogue: Watched[Catalogue],
        write: Write,
        clock: Clock,
    ) -> None:
        self._store = store
        self._erased = erased
        self._catalogue = catalogue
        self._write = write
        self._clock = clock

    async def remove(self, profile: Profile, request_id: str) -> bool:
        """Remove a profile, having noted first by what its person was known."""
        refs = tuple(_known_by(profile, await self._catalogue.current()))
        await self._erased.remember(refs, request_id, self._clock())
        return await self._store.remove(profile.id, profile.version)

    async def anonymise(self, profile: Profile) -> Profile | None:
        """Take off every identity and every claim that tells of a person; counters and dates stay."""
        personal = await self.personal_attributes()
        update = ProfileUpdate(
            retracted=tuple(
                claim
                for attribute_id, claims in profile.claims.items()
                for claim in claims
                if attribute_id in personal
            ),
            removed=tuple(identity.ref for identity in profile.identities),
            part={"enrichments": {}, "dismissals": {}, "terms": [], "event_ids": []},
            only_if={"version": profile.version},
        )
        return await self._write(profile.id, update)

    async def withdraw(self, profile: Profile, purpose: str) -> Profile | None:
        """Retract every claim that rests on a purpose, as long as the person's refusal stands."""
        definitions = (await self._catalogue.current()).by_id.values()
        claims = withdrawn_claims(profile, definitions, purpose)
        if not claims:
            return profile
        about = {claim.attribute_id for claim in claims}
        update = ProfileUpdate(
            retracted=claims,
            part={"dismissals": dismissed_beside(profile.dismissals, about)},
            only_if={"version": profile.version, **refusal_guard(purpose, profile.consents)},
        )
        return await self._write(profile.id, update)

    async def let_return(self, ref: IdentityRef) -> bool:
        """Forget that this person was erased; False where nobody of this identity was."""
        return await self._erased.let_return(ref)

    async def personal_attributes(self) -> frozenset[AttributeId]:
        """Return the attributes whose values may say something of a person; of unknown ones nobody can tell.

        Those are also texts that people write themselves, whatever their definition says: anybody may have
        written their name there (GDPR, recital 26).
        """
        definitions = (await self._catalogue.current()).by_id.values()
        return frozenset(each.id for each in definitions if _may_name_somebody(each))

    async def attributes_of(self, purpose: str) -> frozenset[AttributeId]:
        """Return the attributes that need consent for this purpose."""
        definitions = (await self._catalogue.current()).by_id.values()
        return frozenset(each.id for each in definitions if each.purpose == purpose)


def _may_name_somebody(definition: AttributeDefinition) -> bool:
    is_typed = definition.type in _TYPED and definition.person_access is PersonAccess.READWRITE
    return is_typed or definition.personal_data is not PersonalData.NONE


def _known_by(profile: Profile, catalogue: Catalogue) -> Iterator[IdentityRef]:
    """Yield what an import could name the person by: the identities, and addresses that they gave."""
    yield from (identity.ref for identity in profile.identities)
    for attribute_id, claims in profile.claims.items():
        definition = catalogue.by_id.get(attribute_id)
        if definition is not None and definition.type is AttributeType.EMAIL:
            for claim in claims:
                yield email_ref(str(claim.value))
