"""Admins who sign in at a provider: a session in a cookie, and from it tokens of five minutes for GraphQL.

GraphQL takes no cookie, so that no other page can act for an admin who is signed in. Our own page asks for a
token with the cookie, and sends that. Not verified after the sign-in: whether the provider still gives the
role. A session therefore ends after eight hours, whatever happens in it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from server.access.errors import AuthenticationError, OriginNotAllowedError, TokenExpiredError
from server.access.model import (
    AdminId,
    AdminSession,
    AdminToken,
    KeyId,
    Scope,
    SessionId,
    Viewer,
    ViewerKind,
)
from server.kit.ids import new_id
from server.kit.signing import derived_key, derived_keys, is_tag, new_secret, tag

if TYPE_CHECKING:
    from server.access.admin_store import AdminStore
    from server.access.audit import AuditLog
    from server.kit.clock import Clock

SESSION_LIFETIME = timedelta(hours=8)  # a day's work
TOKEN_LIFETIME = timedelta(minutes=5)
_PREFIX = "adt_"
_TOKEN = re.compile(r"adt_(?P<session>ads_[0-9a-z]{26})\.(?P<end>[0-9]{1,11})\.(?P<proof>[A-Za-z0-9_-]{22})")
_MAX_NAME = 100


class AdminSessions:
    """Lets admins in who proved a role, and reads their tokens."""

    def __init__(
        self, *, store: AdminStore, audit: AuditLog, secret: str, public_url: str, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._token_keys = derived_keys(secret, "admin-token")
        self._id_key = derived_key(secret, "admin-id")
        self._origin = public_url
        self._clock = clock

    async def open(self, *, issuer: str, subject: str, name: str) -> str:
        """Begin the session of an admin whose role was proved; return its secret, for the cookie alone.

        It is audited as `adminSignIn`, before it is there: where the log can't be written nobody gets in.
        """
        now = self._clock()
        admin_id = AdminId(f"adm_{tag(self._id_key, issuer, subject)}")
        session = AdminSession(
            id=SessionId(new_id("ads", now)),
            admin_id=admin_id,
            name=name[:_MAX_NAME],
            expires_at=now + SESSION_LIFETIME,
        )
        secret = new_secret("ads")
        async with self._audit.noting(_viewer(session, self._origin), "adminSignIn"):
            await self._store.note_sign_in(admin_id, session.name, issuer, subject, now)
            await self._store.insert_session(secret, session)
        return secret

    async def find(self, secret: str | None) -> AdminSession | None:
        """Return the live session that a cookie's secret opens."""
        return None if secret is None else await self._store.find_session(secret, self._clock())

    async def end(self, session: AdminSession) -> None:
        """End a session and its tokens, at once."""
        await self._store.delete_session(session.id)

    def token(self, session: AdminSession) -> AdminToken:
        """Return a token for GraphQL: the session, an end in seconds, and our tag of both."""
        ends_at = min(self._clock() + TOKEN_LIFETIME, session.expires_at).replace(microsecond=0)
        end = str(int(ends_at.timestamp()))
        proof = tag(self._token_keys[0], session.id, end)
        return AdminToken(token=f"{_PREFIX}{session.id}.{end}.{proof}", expires_at=ends_at)

    async def viewer(self, token: str, origin: str | None) -> Viewer | None:
        """Return the admin whom a token proves, on our own origin alone; None for a token of another kind.

        The session is looked up every time: admins are few, and one who is signed out does nothing more.
        Raises AuthenticationError.
        """
        if not token.startswith(_PREFIX):
            return None
        session_id = self._session_of(token)
        if origin != self._origin:
            raise OriginNotAllowedError("This admin token belongs to our own pages.")
        session = await self._store.find_session_by_id(session_id, self._clock())
        if session is None:
            raise AuthenticationError("This admin's session has ended: sign in again.")
        return _viewer(session, self._origin)

    def _session_of(self, token: str) -> SessionId:
        form = _TOKEN.fullmatch(token)
        if form is None or not is_tag(form["proof"], self._token_keys, form["session"], form["end"]):
            raise AuthenticationError("This is no admin token of this server: ask for one anew.")
        if self._clock() >= datetime.fromtimestamp(int(form["end"]), UTC):
            raise TokenExpiredError("The admin token has expired: ask for one anew.")
        return SessionId(form["session"])


def _viewer(session: AdminSession, origin: str) -> Viewer:
    return Viewer(
        kind=ViewerKind.ADMIN,
        key_id=KeyId(session.admin_id),
        origin=origin,
        scopes=frozenset({Scope.ADMIN}),
    )
