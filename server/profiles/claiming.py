"""What apps, admins and people say of attributes, and what people answer to what look-ups say."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.access.service import require_scope
from server.kit.errors import ConflictError, ExpectedError, ForbiddenError, InvalidInputError, NotFoundError
from server.kit.paging import Page, cut
from server.profiles.catalogue import writable
from server.profiles.explaining import why
from server.profiles.gating import why_not_kept
from server.profiles.identifying import check_identity
from server.profiles.model import (
    PERSON,
    Circumstances,
    IdentityRef,
    ProfileId,
    ProfileUpdate,
    Source,
    SourceKind,
    Written,
)
from server.profiles.suggesting import fingerprint, suggestions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.access.model import Viewer
    from server.consent.model import Consent
    from server.kit.clock import Clock
    from server.kit.paging import PageRequest
    from server.profiles.history_store import HistoryStore
    from server.profiles.model import (
        AttributeDefinition,
        Claim,
        PastClaim,
        Profile,
        Reason,
        ResolvedAttribute,
        Write,
    )
    from server.profiles.service import Profiles

_TRIES = 10  # against merges of the same profile in the same instant
MAX_WRITES = 100  # profiles written to by one call
_USUAL = Circumstances()
_NONE: Mapping[str, Circumstances] = MappingProxyType({})


class Claiming:
    """Writes claims that somebody makes through the API, and shows what claims come to and why."""

    def __init__(self, *, profiles: Profiles, history: HistoryStore, clock: Clock) -> None:
        self._profiles = profiles
        self._history = history
        self._clock = clock

    async def set_attributes_of_many(self, viewer: Viewer, writes: Sequence[Write]) -> list[Written]:
        """Write to several profiles, one after the other; each is written or refused by itself.

        Raises ForbiddenError, and InvalidInputError for more than MAX_WRITES: then nothing is written.
        """
        require_scope(viewer, Scope.PROFILES_WRITE)
        if len(writes) > MAX_WRITES:
            raise InvalidInputError(f"One call writes to {MAX_WRITES} profiles at most.", field="writes")
        return [await self._tried(viewer, write) for write in writes]

    async def _tried(self, viewer: Viewer, write: Write) -> Written:
        try:
            profile = await self.set_attributes(
                viewer,
                write.by,
                write.values,
                may_create=write.may_create,
                circumstances=write.circumstances,
            )
        except ExpectedError as error:
            return Written(error=error)
        return Written(profile=profile)

    async def set_attributes(
        self,
        viewer: Viewer,
        by: ProfileId | IdentityRef,
        values: Mapping[str, object],
        *,
        may_create: bool,
        circumstances: Mapping[str, Circumstances] = _NONE,
    ) -> Profile:
        """Write values as an app or admin says them; None takes back what it said before (RFC 7396).

        All or nothing; with `may_create` an unknown identity gets a profile. Raises ForbiddenError (also
        where the person does not consent to what an attribute is for), NotFoundError, UnknownAttributeError,
        InvalidValueError, and InvalidInputError for an identity that nobody can have or circumstances that
        can't be.
        """
        require_scope(viewer, Scope.PROFILES_WRITE)
        source = _source(viewer)
        known = await self._profiles.catalogue.current()
        definitions = {key: writable(viewer, known, key) for key in values}
        claims = tuple(
            self._claim(viewer, definition, values[key], source, circumstances.get(key, _USUAL))
            for key, definition in definitions.items()
            if values[key] is not None
        )
        kept = [definition for key, definition in definitions.items() if values[key] is not None]
        taken_back = [definition for key, definition in definitions.items() if values[key] is None]
        for _ in range(_TRIES):
            profile = await self._consenting(by, kept, may_create=may_create)
            retracted = tuple(each for one in taken_back for each in _said_by(source, profile, one))
            update = ProfileUpdate(claims=claims, retracted=retracted)
            written = await self._profiles.write(profile.id, update)
            if written is not None:
                return written
        raise ConflictError("This profile keeps being merged at this moment: try again.")

    async def correct(self, viewer: Viewer, key: str, value: object) -> Profile:
        """Write what people say of themselves; None takes back what they said.

        Raises ForbiddenError, NotFoundError, UnknownAttributeError (also for what is hidden from people) and
        InvalidValueError.
        """
        profile = await self._own(viewer)
        definition = writable(viewer, await self._profiles.catalogue.current(), key)
        if value is None:
            return await self._written(
                profile, ProfileUpdate(retracted=_said_by(PERSON, profile, definition))
            )
        await self._check_consent((definition,), profile.consents)
        claim = self._claim(viewer, definition, value, PERSON, _USUAL)
        return await self._written(profile, ProfileUpdate(claims=(claim,)))

    async def accept(self, viewer: Viewer, suggestion_id: str) -> Profile:
        """Make what a look-up says the person's own word; raise ForbiddenError and NotFoundError."""
        profile = await self._own(viewer)
        attribute, suggestion = await self._suggestion(viewer, profile, suggestion_id)
        known = await self._profiles.catalogue.current()
        writable(viewer, known, attribute.definition.key)
        claim = self._claim(viewer, attribute.definition, suggestion.value, PERSON, _USUAL)
        return await self._written(profile, ProfileUpdate(claims=(claim,), only_if=_still_there(suggestion)))

    async def dismiss(self, viewer: Viewer, suggestion_id: str) -> Profile:
        """Turn down what a look-up says while it says the same; raise ForbiddenError, NotFoundError."""
        profile = await self._own(viewer)
        _, suggestion = await self._suggestion(viewer, profile, suggestion_id)
        part = {f"dismissals.{fingerprint(suggestion)}": self._clock()}
        return await self._written(profile, ProfileUpdate(part=part, only_if=_still_there(suggestion)))

    def reason(self, attribute: ResolvedAttribute) -> Reason:
        """Return why the claim that won did."""
        return why(attribute)

    def suggestions(self, profile: Profile, attribute: ResolvedAttribute) -> tuple[Claim, ...]:
        """Return what look-ups say against the person's word, best first."""
        return suggestions(attribute, profile.dismissals)

    async def history(
        self, profile: Profile, definition: AttributeDefinition, request: PageRequest
    ) -> Page[PastClaim]:
        """Return what was said before, the latest first, to callers who may see the attribute.

        Left out is what needs a consent that is not given and what a split brought back to life, so that a
        page may be short.
        """
        lineage = await self._profiles.lineage(profile.id)
        page = cut(await self._history.page(lineage, definition.id, request), request.first)
        live = {claim.id for claim in profile.claims.get(definition.id, ())}
        shown = [
            each
            for each in page.items
            if each.claim.id not in live and await self._profiles.may_use(profile, each.claim.consent)
        ]
        return Page(items=tuple(shown), has_next=page.has_next)

    def _claim(
        self,
        viewer: Viewer,
        definition: AttributeDefinition,
        value: object,
        source: Source,
        circumstances: Circumstances,
    ) -> Claim:
        _check(circumstances, self._clock())
        return self._profiles.claim(
            definition,
            value,
            source,
            confidence=circumstances.confidence,
            observed_at=circumstances.observed_at,
            expires_at=circumstances.expires_at,
            actor=viewer.profile_id or viewer.key_id,
        )

    async def _consenting(
        self, by: ProfileId | IdentityRef, kept: Sequence[AttributeDefinition], *, may_create: bool
    ) -> Profile:
        """Return whom a caller names, who consents to what is to be kept; nobody is made to be refused."""
        if isinstance(by, IdentityRef):
            check_identity(by)
        found = await self._profiles.find_living(by)
        if found is not None or may_create:
            await self._check_consent(kept, {} if found is None else found.consents)
        return found or await self._profiles.addressed(by, may_create=may_create)

    async def _check_consent(
        self, kept: Sequence[AttributeDefinition], consents: Mapping[str, Consent]
    ) -> None:
        reason = why_not_kept(kept, consents, await self._profiles.purposes.current())
        if reason is not None:
            raise ForbiddenError(reason)

    async def _own(self, viewer: Viewer) -> Profile:
        """Return the viewer's own profile; raise ForbiddenError for who is no person."""
        if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
            raise ForbiddenError("Only people speak for themselves: use setAttributes with a secret key.")
        found = await self._profiles.visible_profile(viewer, ProfileId(viewer.profile_id))
        if found is None:
            raise NotFoundError(_NO_SUCH_PROFILE)
        return found

    async def _suggestion(
        self, viewer: Viewer, profile: Profile, suggestion_id: str
    ) -> tuple[ResolvedAttribute, Claim]:
        for attribute in await self._profiles.visible_attributes(viewer, profile):
            for claim in self.suggestions(profile, attribute):
                if claim.id == suggestion_id:
                    return attribute, claim
        raise NotFoundError("There is no such suggestion (any more).")

    async def _written(self, profile: Profile, update: ProfileUpdate) -> Profile:
        written = await self._profiles.write(profile.id, update)
        if written is None:
            raise NotFoundError(_NO_SUCH_PROFILE)
        return written


_NO_SUCH_PROFILE = "There is no such profile."


def _source(viewer: Viewer) -> Source:
    """Return in whose name a viewer writes: each app in its own, admins in one."""
    if viewer.kind is ViewerKind.ADMIN:
        return Source(kind=SourceKind.ADMIN)
    return Source(kind=SourceKind.APP, key=viewer.app)


def _said_by(source: Source, profile: Profile, definition: AttributeDefinition) -> tuple[Claim, ...]:
    return tuple(claim for claim in profile.claims.get(definition.id, ()) if claim.source == source)


def _still_there(claim: Claim) -> Mapping[str, object]:
    return {f"attributes.{claim.attribute_id}.{claim.source.slug}.id": claim.id}


def _check(circumstances: Circumstances, now: datetime) -> None:
    if not 0 <= circumstances.confidence <= 1:
        raise InvalidInputError("A confidence is a number from 0 to 1.", field="confidence")
    observed = circumstances.observed_at
    if observed is not None and observed > now:
        raise InvalidInputError("Nothing is observed in the future.", field="observedAt")
    if circumstances.expires_at is not None and circumstances.expires_at <= (observed or now):
        raise InvalidInputError("A claim ends after it was observed.", field="expiresAt")
