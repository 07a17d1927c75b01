"""What a sign-in leaves in the profile: the account, its claims, one more login, one announcement."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from server.identity.changes import SignedIn
from server.identity.claims import claimed_values
from server.identity.errors import SignedInErasedError, SignInRefusedError
from server.identity.linking import email_refs, social_ref
from server.kit.changes import ChangeId
from server.kit.ids import new_id
from server.profiles.errors import IdentityTakenError, InvalidValueError, PersonErasedError
from server.profiles.model import ProfileUpdate, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.identity.model import ProvedIdentity, Provider
    from server.kit.clock import Clock
    from server.profiles.model import Claim, IdentityRef, Profile
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)
_TRIES = 10  # the same person signing in from as many windows in the same instant


class SignInRecorder:
    """Writes sign-ins to profiles."""

    def __init__(self, *, profiles: Profiles, clock: Clock) -> None:
        self._profiles = profiles
        self._clock = clock

    async def record(self, provider: Provider, proved: ProvedIdentity) -> Profile:
        """Write a sign-in to the person's profile, made on first sight, in one statement; return the result.

        The guard is the count that `is_first` was read from: of two sign-ins at once one starts over.
        """
        ref = social_ref(proved)
        claims = await self._claims(provider, proved)
        email = (await self._profiles.catalogue.current()).find("email")
        emails = email_refs(claims, None if email is None else email.id)
        for _ in range(_TRIES):
            profile = await self._recognised(ref)
            update = ProfileUpdate(
                claims=claims,
                identities=(ref,),
                increment={"logins": 1},
                only_if={"logins": profile.logins},
                changes=(self._signed_in(profile, provider.key),),
            )
            written = await self._write(profile, update, emails)
            if written is not None:
                return written
        message = "the profile kept changing while it was written"
        raise SignInRefusedError(message)

    async def _recognised(self, ref: IdentityRef) -> Profile:
        try:
            return await self._profiles.recognise(ref)
        except PersonErasedError:
            message = "this account's person was erased"
            raise SignedInErasedError(message) from None

    async def _write(
        self, profile: Profile, update: ProfileUpdate, emails: Sequence[IdentityRef]
    ) -> Profile | None:
        """Write; an address that is another profile's stays there: no address joins two people by itself."""
        with_emails = replace(update, identities=(*update.identities, *emails))
        try:
            return await self._profiles.write(profile.id, with_emails)
        except IdentityTakenError:
            return await self._profiles.write(profile.id, update)

    async def _claims(self, provider: Provider, proved: ProvedIdentity) -> tuple[Claim, ...]:
        """Return the claims that fit our attributes; the others are left out: the sign-in is worth more."""
        catalogue = await self._profiles.catalogue.current()
        source = Source(kind=SourceKind.IDENTITY, key=provider.key)
        claims = []
        for said in claimed_values(proved.claims, issuer=proved.issuer, extra=provider.extra_claims):
            try:
                definition = catalogue.find(said.key)
                if definition is not None:
                    claims.append(
                        self._profiles.claim(definition, said.value, source, is_verified=said.is_verified)
                    )
            except InvalidValueError:
                _log.debug("%s: what it says about %s does not fit and is left out", provider.key, said.key)
        return tuple(claims)

    def _signed_in(self, profile: Profile, provider_key: str) -> SignedIn:
        now = self._clock()
        return SignedIn(
            id=ChangeId(new_id("chg", now)),
            at=now,
            profile_id=profile.id,
            provider=provider_key,
            is_first=profile.logins == 0,
        )
