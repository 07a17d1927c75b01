"""Turns what a request brings into a viewer, and keeps the API keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from server.access.errors import AuthenticationError, KeyInvalidError, OriginNotAllowedError
from server.access.model import NOBODY, PLACEMENT, ApiKey, KeyId, KeyKind, NewKey, Scope, Viewer, ViewerKind
from server.access.rotating import KeyRotation
from server.access.using import KeyUses
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from server.kit.ids import new_id
from server.kit.origins import is_origin
from server.kit.paging import cut
from server.kit.signing import new_secret, secret_hash
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from server.access.model import ViewerToken
    from server.access.revoking import Revocations
    from server.access.store import KeyStore
    from server.access.tokens import ViewerTokens
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest

_MAX_NAME = 100  # characters
_MAX_ORIGINS = 100
_MAX_PLACEMENTS = 50
# Always the same, so that of processes that start together only one can make it.
_FIRST_ADMIN_KEY = KeyId("key_" + "0" * 26)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The active keys by the hash of their token, and every origin that some publishable key allows."""

    by_hash: dict[str, ApiKey]
    by_id: dict[KeyId, ApiKey]
    origins: frozenset[str]


class Bearers(Protocol):
    """Tokens of one more kind that prove somebody."""

    async def viewer(self, token: str, origin: str | None) -> Viewer | None:
        """Return whom a token of this kind proves, None for one of another; raise AuthenticationError."""


