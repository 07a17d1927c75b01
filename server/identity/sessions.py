"""Sessions: a browser that is known, on a page with a publishable key or on our own pages.

The secret is random, kept by the browser and stored as its hash. It ends when it was not used for long, when
it is old however much it is used, when the person says so, and when somebody signs in over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.access.model import SessionId, ViewerKind
from server.identity.errors import RecentSignInError
from server.identity.linking import may_open
from server.identity.model import (
    OWN_PAGES,
    OWN_SESSION_ABSOLUTE,
    OWN_SESSION_IDLE,
    RECENT,
    SESSION_ABSOLUTE,
    SESSION_IDLE,
    Session,
)
from server.kit.errors import ForbiddenError, NotFoundError
from server.kit.ids import new_id
from server.kit.signing import new_secret
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from server.access.model import KeyId, Viewer
    from server.access.revoking import Revocations
    from server.identity.store import IdentityStore
    from server.kit.clock import Clock
    from server.profiles.model import Profile
    from server.profiles.service import Profiles

_HOUR_SECONDS = 3_600  # how exactly a session's last use is known: spares most page loads a write
MOST_LISTED = 100
_BATCH = 1_000  # sessions that are ended at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a session lasts unused, and at most."""

    idle: timedelta
    absolute: timedelta


_ON_PAGES = Lifetimes(idle=SESSION_IDLE, absolute=SESSION_ABSOLUTE)
_ON_OURS = Lifetimes(idle=OWN_SESSION_IDLE, absolute=OWN_SESSION_ABSOLUTE)


class Sessions:
    """Opens, finds, lists and ends sessions."""

    def __init__(
        self, *, store: IdentityStore, profiles: Profiles, revocations: Revocations, clock: Clock
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._revocations = revocations
        self._clock = clock

    async def open(
        self, profile_id: ProfileId, key_id: KeyId, origin: str, *, is_identified: bool
    ) -> tuple[Session, str]:
        """Begin a session and return it with its secret, which is known to nobody from here on."""
        now = self._clock()
        session = Session(
            id=SessionId(new_id("ses", now)),
            profile_id=profile_id,
            key_id=key_id,
            origin=origin,
            is_identified=is_identified,
            created_at=now,
            last_seen_at=now,
            expires_at=now + _lifetimes(key_id).idle,
        )
        secret = new_secret("rst")
        await self._store.insert_session(secret, session)
        return session, secret

    async def find(self, secret: str | None, key_id: KeyId, origin: str) -> Session | None:
        """Return the live session of this secret, which has to be used with its own key on its own origin."""
        if secret is None:
            return None
        return await self._store.find_session(secret, key_id, origin, self._clock())

    async def touch(self, session: Session) -> None:
        """Note that the browser is in use; no later than the day on which it ends whatever happens."""
        now = self._clock()
        if (now - session.last_seen_at).total_seconds() > _HOUR_SECONDS:
            lifetimes = _lifetimes(session.key_id)
            end = min(now + lifetimes.idle, session.created_at + lifetimes.absolute)
            await self._store.prolong_session(session.id, now, end)

    async def own(self, secret: str | None, origin: str) -> tuple[Session, Profile] | None:
        """Return the session of our own pages that a cookie's secret opens, with its person; else None."""
        session = await self.find(secret, OWN_PAGES, origin)
        profile = None if session is None else await self._profiles.find(session.profile_id)
        if session is None or profile is None or not may_open(session, profile):
            return None
        await self.touch(session)
        return session, profile

    async def recent(self, viewer: Viewer) -> Session:
        """Return the session of a person who signed in a short while ago.

        A viewer token may outlive its session by a moment, so the session is looked up: with what was revoked
        nothing is linked or erased any more. Raises ForbiddenError and RecentSignInError.
        """
        if viewer.kind is not ViewerKind.PERSON or viewer.session_id is None or not viewer.is_identified:
            raise ForbiddenError("This needs a person who is signed in.")
        session = await self._store.find_session_by_id(SessionId(viewer.session_id), self._clock())
        if session is None or session.profile_id != viewer.profile_id:
            raise ForbiddenError("This session has ended: sign in again.")
        if not is_recent(session, self._clock(), RECENT):
            raise RecentSignInError("The last sign-in is too long ago: sign in again.")
        return session

    # What people do

    async def of(self, viewer: Viewer) -> list[Session]:
        """Return where the viewer is known, the latest first; nothing for whoever is no person."""
        if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
            return []
        return await self._store.sessions_of(ProfileId(viewer.profile_id), self._clock(), MOST_LISTED)

    async def revoke(self, viewer: Viewer, session_id: SessionId) -> None:
        """End one session of the viewer; raise ForbiddenError, NotFoundError."""
        person = _person(viewer)
        session = await self._store.find_session_by_id(session_id, self._clock())
        if session is None or session.profile_id != person:
            raise NotFoundError("There is no such session of yours, or it has ended.")
        await self.end(session_id)

    async def end_all(self, viewer: Viewer) -> int:
        """End every session of the viewer, this one included, and return how many there were."""
        return await self.end_all_of(_person(viewer))

    async def end(self, *session_ids: SessionId) -> int:
        """End sessions with the viewer tokens that were made for them; return how many there were.

        The tokens first: should the process end in between, whoever tries again finds the sessions to end.
        """
        await self._revocations.revoke(session_ids)
        return await self._store.delete_sessions(session_ids)

    async def end_all_of(self, profile_id: ProfileId, *, but: SessionId | None = None) -> int:
        """End every session of a person but one, and every code that would make a new one.

        The codes first: one that is exchanged in between makes a session that is found afterwards.
        """
        await self._store.delete_codes(profile_id)
        ended = 0
        while found := await self._store.session_ids(profile_id, but=but, most=_BATCH):
            ended += await self.end(*found)
        return ended


def _person(viewer: Viewer) -> ProfileId:
    if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
        raise ForbiddenError("Only a person has sessions: this needs a viewer token.")
    return ProfileId(viewer.profile_id)


def _lifetimes(key_id: KeyId) -> Lifetimes:
    return _ON_OURS if key_id == OWN_PAGES else _ON_PAGES


def is_recent(session: Session, now: datetime, at_most: timedelta) -> bool:
    """Whether somebody proved who they are so short a while ago: with that a session begins."""
    return session.is_identified and now - session.created_at <= at_most
