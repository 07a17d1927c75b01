"""Which keys a host signs its identity tokens with, and whether a token is by one of them.

Each publishable key has its own: a secret that we make and show once, or key sets that the host publishes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from server.access.model import KeyKind, Scope
from server.access.service import require_scope
from server.identity.errors import IdentityTokenError
from server.identity.hosts.tokens import read_identity_token
from server.identity.model import HostSigner, NewIdentitySecret, SignerId
from server.kit.errors import InvalidInputError, NotFoundError, UnavailableError
from server.kit.ids import new_id
from server.kit.jwts import (
    LEEWAY,
    BadKeySetError,
    SignatureAlgorithm,
    TokenRefusedError,
    Verified,
    secret_key,
    verified,
)
from server.kit.key_sets import InlineKeys, RemoteKeys, is_key_address
from server.kit.signing import new_secret
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.model import KeyId, Viewer
    from server.access.service import Access
    from server.identity.hosts.store import HostStore
    from server.identity.hosts.tokens import IdentityToken
    from server.kit.clock import Clock
    from server.kit.key_sets import Fetch

_log = logging.getLogger(__name__)
_MOST_SIGNERS = 10  # of one key at a time: two while one rotates, and some to move from one way to another
_MOST_OVERLAP = timedelta(days=30)
_MAX_ADDRESS = 2_048  # characters


class _Keys(Protocol):
    async def verified(self, token: str) -> Verified: ...


@dataclass(frozen=True, slots=True)
class _Live:
    signer: HostSigner
    keys: _Keys


class _Secret:
    """A secret as keys: the bytes of its text, prefix included."""

    def __init__(self, secret: str) -> None:
        self._keys = (secret_key(secret),)

    async def verified(self, token: str) -> Verified:
        return verified(token, self._keys, SignatureAlgorithm.HS256)


class HostSigners:
    """Admins say what a host signs with; tokens are read by it."""

    def __init__(
        self, *, store: HostStore, access: Access, fetch: Fetch, public_url: str, clock: Clock
    ) -> None:
        self._store = store
        self._access = access
        self._fetch = fetch
        self._audience = public_url
        self._clock = clock
        self._made: Mapping[SignerId, _Live] = {}
        self.live: Watched[Mapping[SignerId, _Live]] = Watched("identity_signers", self._load)

    # What admins do

    async def create_secret(self, viewer: Viewer, key_id: KeyId, overlap: timedelta) -> NewIdentitySecret:
        """Make the secret of a publishable key (admins only), shown this once; the last stays for `overlap`.

        Two statements: after the first there is a secret too many, which is what overlapping means.
        Raises ForbiddenError, NotFoundError, InvalidInputError.
        """
        await self._check_room(viewer, key_id)
        if not timedelta() <= overlap <= _MOST_OVERLAP:
            raise InvalidInputError("An overlap lasts from 0 seconds to 30 days.", field="overlapSeconds")
        secret = new_secret("ids")
        signer = self._signer(key_id, SignatureAlgorithm.HS256, secret=secret)
        await self._store.insert(signer)
        await self._store.end_secrets(key_id, self._clock() + overlap, but=signer.id)
        await self.live.refresh()
        return NewIdentitySecret(signer=signer, secret=secret)

    async def trust_key_set(
        self,
        viewer: Viewer,
        key_id: KeyId,
        *,
        issuer: str,
        algorithm: SignatureAlgorithm,
        jwks: object = None,
        jwks_uri: str | None = None,
    ) -> HostSigner:
        """Trust what the host publishes (admins only): a key set given here, at an address, or by discovery.

        Nothing is fetched before a token comes. Raises ForbiddenError, NotFoundError, InvalidInputError.
        """
        await self._check_room(viewer, key_id)
        self._check_address("issuer", issuer)
        if jwks_uri is not None:
            self._check_address("jwksUri", jwks_uri)
        signer = self._signer(key_id, algorithm, issuer=issuer, jwks=jwks, jwks_uri=jwks_uri)
        try:
            self._keys_of(signer)
        except BadKeySetError as error:
            field = "algorithm" if jwks is None else "jwks"
            raise InvalidInputError(str(error), field=field) from None
        await self._store.insert(signer)
        await self.live.refresh()
        return signer

    async def end(self, viewer: Viewer, signer_id: SignerId) -> HostSigner:
        """Trust a secret or a key set no more (admins only); raise ForbiddenError, NotFoundError."""
        require_scope(viewer, Scope.ADMIN)
        if not await self._store.end(signer_id, self._clock()):
            raise NotFoundError("There is no such identity secret or key set.")
        await self.live.refresh()
        return (await self.live.current())[signer_id].signer

    async def of(self, viewer: Viewer, key_id: KeyId) -> list[HostSigner]:
        """Return what a key's host signs with, ended ones included; nothing for who is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return []
        return [each.signer for each in (await self.live.current()).values() if each.signer.key_id == key_id]

    # Tokens

    async def read(self, key_id: KeyId, token: str) -> IdentityToken:
        """Return whom a token proves, once: from here on it is used. Raises IdentityTokenError.

        Which signer it is decides nothing but the issuer; all of one key's are the same host.
        """
        try:
            signer, claims = await self._verified(key_id, token)
            said = read_identity_token(
                claims, audience=self._audience, issuer=signer.issuer, now=self._clock()
            )
        except TokenRefusedError as error:
            raise IdentityTokenError(f"The identity token is refused: {error}") from None
        if not await self._store.use_token(key_id, said.id, said.ends_at + LEEWAY):
            raise IdentityTokenError("This identity token was used before: mint one for every exchange.")
        return said

    async def _verified(self, key_id: KeyId, token: str) -> tuple[HostSigner, Mapping[str, object]]:
        refusal = TokenRefusedError("No identity secret and no key set is set up for this publishable key.")
        for live in (await self.live.current()).values():
            if live.signer.key_id != key_id or not live.signer.is_good(self._clock()):
                continue
            try:
                return live.signer, (await live.keys.verified(token)).claims
            except TokenRefusedError as error:
                refusal = error
            except UnavailableError as error:
                _log.warning("the key set of %s can't be had: %s", live.signer.id, error)
                refusal = TokenRefusedError("The host's key set can't be fetched now.")
        raise refusal

    # Configuration in memory

    async def _load(self) -> Mapping[SignerId, _Live]:
        """Return every signer that can be used; one that is known keeps what it fetched."""
        live = {}
        for signer in await self._store.all():
            made = self._made.get(signer.id)
            try:
                live[signer.id] = _Live(signer, made.keys if made is not None else self._keys_of(signer))
            except BadKeySetError:
                _log.error("the identity signer %s can't be used", signer.id)
        self._made = MappingProxyType(live)
        return self._made

    def _keys_of(self, signer: HostSigner) -> _Keys:
        if signer.issuer is None:
            if signer.secret is None:
                raise BadKeySetError("the secret can't be read")
            return _Secret(signer.secret)
        if signer.algorithm is SignatureAlgorithm.HS256:
            raise BadKeySetError(
                "What is published is no secret: a key set signs with RS256, PS256 or ES256."
            )
        if signer.jwks is not None:
            return InlineKeys(signer.jwks, signer.algorithm)
        return RemoteKeys(
            algorithm=signer.algorithm,
            fetch=self._fetch,
            clock=self._clock,
            issuer=signer.issuer,
            location=signer.jwks_uri,
        )

    def _signer(
        self,
        key_id: KeyId,
        algorithm: SignatureAlgorithm,
        *,
        secret: str | None = None,
        issuer: str | None = None,
        jwks: object = None,
        jwks_uri: str | None = None,
    ) -> HostSigner:
        now = self._clock()
        return HostSigner(
            id=SignerId(new_id("isg", now)),
            key_id=key_id,
            algorithm=algorithm,
            hint=None if secret is None else secret[-4:],
            secret=secret,
            issuer=issuer,
            jwks=jwks,
            jwks_uri=jwks_uri,
            created_at=now,
        )

    async def _check_room(self, viewer: Viewer, key_id: KeyId) -> None:
        require_scope(viewer, Scope.ADMIN)
        key = await self._access.find_key(viewer, key_id)
        if key is None or key.kind is not KeyKind.PUBLISHABLE or key.revoked_at is not None:
            raise NotFoundError("There is no such publishable key.")
        await self.live.refresh()
        good = [each for each in await self.of(viewer, key_id) if each.is_good(self._clock())]
        if len(good) >= _MOST_SIGNERS:
            message = f"A key has at most {_MOST_SIGNERS} secrets and key sets at a time: end one first."
            raise InvalidInputError(message, field="key")

    def _check_address(self, field: str, url: str) -> None:
        """Refuse what is no https address, since keys would come unprotected; http is for development."""
        if len(url) > _MAX_ADDRESS or not is_key_address(url, of=self._audience):
            raise InvalidInputError(f"{field} has to be a URL such as https://www.example.com.", field=field)
