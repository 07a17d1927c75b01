"""What an identity token leaves in the profile: the host's claims, and a sign-in where the browser is new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.access.model import Viewer, ViewerKind
from server.identity.changes import SignedIn
from server.identity.errors import IdentityTokenError
from server.kit.changes import ChangeId
from server.kit.errors import ForbiddenError
from server.kit.ids import new_id
from server.profiles.catalogue import writable
from server.profiles.errors import InvalidValueError, RefusedError, UnknownAttributeError
from server.profiles.model import IdentityKind, IdentityRef, ProfileUpdate, Source, SourceKind

if TYPE_CHECKING:
    from server.access.model import KeyId
    from server.identity.hosts.tokens import IdentityToken
    from server.kit.clock import Clock
    from server.profiles.model import AttributeDefinition, Claim, Profile, ProfileId
    from server.profiles.service import Profiles

_TRIES = 10  # the same person arriving in as many windows in the same instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The profile after the write, and the keys of attributes that could not be written."""

    profile: Profile
    is_sign_in: bool
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    claims: tuple[Claim, ...]
    taken_back: tuple[AttributeDefinition, ...]
    left_out: tuple[str, ...]


class HostRecorder:
    """Writes what hosts say to profiles."""

    def __init__(self, *, profiles: Profiles, clock: Clock) -> None:
        self._profiles = profiles
        self._clock = clock

    async def record(
        self, key_id: KeyId, app: str | None, token: IdentityToken, *, known: ProfileId | None
    ) -> Recorded:
        """Write to the profile of the host's user, made on first sight, in one statement.

        A sign-in is counted unless the browser is signed in to this profile already (`known`): hosts mint
        tokens as often as pages are loaded. The guard is the count that `is_first` was read from.
        Raises PersonErasedError, IdentityTokenError.
        """
        source = Source(kind=SourceKind.APP, key=app)
        said = await self._said(key_id, source, token)
        ref = IdentityRef(kind=IdentityKind.USER_ID, value=token.subject)
        sayable = said.claims
        for _ in range(_TRIES):
            profile = await self._profiles.recognise(ref)
            fit = replace(said, claims=await self._profiles.keepable(profile, sayable))
            update = self._update(profile, source, fit, is_sign_in=profile.id != known)
            try:
                written = await self._profiles.write(profile.id, update)
            except RefusedError:  # what was to be said, not the sign-in
                sayable, written = (), None
            if written is not None:
                left_out = await self._left_out(said, fit)
                return Recorded(profile=written, is_sign_in=profile.id != known, left_out=left_out)
        raise IdentityTokenError("The profile kept changing while it was written: mint another token.")

    async def _said(self, key_id: KeyId, source: Source, token: IdentityToken) -> _Said:
        """Return what can be written; what can't is named and left out, for signing in is worth more.

        An app's word is not verified, whoever signed it: an address in it recognises nobody, or a host could
        have itself handed the profile of any address.
        """
        catalogue = await self._profiles.catalogue.current()
        host = Viewer(kind=ViewerKind.APP, key_id=key_id)
        claims, taken_back, left_out = [], [], []
        for key, value in token.attributes.items():
            try:
                definition = writable(host, catalogue, key)
                if value is None:
                    taken_back.append(definition)
                else:
                    claims.append(self._profiles.claim(definition, value, source, actor=key_id))
            except (UnknownAttributeError, ForbiddenError, InvalidValueError):
                left_out.append(key)
        return _Said(tuple(claims), tuple(taken_back), tuple(left_out))

    async def _left_out(self, said: _Said, fit: _Said) -> tuple[str, ...]:
        """Return the keys that were not written, those last that the person does not consent to."""
        by_id = (await self._profiles.catalogue.current()).by_id
        refused = [by_id[each.attribute_id].key for each in said.claims if each not in fit.claims]
        return (*said.left_out, *refused)

    def _update(self, profile: Profile, source: Source, said: _Said, *, is_sign_in: bool) -> ProfileUpdate:
        now = self._clock()
        retracted = tuple(
            claim
            for definition in said.taken_back
            for claim in profile.claims.get(definition.id, ())
            if claim.source == source
        )
        if not is_sign_in:
            return ProfileUpdate(claims=said.claims, retracted=retracted)
        signed_in = SignedIn(
            id=ChangeId(new_id("chg", now)),
            at=now,
            profile_id=profile.id,
            provider=source.slug,
            is_first=profile.logins == 0,
        )
        return ProfileUpdate(
            claims=said.claims,
            retracted=retracted,
            increment={"logins": 1},
            only_if={"logins": profile.logins},
            changes=(signed_in,),
        )
