"""Accounts that join a person, and leave them: the rules of linking.

Linking takes two proofs: the account's, from its provider, and the person's, from the page on which they are
signed in, since a short while. The page holds the verifier of what it began, so that no link of an attacker's
ties the account of a victim to the attacker's profile, nor the attacker's account to the victim's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from server.access.model import ViewerKind
from server.identity.changes import IdentityUnlinked
from server.identity.errors import (
    IdentityInUseError,
    LastIdentityError,
    LinkCodeError,
)
from server.identity.linking import email_refs, share_address, social_ref, ways_in
from server.identity.model import ProvedIdentity, StartedVisit
from server.kit.changes import ChangeId
from server.kit.errors import ConflictError, NotFoundError
from server.kit.ids import new_id
from server.kit.signing import s256_challenge
from server.profiles.errors import IdentityTakenError
from server.profiles.model import IdentityKind, IdentityRef, ProfileId, ProfileUpdate, SourceKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.access.audit import AuditLog
    from server.access.model import Viewer
    from server.access.service import Access
    from server.identity.configuring import SignInProviders
    from server.identity.model import Provider, Session, SignInCode
    from server.identity.recording import SignInRecorder
    from server.identity.sessions import Sessions
    from server.identity.store import IdentityStore
    from server.kit.clock import Clock
    from server.kit.sealing import Seal
    from server.profiles.model import AttributeId, Claim, Profile
    from server.profiles.service import Profiles

    Unite = Callable[[ProfileId, ProfileId], Awaitable[Profile | None]]

_TRIES = 10  # against other writes to the same profile


class Joining:
    """Links accounts to people, and unlinks them. `unite` makes two profiles one."""

    def __init__(  # noqa: PLR0913 - everything that linking touches
        self,
        *,
        profiles: Profiles,
        access: Access,
        store: IdentityStore,
        providers: SignInProviders,
        recorder: SignInRecorder,
        sessions: Sessions,
        unite: Unite,
        seal: Seal,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._access = access
        self._store = store
        self._providers = providers
        self._recorder = recorder
        self._sessions = sessions
        self._unite = unite
        self._seal = seal
        self._audit = audit
        self._clock = clock

    def sealed(self, provider_key: str, proved: ProvedIdentity, withheld: tuple[str, ...]) -> str:
        """Return a proved account as a text that only we read, for the minute until the page confirms."""
        return self._seal.close(
            json.dumps(
                {
                    "provider": provider_key,
                    "issuer": proved.issuer,
                    "subject": proved.subject,
                    "claims": proved.claims,
                    "unsigned": sorted(proved.unsigned),
                    "scopes": None if proved.scopes is None else sorted(proved.scopes),
                    "withheld": withheld or None,  # as in an attempt, for the version before
                }
            )
        )

    async def link(self, viewer: Viewer, code: SignInCode) -> StartedVisit:
        """Let an account join the person who is signed in on this page; the code is what its sign-in gave.

        An account that is somebody else's stays theirs, save where the two profiles share an address that
        a provider vouches for (a pending link): then their person has just signed in to both, and they
        become one. Every other session of the person ends, and this one gets a new secret: whoever planted an
        account or a session before loses it here.
        Raises ForbiddenError, RecentSignInError, LinkCodeError, IdentityInUseError, ConflictError.
        """
        session = await self._sessions.recent(viewer)
        provider_key, proved, withheld = await self._proved(session, code)
        return await self._linked(session, provider_key, proved, withheld)

    async def link_on_our_pages(
        self, session: Session, provider_key: str, proved: ProvedIdentity, withheld: tuple[str, ...]
    ) -> StartedVisit:
        """Let an account join whose session this is; the browser brought both. As `link`, and audited."""
        async with self._audit.noting(session.viewer, "linkIdentity"):
            await self._sessions.recent(session.viewer)
            return await self._linked(session, provider_key, proved, withheld)

    async def unlink_on_our_pages(self, session: Session, ref: IdentityRef) -> None:
        """Take an account from whose session this is; as `unlink`, and audited."""
        async with self._audit.noting(session.viewer, "unlinkIdentity"):
            await self.unlink(session.viewer, ref)

    async def _linked(
        self,
        session: Session,
        provider_key: str,
        proved: ProvedIdentity,
        withheld: tuple[str, ...],
    ) -> StartedVisit:
        provider = await self._providers.get(provider_key)
        owner = await self._profiles.find_by_identity(social_ref(proved))
        if owner is not None and owner.id != session.profile_id:
            await self._join(session.profile_id, owner)
            profile: Profile | None = await self._recorder.record(provider, proved, withheld)
        else:
            profile = await self._attached(session, provider, proved, withheld)
        if profile is None:
            raise ConflictError("The profile was merged or erased at this moment: sign in again.")
        return await self._renewed(session, profile)

    async def unlink(self, viewer: Viewer, ref: IdentityRef) -> Profile:
        """Take an account from the person who is signed in; never the last way in.

        What the account claimed goes with it, and so does the address that it alone vouched for. Every other
        session ends: one of them may have been begun with this account.
        Raises ForbiddenError, RecentSignInError, NotFoundError, LastIdentityError, ConflictError.
        """
        session = await self._sessions.recent(viewer)
        for _ in range(_TRIES):
            profile = await self._profiles.find(session.profile_id)
            update = None if profile is None else await self._without(profile, ref)
            written = None if update is None else await self._profiles.write(session.profile_id, update)
            if written is not None:
                await self._store.accounts.delete(ref)
                await self._sessions.end_all_of(written.id, but=session.id)
                return written
        raise ConflictError("The profile kept changing while it was written: try again.")

    async def pending(self, viewer: Viewer) -> list[str] | None:
        """Return the viewer's addresses by which another profile is recognised: perhaps it is theirs too.

        Nothing is told of that profile; a provider vouched to this person for the address. None for whoever
        is no person.
        """
        if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
            return None
        profile = await self._profiles.find(ProfileId(viewer.profile_id))
        email = await self._email()
        claims = profile.claims.get(email, ()) if profile is not None and email is not None else ()
        own = [claim for claim in claims if claim.source.kind is SourceKind.IDENTITY]
        refs = dict.fromkeys(email_refs(own, email))
        found = [(ref, await self._profiles.find_living(ref)) for ref in refs]
        return [ref.value for ref, other in found if other is not None and other.id != viewer.profile_id]

    async def _proved(
        self, session: Session, code: SignInCode
    ) -> tuple[str, ProvedIdentity, tuple[str, ...]]:
        sealed = await self._store.take_link(
            code.code,
            key_id=session.key_id,
            origin=session.origin,
            challenge=s256_challenge(code.verifier),
            now=self._clock(),
        )
        if sealed is None:
            raise LinkCodeError("This code is not valid (any more) on this page: begin to link again.")
        held = json.loads(self._seal.open(sealed))
        proved = ProvedIdentity(
            issuer=held["issuer"],
            subject=held["subject"],
            claims=held["claims"],
            unsigned=frozenset(held["unsigned"]),
            scopes=None if held["scopes"] is None else frozenset(held["scopes"]),
        )
        return held["provider"], proved, tuple(held["withheld"] or ())

    async def _attached(
        self,
        session: Session,
        provider: Provider,
        proved: ProvedIdentity,
        withheld: tuple[str, ...],
    ) -> Profile | None:
        try:
            return await self._recorder.attach(provider, proved, withheld, session.profile_id)
        except IdentityTakenError:
            raise IdentityInUseError(_IN_USE) from None

    async def _join(self, own: ProfileId, owner: Profile) -> None:
        profile = await self._profiles.find(own)
        email = await self._email()
        if profile is None or not share_address(profile, owner, email):
            raise IdentityInUseError(_IN_USE)
        if await self._unite(own, owner.id) is None:
            raise ConflictError("These two profiles can't become one now.")

    async def _renewed(self, session: Session, profile: Profile) -> StartedVisit:
        await self._sessions.end_all_of(session.profile_id)
        await self._sessions.end_all_of(profile.id)
        fresh, secret = await self._sessions.open(
            profile.id, session.key_id, session.origin, is_identified=True
        )
        return self._access_to(fresh, profile, secret)

    def _access_to(self, session: Session, profile: Profile, secret: str) -> StartedVisit:
        viewer = session.viewer
        token = self._access.viewer_token(viewer)
        return StartedVisit(viewer=viewer, token=token, resume_token=secret, profile=profile)

    async def _without(self, profile: Profile, ref: IdentityRef) -> ProfileUpdate:
        own = [each for each in profile.identities if each.ref == ref]
        if not own or ref.kind is not IdentityKind.SOCIAL:
            raise NotFoundError("There is no such account of yours.")
        left = [each for each in ways_in(profile) if each.ref != ref]
        if not left:
            raise LastIdentityError("This is the only way to sign in: link another account first.")
        provider_key = await self._provider_of(ref)
        others = {await self._provider_of(each.ref) for each in left}
        retracted = _claims_of(profile, ref, None if provider_key in others else provider_key)
        removed = (ref, *self._orphans(profile, retracted, await self._email()))
        now = self._clock()
        unlinked = IdentityUnlinked(
            id=ChangeId(new_id("chg", now)), at=now, profile_id=profile.id, provider=provider_key
        )
        return ProfileUpdate(
            retracted=retracted,
            removed=removed,
            only_if={"version": profile.version},
            changes=(unlinked,),
        )

    async def _provider_of(self, ref: IdentityRef) -> str:
        account = await self._store.accounts.find(ref)
        return "" if account is None else account.provider_key

    def _orphans(
        self, profile: Profile, retracted: tuple[Claim, ...], email: AttributeId | None
    ) -> tuple[IdentityRef, ...]:
        """Return the addresses that nobody vouches for any more."""
        gone = set(email_refs(retracted, email))
        kept = [claim for claims in profile.claims.values() for claim in claims if claim not in retracted]
        return tuple(sorted(gone - set(email_refs(kept, email)), key=lambda each: each.key))

    async def _email(self) -> AttributeId | None:
        definition = (await self._profiles.catalogue.current()).by_name.get("email")
        return None if definition is None else definition.id


_IN_USE = "Somebody else signs in with this account, so it was left where it is."


def _claims_of(profile: Profile, ref: IdentityRef, only_at: str | None) -> tuple[Claim, ...]:
    """Return what an account claimed; with a provider where it is the only one, also what names no account.

    So versions wrote it that did not tell the accounts at one provider apart.
    """
    return tuple(
        claim
        for claims in profile.claims.values()
        for claim in claims
        if claim.source.kind is SourceKind.IDENTITY
        and (claim.actor == ref.field_name or (claim.actor is None and claim.source.key == only_at))
    )
