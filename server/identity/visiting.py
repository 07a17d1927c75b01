"""Visits: who a browser is taken for when it loads a page, and what its session becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.access.model import ViewerKind
from server.identity.errors import IdentityTokenError, SignInCodeError
from server.identity.hosts.recording import HostRecorder
from server.identity.linking import may_give_up, may_open
from server.identity.model import StartedVisit
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.ids import new_id
from server.kit.signing import s256_challenge
from server.profiles.model import IdentityKind, IdentityRef

if TYPE_CHECKING:
    from server.access.model import KeyId, Viewer, ViewerToken
    from server.access.service import Access
    from server.identity.hosts.signers import HostSigners
    from server.identity.model import Session, SignInCode
    from server.identity.sessions import Sessions
    from server.identity.store import IdentityStore
    from server.kit.clock import Clock
    from server.profiles.model import Profile
    from server.profiles.service import Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page with a publishable key; `app` is whose key it is."""

    key_id: KeyId
    origin: str
    app: str | None


class Visiting:
    """Begins and continues visits."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        access: Access,
        store: IdentityStore,
        sessions: Sessions,
        hosts: HostSigners,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._access = access
        self._store = store
        self._sessions = sessions
        self._hosts = hosts
        self._recorder = HostRecorder(profiles=profiles, clock=clock)
        self._clock = clock

    async def start(
        self,
        viewer: Viewer,
        *,
        resume_token: str | None,
        sign_in: SignInCode | None,
        identity_token: str | None,
    ) -> StartedVisit:
        """Recognise the browser by its token, the person by a sign-in just made or by a token of the host.

        Else meet a stranger: a resume token that is unknown, expired or another page's is no error. Raises
        ForbiddenError for anybody but a page with a publishable key, InvalidInputError for two proofs at
        once, SignInCodeError, IdentityTokenError and PersonErasedError.
        """
        if viewer.kind is not ViewerKind.WIDGET or viewer.key_id is None or viewer.origin is None:
            message = "Only a page with a publishable key starts visits."
            raise ForbiddenError(message)
        if sign_in is not None and identity_token is not None:
            message = "A visit begins with a sign-in or with an identity token, not with both."
            raise InvalidInputError(message, field="identityToken")
        page = Page(key_id=viewer.key_id, origin=viewer.origin, app=viewer.app)
        session = await self._sessions.find(resume_token, page.key_id, page.origin)
        if identity_token is not None:
            return await self._arrive_identified(page, session, resume_token, identity_token)
        if sign_in is not None:
            return await self._arrive_signed_in(page, session, sign_in)
        if session is not None and resume_token is not None:
            resumed = await self._resume(session, resume_token)
            if resumed is not None:
                return resumed
        return await self._meet(page)

    async def renew(self, viewer: Viewer, resume_token: str) -> ViewerToken:
        """Return a fresh viewer token for a browser that is known; it counts as no visit.

        For pages that stay open: a visit that somebody left open over night shall not go on until morning.
        Raises ForbiddenError, and NotFoundError where `start` would meet a stranger.
        """
        if viewer.kind is not ViewerKind.WIDGET or viewer.key_id is None or viewer.origin is None:
            raise ForbiddenError("Only a page with a publishable key renews viewer tokens.")
        session = await self._sessions.find(resume_token, viewer.key_id, viewer.origin)
        profile = None if session is None else await self._profiles.find(session.profile_id)
        if session is None or profile is None or not may_open(session, profile):
            raise NotFoundError("This browser's session has ended: call startVisit to begin anew.")
        await self._sessions.touch(session)
        return self._access.viewer_token(session.viewer)

    async def _resume(self, session: Session, resume_token: str) -> StartedVisit | None:
        profile = await self._profiles.find(session.profile_id)
        if profile is None or not may_open(session, profile):
            return None
        visiting = await self._profiles.start_visit(profile, is_sign_in=False)
        if visiting is None:
            return None
        await self._sessions.touch(session)
        return self._started(session, visiting, resume_token)

    async def _meet(self, page: Page) -> StartedVisit:
        stranger = IdentityRef(kind=IdentityKind.ANONYMOUS_ID, value=new_id("anon", self._clock()))
        profile = await self._profiles.create((stranger,))
        visiting = await self._profiles.start_visit(profile, is_sign_in=False) or profile
        return await self._open_session(visiting, page, is_identified=False)

    async def _arrive_signed_in(
        self, page: Page, session: Session | None, sign_in: SignInCode
    ) -> StartedVisit:
        """Exchange the code for a session."""
        profile_id = await self._store.take_code(
            sign_in.code,
            key_id=page.key_id,
            origin=page.origin,
            challenge=s256_challenge(sign_in.verifier),
            now=self._clock(),
        )
        profile = None if profile_id is None else await self._profiles.find(profile_id)
        started = None if profile is None else await self._let_in(profile, page, session)
        if started is None:
            message = "This sign-in code is not valid (any more) on this page: sign in again."
            raise SignInCodeError(message)
        return started

    async def _arrive_identified(
        self, page: Page, session: Session | None, resume_token: str | None, token: str
    ) -> StartedVisit:
        """Let in whom the host says it has; a browser that is signed in as somebody else is theirs no more.

        One that is signed in as the same person goes on as it is: hosts mint tokens as often as pages load,
        and tabs that share a session shall not end it for each other.
        """
        said = await self._hosts.read(page.key_id, token)
        known = session.profile_id if session is not None and session.is_identified else None
        recorded = await self._recorder.record(page.key_id, page.app, said, known=known)
        started = None
        if session is not None and resume_token is not None and not recorded.is_sign_in:
            started = await self._resume(session, resume_token)
        started = started or await self._let_in(recorded.profile, page, session)
        if started is None:
            raise IdentityTokenError("The profile was merged or erased at this moment: mint another token.")
        return replace(started, left_out=recorded.left_out)

    async def _let_in(self, profile: Profile, page: Page, session: Session | None) -> StartedVisit | None:
        """Begin the session of a person who proved who they are; None where their profile is gone.

        What the browser was before ends: no resume token outlives a sign-in.
        """
        joined = profile if session is None else await self._give_up(session, profile)
        visiting = await self._profiles.start_visit(joined, is_sign_in=True)
        if visiting is None:
            return None
        started = await self._open_session(visiting, page, is_identified=True)
        if session is not None:
            await self._sessions.end(session.id)
        return started

    async def _give_up(self, session: Session, known: Profile) -> Profile:
        """Fold what an anonymous browser said into the person who signed in on it."""
        anonymous = await self._profiles.find(session.profile_id)
        if anonymous is None or not may_give_up(session, anonymous):
            return known
        return await self._profiles.fold(known.id, anonymous.id) or known

    async def _open_session(self, profile: Profile, page: Page, *, is_identified: bool) -> StartedVisit:
        session, secret = await self._sessions.open(
            profile.id, page.key_id, page.origin, is_identified=is_identified
        )
        return self._started(session, profile, secret)

    def _started(self, session: Session, profile: Profile, resume_token: str) -> StartedVisit:
        return StartedVisit(
            viewer=session.viewer,
            token=self._access.viewer_token(session.viewer),
            resume_token=resume_token,
            profile=profile,
        )
