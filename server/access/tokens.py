"""Viewer tokens: signed, fifteen minutes, one person, one publishable key, one origin.

A token says who the person is without a look into the database. What it does not prove: that the
profile still exists or that its session was not revoked meanwhile; services see to the first, the
service of access to the second (see revoking.py).
"""

from __future__ import annotations

from contextlib import suppress
from sys import intern
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from server.access.errors import AuthenticationError, TokenExpiredError
from server.access.model import VIEWER_TOKEN_LIFETIME, KeyId, SessionId, Viewer, ViewerKind, ViewerToken
from server.kit.signing import derived_keys

if TYPE_CHECKING:
    from server.kit.clock import Clock

_ALGORITHM = "HS256"
_AUDIENCE = "acquaint:viewer"
_REMEMBERED = 10_000  # tokens that were read, with their viewers some 9 MB


class ViewerTokens:
    """Makes and reads viewer tokens with a key derived from the deployment's secret."""

    def __init__(self, *, secret: str, issuer: str, clock: Clock) -> None:
        self._keys = [OctKey.import_key(each) for each in derived_keys(secret, "viewer-token")]
        self._issuer = issuer
        self._clock = clock
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=0,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": _AUDIENCE},
            sub={"essential": True},
            exp={"essential": True},
            sid={"essential": True},
            key={"essential": True},
            origin={"essential": True},
            identified={"essential": True},
        )
        self._read: dict[str, tuple[Viewer, int]] = {}

    def issue(self, viewer: Viewer) -> ViewerToken:
        """Return a token for a person; its end is in whole seconds, as JWT counts (RFC 7519, section 2)."""
        now = self._clock()
        expires_at = (now + VIEWER_TOKEN_LIFETIME).replace(microsecond=0)
        claims = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "sub": viewer.profile_id,
            "exp": int(expires_at.timestamp()),
            "sid": viewer.session_id,
            "key": viewer.key_id,
            "origin": viewer.origin,
            "identified": viewer.is_identified,
        }
        return ViewerToken(
            token=jwt.encode({"alg": _ALGORITHM}, claims, self._keys[0]),
            expires_at=expires_at,
            expires_in_seconds=int((expires_at - now).total_seconds()),
        )

    def read(self, token: str) -> Viewer:
        """Return the person a token speaks for.

        Raises TokenExpiredError for one that ended and AuthenticationError for anything else that we
        did not make for this use. The algorithm is pinned: a header cannot choose it (RFC 8725, section 3.1).
        A page shows the same token with every request: what was found good is remembered to the letter, and
        only its end is looked at again.
        """
        if (known := self.remembered(token)) is not None:
            return known
        viewer, end = self._checked(token)
        if len(self._read) >= _REMEMBERED:
            del self._read[next(iter(self._read))]
        self._read[token] = viewer, end
        return viewer

    def remembered(self, token: str) -> Viewer | None:
        """Return the person of a token that was found good before and has not ended."""
        viewer, end = self._read.get(token, (None, 0))
        return viewer if end > self._clock().timestamp() else None

    def _checked(self, token: str) -> tuple[Viewer, int]:
        try:
            claims = self._claims(token)
            self._registry.validate(claims)
        except ExpiredTokenError:
            message = "The viewer token has expired: call startVisit with the resume token for a new one."
            raise TokenExpiredError(message) from None
        except (JoseError, ValueError):
            message = "This is no viewer token of this server: call startVisit for one."
            raise AuthenticationError(message) from None
        viewer = Viewer(
            kind=ViewerKind.PERSON,
            key_id=KeyId(intern(claims["key"])),  # the same of many
            origin=intern(claims["origin"]),
            profile_id=claims["sub"],
            session_id=SessionId(claims["sid"]),
            is_identified=claims["identified"],
        )
        return viewer, int(claims["exp"])

    def _claims(self, token: str) -> dict[str, Any]:
        *others, oldest = self._keys
        for key in others:
            with suppress(BadSignatureError):
                return jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
        return jwt.decode(token, oldest, algorithms=[_ALGORITHM]).claims
