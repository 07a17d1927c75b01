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
from server.access.model import SessionId, Viewer, ViewerKind
from server.identity.errors import (
    SignInCodeError,
    SignInError,
    UnknownProviderError,
    UnknownSignInError,
)
from server.identity.linking import may_give_up, may_open
from server.identity.model import (
    ATTEMPT_LIFETIME,
    CODE_LIFETIME,
    SESSION_IDLE,
    Attempt,
    Handover,
    HeldCode,
    Session,
    StartedVisit,
)
from server.identity.recording import SignInRecorder
from server.kit.errors import ForbiddenError, InvalidInputError
from server.kit.ids import new_id
from server.kit.origins import origin_of
from server.kit.signing import new_secret, s256_challenge
from server.profiles.model import IdentityKind, IdentityRef

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from server.access.model import KeyId
    from server.access.service import Access
    from server.identity.model import Callback, ProvedIdentity, Provider, SignInCode
    from server.identity.store import IdentityStore
    from server.kit.clock import Clock
    from server.profiles.model import Profile
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in unpadded base64url (RFC 7636, section 4.2)
_MAX_RETURN_TO = 2_048  # characters; what every browser and proxy lets through
_HOUR_SECONDS = 3_600  # how exactly a session's last use is known: spares most page loads a write


class Identity:
    """Recognises people and browsers."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        access: Access,
        store: IdentityStore,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._access = access
        self._store = store
        self.providers = providers
        self._clock = clock
        self._recorder = SignInRecorder(profiles=profiles, clock=clock)

    # Visits

    async def start_visit(
        self, viewer: Viewer, *, resume_token: str | None, sign_in: SignInCode | None
    ) -> StartedVisit:
        """Recognise the browser by its token or the person by a sign-in just made, else meet a stranger.

        A token that is unknown, expired or another page's is no error: its bearer is a stranger. Raises
        ForbiddenError for anybody but a page with a publishable key, and SignInCodeError.
        """
        if viewer.kind is not ViewerKind.WIDGET or viewer.key_id is None or viewer.origin is None:
            message = "Only a page with a publishable key starts visits."
            raise ForbiddenError(message)
        session = await self._session(resume_token, viewer.key_id, viewer.origin)
        if sign_in is not None:
            return await self._arrive_signed_in(viewer.key_id, viewer.origin, session, sign_in)
        if session is not None and resume_token is not None:
            resumed = await self._resume(session, resume_token)
            if resumed is not None:
                return resumed
        return await self._meet(viewer.key_id, viewer.origin)

    async def sign_out(self, viewer: Viewer) -> None:
        """Forget this browser: its resume token opens nothing any more. Its viewer token ends by itself.

        Raises ForbiddenError for anybody but a person.
        """
        if viewer.kind is not ViewerKind.PERSON or viewer.session_id is None:
            message = "Only a person signs out: this needs a viewer token."
            raise ForbiddenError(message)
        await self._store.delete_session(viewer.session_id)

    async def close(self) -> None:
        """Let go of what the providers keep open."""
        for provider in self.providers.values():
            await provider.close()

    async def _session(self, resume_token: str | None, key_id: KeyId, origin: str) -> Session | None:
        if resume_token is None:
            return None
        return await self._store.find_session(resume_token, key_id, origin, self._clock())

    async def _resume(self, session: Session, resume_token: str) -> StartedVisit | None:
        profile = await self._profiles.find(session.profile_id)
        if profile is None or not may_open(session, profile):
            return None
        visiting = await self._profiles.start_visit(profile, is_sign_in=False)
        if visiting is None:
            return None
        now = self._clock()
        if (now - session.last_seen_at).total_seconds() > _HOUR_SECONDS:
            await self._store.prolong_session(session.id, now, now + SESSION_IDLE)
        return self._started(session, visiting, resume_token)

    async def _meet(self, key_id: KeyId, origin: str) -> StartedVisit:
        stranger = IdentityRef(kind=IdentityKind.ANONYMOUS_ID, value=new_id("anon", self._clock()))
        profile = await self._profiles.create((stranger,))
        visiting = await self._profiles.start_visit(profile, is_sign_in=False) or profile
        return await self._open_session(visiting, key_id, origin, is_identified=False)

    async def _arrive_signed_in(
        self, key_id: KeyId, origin: str, session: Session | None, sign_in: SignInCode
    ) -> StartedVisit:
        """Exchange the code and end what the browser was before: no resume token outlives a sign-in."""
        profile_id = await self._store.take_code(
            sign_in.code,
            key_id=key_id,
            origin=origin,
            challenge=s256_challenge(sign_in.verifier),
            now=self._clock(),
        )
        profile = None if profile_id is None else await self._profiles.find(profile_id)
        if profile is not None and session is not None:
            profile = await self._give_up(session, profile)
        visiting = None if profile is None else await self._profiles.start_visit(profile, is_sign_in=True)
        if visiting is None:
            message = "This sign-in code is not valid (any more) on this page: sign in again."
            raise SignInCodeError(message)
        started = await self._open_session(visiting, key_id, origin, is_identified=True)
        if session is not None:
            await self._store.delete_session(session.id)
        return started

    async def _give_up(self, session: Session, known: Profile) -> Profile:
        """Fold what an anonymous browser said into the person who signed in on it."""
        anonymous = await self._profiles.find(session.profile_id)
        if anonymous is None or not may_give_up(session, anonymous):
            return known
        return await self._profiles.fold(known.id, anonymous.id) or known

    async def _open_session(
        self, profile: Profile, key_id: KeyId, origin: str, *, is_identified: bool
    ) -> StartedVisit:
        now = self._clock()
        session = Session(
            id=SessionId(new_id("ses", now)),
            profile_id=profile.id,
            key_id=key_id,
            origin=origin,
            is_identified=is_identified,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_IDLE,
        )
        resume_token = new_secret("rst")
        await self._store.insert_session(resume_token, session)
        return self._started(session, profile, resume_token)

    def _started(self, session: Session, profile: Profile, resume_token: str) -> StartedVisit:
        person = Viewer(
            kind=ViewerKind.PERSON,
            key_id=session.key_id,
            origin=session.origin,
            profile_id=profile.id,
            session_id=session.id,
            is_identified=session.is_identified,
        )
        return StartedVisit(
            viewer=person,
            token=self._access.viewer_token(person),
            resume_token=resume_token,
            profile=profile,
        )

    # Signing in

    async def begin_sign_in(
        self, provider_key: str, *, key: str, return_to: str, challenge: str, browser: str
    ) -> str:
        """Return the URL to send the browser to: the provider's, or back with an error where it is down.

        `key` is a publishable key, `challenge` the S256 challenge of the page's verifier, `browser` the
        secret in the browser's cookie. Raises ExpectedError where there is no page to lead back to.
        """
        provider = self._provider(provider_key)
        handover = await self._handover(key, return_to, challenge)
        try:
            begun = await provider.begin()
        except SignInError as error:
            return _back_with_error(handover, provider_key, error)
        attempt = Attempt(
            provider_key=provider_key,
            secrets=begun.secrets,
            handover=handover,
            expires_at=self._in(ATTEMPT_LIFETIME),
        )
        await self._store.insert_attempt(begun.state, browser, attempt)
        return begun.url

    async def finish_sign_in(self, provider_key: str, callback: Callback, *, browser: str) -> str:
        """Return the page's URL with a one-time code in its fragment, or with an error.

        The state comes first: until it is known to be this browser's, nothing else of the callback is
        looked at. Raises UnknownSignInError and UnknownProviderError.
        """
        provider = self._provider(provider_key)
        attempt = await self._store.take_attempt(callback.state, browser, provider_key, self._clock())
        if attempt is None:
            message = (
                "This sign-in was not begun in this browser, or it ended already: start again from the page."
            )
            raise UnknownSignInError(message)
        try:
            proved = await provider.finish(callback, attempt.secrets)
            code = await self.complete_sign_in(provider_key, proved, attempt.handover)
        except SignInError as error:
            return _back_with_error(attempt.handover, provider_key, error)
        return f"{attempt.handover.return_to}#acquaint_code={code}"

    async def complete_sign_in(self, provider_key: str, proved: ProvedIdentity, handover: Handover) -> str:
        """Write the sign-in to the person's profile and return a one-time code for the page.

        Between the two writes a crash costs the person a second try and nothing else: the profile says
        truly that they signed in, and no code exists that nobody was given.
        """
        profile = await self._recorder.record(self._provider(provider_key), proved)
        code = new_secret("sic")
        held = HeldCode(
            profile_id=profile.id,
            key_id=handover.key_id,
            origin=handover.origin,
            challenge=handover.challenge,
            expires_at=self._in(CODE_LIFETIME),
        )
        await self._store.insert_code(code, held)
        return code

    async def _handover(self, key: str, return_to: str, challenge: str) -> Handover:
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
        )

    def _provider(self, provider_key: str) -> Provider:
        provider = self.providers.get(provider_key)
        if provider is None:
            message = "No sign-in provider of this name is configured."
            raise UnknownProviderError(message)
        return provider

    def _in(self, lifetime: timedelta) -> datetime:
        return self._clock() + lifetime


def _back_with_error(handover: Handover, provider_key: str, error: SignInError) -> str:
    _log.warning("sign-in at %s failed (%s): %s", provider_key, error.code, error)
    return f"{handover.return_to}#acquaint_error={error.code}"
