"""What a sign-in leaves in the profile: the account, its claims, one more login, one announcement."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.identity.accounts.syncing import synced, together
from server.identity.changes import IdentityLinked, SignedIn
from server.identity.claims import without
from server.identity.errors import SignedInErasedError, SignInRefusedError
from server.identity.gates import Arrival
from server.identity.linking import email_refs, social_ref
from server.identity.model import Account
from server.kit.changes import ChangeId
from server.kit.ids import new_id
from server.profiles.errors import IdentityTakenError, InvalidValueError, PersonErasedError
from server.profiles.gates import Word
from server.profiles.model import ProfileUpdate, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from server.identity.accounts.store import AccountStore
    from server.identity.accounts.syncing import Synced
    from server.identity.claims import ClaimedValue
    from server.identity.gates import SignInGate
    from server.identity.model import ProvedIdentity, Provider
    from server.kit.clock import Clock
    from server.profiles.model import Claim, IdentityRef, Profile, ProfileId
    from server.profiles.service import Profiles

    # Adds to the write of a sign-in what can be worked out from it at once.
    Derive = Callable[[Profile, ProfileUpdate], Awaitable[ProfileUpdate]]

_log = logging.getLogger(__name__)
_TRIES = 10  # the same person signing in from as many windows in the same instant


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignIn:
    """One account that proved itself, and what its person withholds now."""

    provider: Provider
    proved: ProvedIdentity
    ref: IdentityRef
    account: Account | None
    withheld: tuple[str, ...]

    @property
    def source(self) -> Source:
        """Who makes its claims."""
        return Source(kind=SourceKind.IDENTITY, key=self.provider.key)

    def claimed(self, claim: Claim) -> bool:
        """Whether it made this claim: it alone of the accounts that its person has at the provider.

        Versions that did not tell accounts apart named none.
        """
        return claim.source == self.source and claim.actor in (None, self.ref.field_name)


class SignInRecorder:
    """Writes sign-ins to profiles."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        accounts: AccountStore,
        clock: Clock,
        gate: SignInGate | None = None,
        derive: Derive | None = None,
    ) -> None:
        self._derive = derive
        self._profiles = profiles
        self._gate = gate
        self._accounts = accounts
        self._clock = clock

    async def record(
        self,
        provider: Provider,
        proved: ProvedIdentity,
        withheld: tuple[str, ...] = (),
    ) -> Profile:
        """Write a sign-in to the person's profile, made on first sight, in one statement; return the result.

        The guard is the count that `is_first` was read from: of two sign-ins at once one starts over.
        Raises RefusedError where somebody who is asked says no.
        """
        sign_in = await self._sign_in(provider, proved, withheld)
        arrival = self._arrival(sign_in)
        word = Word() if self._gate is None else await self._gate.before_sign_in(self._profiles, arrival)
        for _ in range(_TRIES):
            profile = await self._recognised(sign_in.ref)
            signed_in = self._signed_in(profile, provider.key)
            update = ProfileUpdate(
                claims=word.claims,
                retracted=word.retracted,
                increment={"logins": 1},
                only_if={"logins": profile.logins},
                changes=(signed_in,),
            )
            written = await self._written(sign_in, profile, update, derive=self._derive)
            if written is not None:
                return written
        raise SignInRefusedError("the profile kept changing while it was written")

    async def attach(
        self,
        provider: Provider,
        proved: ProvedIdentity,
        withheld: tuple[str, ...],
        to: ProfileId,
    ) -> Profile | None:
        """Write an account to a profile that its person is signed in to; None where that is gone.

        Raises IdentityTakenError where the account is somebody else's: it is never moved; RefusedError.
        """
        sign_in = await self._sign_in(provider, proved, withheld)
        profile = await self._profiles.find(to)
        if profile is None:
            return None
        arrival = self._arrival(sign_in)
        word = (
            Word() if self._gate is None else await self._gate.before_link(self._profiles, profile, arrival)
        )
        now = self._clock()
        linked = IdentityLinked(id=ChangeId(new_id("chg", now)), at=now, profile_id=to, provider=provider.key)
        update = ProfileUpdate(claims=word.claims, retracted=word.retracted, changes=(linked,))
        return await self._written(sign_in, profile, update)

    async def _sign_in(
        self,
        provider: Provider,
        proved: ProvedIdentity,
        withheld: tuple[str, ...],
    ) -> _SignIn:
        """What is withheld is only ever more: who made the link or ticked the boxes was known to nobody.

        Its person alone lets it be used again, signed in: accounts/own.py.
        """
        ref = social_ref(proved)
        account = await self._accounts.find(ref)
        before = () if account is None else account.withheld
        return _SignIn(
            provider=provider,
            proved=proved,
            ref=ref,
            account=account,
            withheld=together(before, withheld, provider.rules),
        )

    async def _written(
        self, sign_in: _SignIn, profile: Profile, update: ProfileUpdate, *, derive: Derive | None = None
    ) -> Profile | None:
        """Write what the account brings along with `update`; what is kept of the account comes after.

        A crash between the two costs the raw claims of one sign-in, which the next brings again.
        """
        result = await self._brought(sign_in, profile)
        claims = await self._profiles.keepable(profile, await self._claims(sign_in, result.values))
        complete = replace(
            update,
            claims=(*claims, *await self._profiles.keepable(profile, update.claims)),
            retracted=(*update.retracted, *await self._retracted(sign_in, profile, result)),
            identities=(sign_in.ref,),
        )
        if derive is not None:
            complete = await derive(profile, complete)
        written = await self._write(profile, complete, await self._emails(claims))
        if written is not None:
            kept = Account(
                provider_key=sign_in.provider.key,
                claims=without(result.kept, await self._not_allowed(profile, sign_in.provider)),
                withheld=sign_in.withheld,
                at=self._clock(),
            )
            await self._accounts.put(sign_in.ref, kept, profile.id)
        return written

    async def _not_allowed(self, profile: Profile, provider: Provider) -> frozenset[str]:
        """Return the claims whose attribute the person allows no use of: not even raw are they kept."""
        known = (await self._profiles.catalogue.current()).by_name
        used = [(rule.claim, known[rule.attribute]) for rule in provider.rules if rule.attribute in known]
        return frozenset(
            [claim for claim, each in used if not await self._profiles.may_use(profile, each.purpose)]
        )

    async def _brought(self, sign_in: _SignIn, profile: Profile | None) -> Synced:
        return synced(
            sign_in.proved,
            sign_in.provider.rules,
            withheld=frozenset(sign_in.withheld),
            known=frozenset() if profile is None else await self._said(profile),
            is_first=sign_in.account is None,
        )

    def _arrival(self, sign_in: _SignIn) -> Arrival:
        async def brings(profile: Profile | None) -> tuple[Claim, ...]:
            result = await self._brought(sign_in, profile)
            return await self._claims(sign_in, result.values)

        return Arrival(provider=sign_in.provider.key, ref=sign_in.ref, brings=brings)

    async def _recognised(self, ref: IdentityRef) -> Profile:
        try:
            return await self._profiles.recognise(ref)
        except PersonErasedError:
            message = "this account's person was erased"
            raise SignedInErasedError(message) from None

    async def _write(
        self, profile: Profile, update: ProfileUpdate, emails: Sequence[IdentityRef]
    ) -> Profile | None:
        """Write; an address that is another profile's stays there: no address joins two people by itself.

        Who can sign in to both may join them: see joining.py.
        """
        identities = (*update.identities, *emails)
        is_more = not {each.ref for each in profile.identities}.issuperset(identities)
        with_emails = replace(update, identities=identities, adds_identities=is_more)
        try:
            return await self._profiles.write(profile.id, with_emails)
        except IdentityTakenError:
            return await self._profiles.write(profile.id, update)

    async def _emails(self, claims: Sequence[Claim]) -> tuple[IdentityRef, ...]:
        email = (await self._profiles.catalogue.current()).by_name.get("email")
        return email_refs(claims, None if email is None else email.id)

    async def _said(self, profile: Profile) -> frozenset[str]:
        """Return the attributes about which anybody made a claim."""
        known = (await self._profiles.catalogue.current()).by_name
        return frozenset(key for key, each in known.items() if profile.claims.get(each.id))

    async def _retracted(self, sign_in: _SignIn, profile: Profile, result: Synced) -> tuple[Claim, ...]:
        known = (await self._profiles.catalogue.current()).by_name
        ended = [known[key].id for key in sorted(result.ended & known.keys())]
        return tuple(
            claim
            for attribute_id in ended
            for claim in profile.claims.get(attribute_id, ())
            if sign_in.claimed(claim)
        )

    async def _claims(self, sign_in: _SignIn, values: Sequence[ClaimedValue]) -> tuple[Claim, ...]:
        """Return the claims that fit our attributes; the others are left out: the sign-in is worth more."""
        known = (await self._profiles.catalogue.current()).by_name
        claims = []
        for said in values:
            try:
                if said.key in known:
                    claims.append(
                        self._profiles.claim(
                            known[said.key],
                            said.value,
                            sign_in.source,
                            is_verified=said.is_verified,
                            actor=sign_in.ref.field_name,
                        )
                    )
            except InvalidValueError:
                _log.debug(
                    "%s: what it says about %s does not fit and is left out", sign_in.provider.key, said.key
                )
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