class Access:
    """Who asks, and with which key. `bearers` are kinds of tokens beside keys and viewer tokens."""

    def __init__(
        self,
        *,
        store: KeyStore,
        tokens: ViewerTokens,
        revocations: Revocations,
        clock: Clock,
        bearers: Sequence[Bearers] = (),
    ) -> None:
        self._bearers = bearers
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self.revocations = revocations
        self.key_ring: Watched[KeyRing] = Watched("api_keys", self._load_key_ring)
        self.rotation = KeyRotation(store=store, key_ring=self.key_ring, clock=clock)
        self.uses = KeyUses(store=store, clock=clock)

    async def identify(self, bearer: str | None, origin: str | None) -> Viewer:
        """Return the viewer that a bearer token proves; nobody where there is none.

        Raises AuthenticationError (or a subclass) for a token that proves nothing: a client that
        shows a bad token wants to hear of it rather than be taken for nobody.
        """
        if bearer is None:
            return NOBODY
        if bearer.startswith(("pk_", "sk_")):
            return _viewer_of_key(await self._active_key(bearer), origin)
        if (known := self._tokens.remembered(bearer)) is not None:
            return await self._living(_at_its_origin(known, origin))
        for each in self._bearers:
            if (viewer := await each.viewer(bearer, origin)) is not None:
                return viewer
        return await self._living(_at_its_origin(self._tokens.read(bearer), origin))

    def viewer_token(self, viewer: Viewer) -> ViewerToken:
        """Return a fresh token for a person."""
        return self._tokens.issue(viewer)

    async def may_embed(self, origin: str) -> bool:
        """Whether some publishable key allows this origin: what a CORS preflight can know."""
        return origin in (await self.key_ring.current()).origins

    async def publishable_key(self, token: str) -> ApiKey:
        """Return the active publishable key; raise KeyInvalidError where there is none."""
        key = await self._active_key(token)
        if key.kind is not KeyKind.PUBLISHABLE:
            raise KeyInvalidError(_NO_SUCH_KEY)
        return key

    async def create_key(
        self,
        viewer: Viewer,
        *,
        kind: KeyKind,
        name: str,
        origins: Sequence[str] = (),
        scopes: Sequence[Scope] = (),
        placements: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> NewKey:
        """Make a key (admins only); its token is returned this once.

        A publishable key with `placements` asks there alone.
        """
        require_scope(viewer, Scope.ADMIN)
        _check_name(name)
        _check_origins(kind, origins)
        _check_scopes(kind, scopes)
        _check_placements(kind, placements)
        if expires_at is not None and expires_at <= self._clock():
            raise InvalidInputError("A key expires in the future, or never.", field="expiresAt")
        return await self._make_key(kind, name, origins, scopes, placements=placements, expires_at=expires_at)

    async def create_admin_key(self, name: str, *, lasts: timedelta | None = None) -> NewKey:
        """Make an admin key for whoever holds the settings of this deployment."""
        _check_name(name)
        expires_at = None if lasts is None else self._clock() + lasts
        return await self._make_key(KeyKind.SECRET, name, (), (Scope.ADMIN,), expires_at=expires_at)

    async def create_first_admin_key(self) -> NewKey | None:
        """Make the admin key of a new deployment; None where an admin key was ever made."""
        if await self._store.any_of_kind(KeyKind.SECRET, scope=Scope.ADMIN):
            return None
        try:
            return await self._make_key(
                KeyKind.SECRET, "First admin key", (), (Scope.ADMIN,), key_id=_FIRST_ADMIN_KEY
            )
        except ConflictError:
            return None

    async def revoke_key(self, viewer: Viewer, key_id: KeyId) -> ApiKey:
        """Revoke a key (admins only); every process refuses it as soon as it hears of it.

        With it end the viewer tokens that were made with it.
        """
        require_scope(viewer, Scope.ADMIN)
        key = await self._store.revoke(key_id, self._clock())
        if key is None:
            message = "There is no such key."
            raise NotFoundError(message)
        await self.key_ring.refresh()
        return key

    async def keys(self, viewer: Viewer, request: PageRequest) -> Page[ApiKey] | None:
        """Return the keys, ended ones included, oldest first; None for whoever is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        return cut(await self._with_uses(await self._store.page(request)), request.first)

    async def find_key(self, viewer: Viewer, key_id: KeyId) -> ApiKey | None:
        """Return a key, revoked or not; None for what does not exist and for whoever is no admin."""
        found = await self._store.find(key_id) if viewer.has_scope(Scope.ADMIN) else None
        return None if found is None else (await self._with_uses([found]))[0]

    async def _with_uses(self, keys: list[ApiKey]) -> list[ApiKey]:
        last = await self.uses.last([each.id for each in keys])
        return [replace(each, last_used_at=last.get(each.id)) for each in keys]

    async def _make_key(
        self,
        kind: KeyKind,
        name: str,
        origins: Sequence[str],
        scopes: Sequence[Scope],
        *,
        placements: Sequence[str] = (),
        key_id: KeyId | None = None,
        expires_at: datetime | None = None,
    ) -> NewKey:
        now = self._clock()
        token = new_secret("pk" if kind is KeyKind.PUBLISHABLE else "sk")
        key = ApiKey(
            id=key_id or KeyId(new_id("key", now)),
            kind=kind,
            name=name,
            hash=secret_hash(token),
            hint=token[-4:],
            token=token if kind is KeyKind.PUBLISHABLE else None,
            origins=tuple(origins),
            scopes=frozenset(scopes),
            created_at=now,
            placements=tuple(placements),
            expires_at=expires_at,
        )
        await self._store.insert(key)
        await self.key_ring.refresh()
        return NewKey(key=key, token=token)

    async def _living(self, viewer: Viewer) -> Viewer:
        """Return the viewer of a token unless its session, person or key ended since; from memory."""
        if await self.revocations.cover(viewer.session_id or "", viewer.profile_id or ""):
            message = "This session has ended: call startVisit to begin anew."
            raise AuthenticationError(message)
        key = (await self.key_ring.current()).by_id.get(viewer.key_id or KeyId(""))
        if key is None or not key.is_active(self._clock()):
            raise KeyInvalidError(_NO_SUCH_KEY)
        return replace(viewer, placements=frozenset(key.placements)) if key.placements else viewer

    async def _active_key(self, token: str) -> ApiKey:
        hashed = secret_hash(token)
        key = (await self.key_ring.current()).by_hash.get(hashed)
        if key is None or not key.opens(hashed, self._clock()):
            raise KeyInvalidError(_NO_SUCH_KEY)
        self.uses.note(key.id)
        return key

    async def _load_key_ring(self) -> KeyRing:
        keys = await self._store.active()
        return KeyRing(
            by_hash={
                token: key for key in keys for token in (key.hash, *(old.hash for old in key.old_tokens))
            },
            by_id={key.id: key for key in keys},
            origins=frozenset(origin for key in keys for origin in key.origins),
        )


_NO_SUCH_KEY = "The API key is unknown, has expired or was revoked."


def require_scope(viewer: Viewer, scope: Scope) -> None:
    """Raise ForbiddenError unless the viewer's key carries `scope`."""
    if not viewer.has_scope(scope):
        message = f"This needs a secret key with the scope {scope.value}."
        raise ForbiddenError(message)


def require_placement(viewer: Viewer, placement: str) -> None:
    """Raise ForbiddenError unless the viewer's publishable key is for this placement."""
    if not viewer.may_be_asked_at(placement):
        allowed = ", ".join(sorted(viewer.placements))
        raise ForbiddenError(
            f"This publishable key is for the placements {allowed}; {placement} is none of them."
        )


def _viewer_of_key(key: ApiKey, origin: str | None) -> Viewer:
    if key.kind is KeyKind.PUBLISHABLE:
        return _at_origin(key, origin)
    if Scope.ADMIN in key.scopes:
        return Viewer(kind=ViewerKind.ADMIN, key_id=key.id, scopes=key.scopes)
    return Viewer(kind=ViewerKind.APP, key_id=key.id, scopes=key.scopes, app=key.app)


def _at_origin(key: ApiKey, origin: str | None) -> Viewer:
    if origin not in key.origins:
        message = f"The origin {origin or '(none)'} is not on the list of this publishable key."
        raise OriginNotAllowedError(message)
    return Viewer(
        kind=ViewerKind.WIDGET,
        key_id=key.id,
        origin=origin,
        app=key.app,
        placements=frozenset(key.placements),
    )


def _at_its_origin(viewer: Viewer, origin: str | None) -> Viewer:
    if origin != viewer.origin:
        message = "This viewer token belongs to a page on another origin."
        raise OriginNotAllowedError(message)
    return viewer


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _MAX_NAME:
        message = f"A key's name has 1 to {_MAX_NAME} characters."
        raise InvalidInputError(message, field="name")


def _check_origins(kind: KeyKind, origins: Sequence[str]) -> None:
    if kind is KeyKind.SECRET and origins:
        message = "A secret key has no origins: it is used by servers, which send none."
        raise InvalidInputError(message, field="origins")
    if kind is KeyKind.PUBLISHABLE and not 0 < len(origins) <= _MAX_ORIGINS:
        message = f"A publishable key needs 1 to {_MAX_ORIGINS} origins, such as https://www.example.com."
        raise InvalidInputError(message, field="origins")
    for origin in origins:
        if not is_origin(origin):
            message = (
                f"{origin[:80]!r} is no origin: write scheme, host and port as in https://www.example.com."
            )
            raise InvalidInputError(message, field="origins")


def _check_placements(kind: KeyKind, placements: Sequence[str]) -> None:
    if kind is KeyKind.SECRET and placements:
        message = "A secret key has no placements: it asks nobody anything."
        raise InvalidInputError(message, field="placements")
    if len(placements) > _MAX_PLACEMENTS or not all(re.fullmatch(PLACEMENT, each) for each in placements):
        message = (
            f"A publishable key has at most {_MAX_PLACEMENTS} placements, each of small letters, digits, -"
            " and _, up to 40 characters."
        )
        raise InvalidInputError(message, field="placements")


def _check_scopes(kind: KeyKind, scopes: Sequence[Scope]) -> None:
    if kind is KeyKind.PUBLISHABLE and scopes:
        message = "A publishable key has no scopes: it may only start visits."
        raise InvalidInputError(message, field="scopes")
    if kind is KeyKind.SECRET and not scopes:
        message = "A secret key needs at least one scope."
        raise InvalidInputError(message, field="scopes")
