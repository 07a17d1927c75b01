"""The story of recognition: a browser comes back, a person signs in, a page hands its visitor over.

A sign-in is one redirect to a provider and one back. What ties the two together is stored on our side and
found by `state`; the browser proves with a cookie that it began it (RFC 9700, section 4.7), the page with
a verifier that it asked for it. So no link that somebody else made signs anybody in.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from server.access.errors import OriginNotAllowedError
from server.access.model import ViewerKind
from server.identity.accounts.own import OwnAccounts
from server.identity.accounts.syncing import MAX_WITHHELD
from server.identity.administering import AdminSignIn
from server.identity.errors import SignInDeniedError, SignInError, SignInRefusedError, UnknownSignInError
from server.identity.joining import Joining
from server.identity.model import (
    ADMIN_PAGES,
    ATTEMPT_LIFETIME,
    CODE_LIFETIME,
    OWN_PAGES,
    Attempt,
    Finished,
    Handover,
    HeldCode,
)
from server.identity.recording import SignInRecorder
from server.identity.sessions import Sessions
from server.identity.visiting import Visiting
from server.kit.errors import ForbiddenError, InvalidInputError
from server.kit.origins import origin_of
from server.kit.signing import new_secret
from server.profiles.errors import RefusedError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from server.access.admins import AdminSessions
    from server.access.audit import AuditLog
    from server.access.model import SessionId, Viewer, ViewerToken
    from server.access.service import Access
    from server.identity.configuring import SignInProviders
    from server.identity.gates import SignInGate
    from server.identity.hosts.signers import HostSigners
    from server.identity.joining import Unite
    from server.identity.model import Callback, ProvedIdentity, SignInCode, StartedVisit
    from server.identity.recording import Derive
    from server.identity.store import IdentityStore
    from server.kit.clock import Clock
    from server.kit.sealing import Seal
    from server.profiles.model import Profile
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in unpadded base64url (RFC 7636, section 4.2)
_MAX_RETURN_TO = 2_048  # characters; what every browser and proxy lets through
# A path of ours and nothing that a browser could take for another host: no second slash or backslash at the
# beginning, no control character anywhere (browsers drop tabs and line breaks, WHATWG URL, section 4.4).
_NEXT = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


class Identity:
    """Recognises people and browsers."""

    def __init__(  # noqa: PLR0913 - everything that signing in touches
        self,
        *,
        profiles: Profiles,
        access: Access,
        store: IdentityStore,
        providers: SignInProviders,
        hosts: HostSigners,
        admins: AdminSessions,
        unite: Unite,
        seal: Seal,
        audit: AuditLog,
        clock: Clock,
        gate: SignInGate | None = None,
        derive: Derive | None = None,
    ) -> None:
        self._profiles = profiles
        self._access = access
        self._store = store
        self._clock = clock
        self.providers = providers
        self.hosts = hosts
        self.admins = AdminSignIn(providers=providers, admins=admins)
        self.accounts = OwnAccounts(accounts=store.accounts, profiles=profiles, providers=providers)
        self._recorder = SignInRecorder(
            profiles=profiles, accounts=store.accounts, clock=clock, gate=gate, derive=derive
        )
        self.sessions = Sessions(store=store, profiles=profiles, revocations=access.revocations, clock=clock)
        self._visiting = Visiting(
            profiles=profiles, access=access, store=store, sessions=self.sessions, hosts=hosts, clock=clock
        )
        self.joining = Joining(
            profiles=profiles,
            access=access,
            store=store,
            providers=providers,
            recorder=self._recorder,
            sessions=self.sessions,
            unite=unite,
            seal=seal,
            audit=audit,
            clock=clock,
        )

    # Visits

    async def start_visit(
        self,
        viewer: Viewer,
        *,
        resume_token: str | None,
        sign_in: SignInCode | None,
        identity_token: str | None = None,
    ) -> StartedVisit:
        """Begin or continue a visit; see Visiting.start."""
        return await self._visiting.start(
            viewer, resume_token=resume_token, sign_in=sign_in, identity_token=identity_token
        )

    async def renew_token(self, viewer: Viewer, resume_token: str) -> ViewerToken:
        """Return a fresh viewer token; see Visiting.renew."""
        return await self._visiting.renew(viewer, resume_token)

    async def sign_out(self, viewer: Viewer) -> None:
        """Forget this browser: its resume token opens nothing any more, and its viewer token no more either.

        Raises ForbiddenError for anybody but a person.
        """
        if viewer.kind is not ViewerKind.PERSON or viewer.session_id is None:
            message = "Only a person signs out: this needs a viewer token."
            raise ForbiddenError(message)
        await self.sessions.end(viewer.session_id)

    async def close(self) -> None:
        """Let go of what the providers keep open."""
        await self.providers.close()

    # Signing in

    async def handover_to_page(
        self, key: str, return_to: str, challenge: str, *, is_popup: bool = False
    ) -> Handover:
        """Return where a sign-in leads back to: a page on an origin of this publishable key.

        `challenge` is the S256 challenge of the page's verifier. Raises KeyInvalidError,
        OriginNotAllowedError and InvalidInputError: then there is no page to lead back to.
        """
        publishable = await self._access.publishable_key(key)
        origin = origin_of(return_to)
        if origin is None or origin not in publishable.origins or len(return_to) > _MAX_RETURN_TO:
            message = "return_to has to be a page on one of the origins of this publishable key."
            raise OriginNotAllowedError(message)
        if not _CHALLENGE.fullmatch(challenge):
            message = (
                "challenge has to be the unpadded base64url of the SHA-256 of a verifier, 43 characters."
            )
            raise InvalidInputError(message, field="challenge")
        return Handover(
            key_id=publishable.id,
            origin=origin,
            return_to=urldefrag(return_to).url,
            challenge=challenge,
            is_popup=is_popup,
        )

    def handover_to_us(self, origin: str, next_path: str) -> Handover:
        """Return where a sign-in on our own pages leads back to: a path of this origin, else its root."""
        is_ours = len(next_path) <= _MAX_RETURN_TO and _NEXT.fullmatch(next_path)
        return Handover(
            key_id=OWN_PAGES, origin=origin, return_to=origin + (next_path if is_ours else "/"), challenge=""
        )

    def handover_to_admins(self, origin: str) -> Handover:
        """Return where an admin's sign-in leads back to: the page of admins."""
        return Handover(key_id=ADMIN_PAGES, origin=origin, return_to=f"{origin}/auth/admin", challenge="")

    async def begin_sign_in(
        self,
        provider_key: str,
        handover: Handover,
        *,
        browser: str,
        is_link: bool = False,
        withheld: tuple[str, ...] = (),
        links_to: SessionId | None = None,
    ) -> Finished:
        """Return where to send the browser: to the provider, or back with an error where it is down.

        `browser` is the secret in the browser's cookie. Raises UnknownProviderError and InvalidInputError.
        """
        provider = await self.providers.get(provider_key)
        _check_withheld(withheld)
        if handover.key_id == ADMIN_PAGES:
            await self.admins.check(provider_key)
        try:
            begun = await provider.begin()
        except SignInError as error:
            return _finished(handover, _back_with_error(handover, provider_key, error))
        attempt = Attempt(
            provider_key=provider_key,
            secrets=begun.secrets,
            handover=handover,
            expires_at=self._in(ATTEMPT_LIFETIME),
            is_link=is_link,
            withheld=withheld,
            links_to=links_to,
        )
        await self._store.insert_attempt(begun.state, browser, attempt)
        return Finished(url=begun.url)

    async def finish_sign_in(
        self, provider_key: str, callback: Callback, *, browser: str, own_session: str | None = None
    ) -> Finished:
        """Return the page's URL with a one-time code in its fragment, or with an error.

        `own_session` is the secret in the cookie of our own pages: where an account joins the person there.

        The state comes first: until it is known to be this browser's, nothing else of the callback is
        looked at. Raises UnknownSignInError and UnknownProviderError.
        """
        provider = await self.providers.get(provider_key)
        attempt = await self._store.take_attempt(callback.state, browser, provider_key, self._clock())
        if attempt is None:
            message = (
                "This sign-in was not begun in this browser, or it ended already: start again from the page."
            )
            raise UnknownSignInError(message)
        try:
            proved = await provider.finish(callback, attempt.secrets)
            return await self._concluded(attempt, proved, own_session)
        except RefusedError as refused:
            denied = SignInDeniedError(refused.message)
            return _finished(attempt.handover, _back_with_error(attempt.handover, provider_key, denied))
        except SignInError as error:
            return _finished(attempt.handover, _back_with_error(attempt.handover, provider_key, error))

    async def complete_sign_in(
        self,
        provider_key: str,
        proved: ProvedIdentity,
        handover: Handover,
        *,
        withheld: tuple[str, ...] = (),
    ) -> str:
        """Write the sign-in to the person's profile and return a one-time code for the page.

        Between the two writes a crash costs the person a second try and nothing else: the profile says
        truly that they signed in, and no code exists that nobody was given.
        """
        provider = await self.providers.get(provider_key)
        profile = await self._recorder.record(provider, proved, withheld)
        return await self._code(handover, profile, link=None)

    async def _concluded(self, attempt: Attempt, proved: ProvedIdentity, own_session: str | None) -> Finished:
        handover, key, withheld = attempt.handover, attempt.provider_key, attempt.withheld
        if handover.key_id == ADMIN_PAGES:
            return Finished(url=handover.return_to, admin_session=await self.admins.conclude(key, proved))
        if attempt.is_link:
            code = await self._code(handover, None, link=self.joining.sealed(key, proved, withheld))
            return _finished(handover, f"{handover.return_to}#acquaint_link={code}")
        if handover.key_id == OWN_PAGES:
            provider = await self.providers.get(key)
            if attempt.links_to is not None:
                return await self._linked_here(attempt, proved, own_session)
            profile = await self._recorder.record(provider, proved, withheld)
            _, secret = await self.sessions.open(profile.id, OWN_PAGES, handover.origin, is_identified=True)
            return Finished(url=handover.return_to, session=secret)
        code = await self.complete_sign_in(key, proved, handover, withheld=withheld)
        return _finished(handover, f"{handover.return_to}#acquaint_code={code}")

    async def _linked_here(
        self, attempt: Attempt, proved: ProvedIdentity, own_session: str | None
    ) -> Finished:
        """Link to the very session that asked for it: not to whoever is signed in here by now."""
        found = await self.sessions.own(own_session, attempt.handover.origin)
        if found is None or found[0].id != attempt.links_to:
            raise SignInRefusedError("the session that asked for the link is not there any more")
        started = await self.joining.link_on_our_pages(
            found[0], attempt.provider_key, proved, attempt.withheld
        )
        return Finished(url=attempt.handover.return_to, session=started.resume_token)

    async def _code(self, handover: Handover, profile: Profile | None, *, link: str | None) -> str:
        code = new_secret("sic")
        held = HeldCode(
            profile_id=None if profile is None else profile.id,
            link=link,
            key_id=handover.key_id,
            origin=handover.origin,
            challenge=handover.challenge,
            expires_at=self._in(CODE_LIFETIME),
        )
        await self._store.insert_code(code, held)
        return code

    def _in(self, lifetime: timedelta) -> datetime:
        return self._clock() + lifetime


def _check_withheld(withheld: tuple[str, ...]) -> None:
    if len(withheld) > MAX_WITHHELD:
        raise InvalidInputError(f"At most {MAX_WITHHELD} claims can be withheld.", field="withhold")


def _finished(handover: Handover, url: str) -> Finished:
    return Finished(url=url, opener_origin=handover.origin if handover.is_popup else None)


def _back_with_error(handover: Handover, provider_key: str, error: SignInError) -> str:
    _log.warning("sign-in at %s failed (%s): %s", provider_key, error.code, error)
    if handover.key_id == OWN_PAGES:
        return f"{handover.origin}/auth/?error={error.code}"
    if handover.key_id == ADMIN_PAGES:
        return f"{handover.return_to}?error={error.code}"
    return f"{handover.return_to}#acquaint_error={error.code}"
