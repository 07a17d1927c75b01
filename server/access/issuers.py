"""Apps that come with a token of somebody else's: an authorization server that an admin trusts.

The checks are those of RFC 9068, section 4, for tokens that were got with client credentials. Not verified:
whether the issuer revoked a token since (they live a day at most), and who holds it: a token that is bound to
a key (`cnf`) wants a proof that we can't check, and is refused.
"""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from server.access.errors import AuthenticationError
from server.access.model import IssuerId, KeyId, Scope, TokenIssuer, Viewer, ViewerKind
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError, UnavailableError
from server.kit.ids import new_id
from server.kit.jwts import (
    BadKeySetError,
    SignatureAlgorithm,
    TokenRefusedError,
    Verified,
    checked_end,
    checked_text,
)
from server.kit.key_sets import InlineKeys, RemoteKeys, is_key_address
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.issuer_store import IssuerStore
    from server.kit.clock import Clock
    from server.kit.key_sets import Fetch

_log = logging.getLogger(__name__)
_LONGEST = timedelta(days=1)
_MAX_TEXT = 2_048  # characters of an issuer, an audience, an address
_MAX_NAME = 100
_MOST_SCOPES = 100
_TYPE = "at+jwt"  # RFC 9068, section 2.1
# What only ID tokens have: those say who somebody is, to somebody else, and are no leave to do anything.
_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash"})


class _Keys(Protocol):
    async def verified(self, token: str) -> Verified: ...


@dataclass(frozen=True, slots=True)
class _Live:
    issuer: TokenIssuer
    keys: _Keys


class TokenIssuers:
    """Whose tokens are trusted. Admins say so; apps come with the tokens."""

    def __init__(self, *, store: IssuerStore, fetch: Fetch, public_url: str, clock: Clock) -> None:
        self._store = store
        self._fetch = fetch
        self._public_url = public_url
        self._clock = clock
        self._made: Mapping[str, _Live] = {}
        self.live: Watched[Mapping[str, _Live]] = Watched("token_issuers", self._load)

    # What admins do

    async def trust(self, viewer: Viewer, issuer: TokenIssuer) -> TokenIssuer:
        """Trust an issuer (admins only), in place of what was trusted of it; its id and date are made here.

        Nothing is fetched before a token comes. Raises ForbiddenError, InvalidInputError.
        """
        _require_admin(viewer)
        self._check(issuer)
        now = self._clock()
        complete = replace(issuer, id=IssuerId(new_id("tki", now)), created_at=now)
        try:
            self._keys_of(complete)
        except BadKeySetError as error:
            field = "algorithm" if issuer.jwks is None else "jwks"
            raise InvalidInputError(str(error), field=field) from None
        await self._store.put(complete)
        await self.live.refresh()
        return complete

    async def end(self, viewer: Viewer, issuer_id: IssuerId) -> None:
        """Trust an issuer no more (admins only), at once; raise ForbiddenError, NotFoundError."""
        _require_admin(viewer)
        if not await self._store.delete(issuer_id):
            raise NotFoundError("There is no such issuer, or it is trusted no more.")
        await self.live.refresh()

    async def listed(self, viewer: Viewer) -> list[TokenIssuer] | None:
        """Return who is trusted; None for whoever is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        return [each.issuer for each in (await self.live.current()).values()]

    # Tokens

    async def viewer(self, token: str, origin: str | None) -> Viewer | None:  # noqa: ARG002 - any origin, as keys
        """Return the app that a token of a trusted issuer proves; None for a token that names no such issuer.

        The name is read before anything is verified, and decides no more than whose keys are tried.
        """
        live = await self.live.current()
        found = live.get(_issuer_named(token)) if live else None
        if found is None:
            return None
        try:
            said = await found.keys.verified(token)
            return _viewer(found.issuer, said, self._clock)
        except TokenRefusedError as error:
            raise AuthenticationError(f"The token is refused: {error}") from None
        except UnavailableError as error:
            _log.warning("the keys of %s can't be had: %s", found.issuer.id, error)
            raise AuthenticationError(
                "The token is refused: its issuer's keys can't be fetched now."
            ) from None

    # Configuration in memory

    async def _load(self) -> Mapping[str, _Live]:
        """Return every issuer that can be used; one that did not change keeps the keys it fetched."""
        live = {}
        for issuer in await self._store.all():
            made = self._made.get(issuer.issuer)
            try:
                is_same = made is not None and made.issuer == issuer
                live[issuer.issuer] = made if made and is_same else _Live(issuer, self._keys_of(issuer))
            except BadKeySetError:
                _log.error("the issuer %s can't be used", issuer.id)
        self._made = MappingProxyType(live)
        return self._made

    def _keys_of(self, issuer: TokenIssuer) -> _Keys:
        if issuer.algorithm is SignatureAlgorithm.HS256:
            raise BadKeySetError("An issuer signs with keys that it publishes: RS256, PS256 or ES256.")
        if issuer.jwks is not None:
            return InlineKeys(issuer.jwks, issuer.algorithm)
        return RemoteKeys(
            algorithm=issuer.algorithm,
            fetch=self._fetch,
            clock=self._clock,
            issuer=issuer.issuer,
            location=issuer.jwks_uri,
        )

    def _check(self, issuer: TokenIssuer) -> None:
        texts = (
            ("name", issuer.name, _MAX_NAME),
            ("audience", issuer.audience, _MAX_TEXT),
            ("scopeClaim", issuer.scope_claim, _MAX_NAME),
        )
        for field, text, most in texts:
            if not 0 < len(text.strip()) == len(text) <= most or not text.isprintable():
                raise InvalidInputError(f"{field} has 1 to {most} visible characters.", field=field)
        for field, url in (("issuer", issuer.issuer), ("jwksUri", issuer.jwks_uri)):
            if url is not None and (len(url) > _MAX_TEXT or not is_key_address(url, of=self._public_url)):
                raise InvalidInputError(
                    f"{field} has to be a URL such as https://id.example.com.", field=field
                )
        if issuer.issuer == self._public_url:
            raise InvalidInputError(
                "This is our own address: our tokens need nobody's trust.", field="issuer"
            )
        _check_scopes(issuer.scopes)


def _check_scopes(scopes: Mapping[str, tuple[Scope, ...]]) -> None:
    if not 0 < len(scopes) <= _MOST_SCOPES or not all(scopes.values()):
        message = f"1 to {_MOST_SCOPES} values of the claim have to allow something."
        raise InvalidInputError(message, field="scopes")
    if any(Scope.ADMIN in each for each in scopes.values()):
        # Whoever runs the issuer could make admins of us; those sign in, or have a key that we made.
        raise InvalidInputError("No token of somebody else's makes an admin.", field="scopes")


def _require_admin(viewer: Viewer) -> None:
    if not viewer.has_scope(Scope.ADMIN):
        raise ForbiddenError(f"This needs a secret key with the scope {Scope.ADMIN.value}.")


def _issuer_named(token: str) -> str:
    """Return what stands in `iss` of what may be a token, unverified; empty where nothing does."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        named = claims["iss"]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return ""
    return named if isinstance(named, str) else ""


def _viewer(issuer: TokenIssuer, said: Verified, clock: Clock) -> Viewer:
    claims = said.claims
    _check_type(said)
    audience = claims.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefusedError(f"`aud` has to name {issuer.audience}.")
    if claims.get("iss") != issuer.issuer:  # by which it was found; the check stands where the others do
        raise TokenRefusedError(f"`iss` has to be {issuer.issuer}.")
    checked_end(claims, clock(), longest=_LONGEST)
    checked_text(claims, "sub")
    return Viewer(
        kind=ViewerKind.APP,
        key_id=KeyId(f"{issuer.id}/{_client(claims)}"),
        scopes=frozenset(_scopes(issuer, claims.get(issuer.scope_claim))),
        app=issuer.app,
    )


def _check_type(said: Verified) -> None:
    """Tell access tokens from ID tokens: by their type, else by what only ID tokens have."""
    kind = said.header.get("typ", "JWT")
    plain = kind.lower().removeprefix("application/") if isinstance(kind, str) else ""
    if plain not in {_TYPE, "jwt"}:
        raise TokenRefusedError(f"`typ` has to be {_TYPE}.")
    if plain != _TYPE and _OF_ID_TOKENS & said.claims.keys():
        raise TokenRefusedError("An ID token says who somebody is and opens nothing: send an access token.")
    if "cnf" in said.claims:
        raise TokenRefusedError("It is bound to a key (`cnf`), and nothing here proves who holds that.")


def _client(claims: Mapping[str, Any]) -> str:
    """Return what the issuer calls the app, for the audit log (RFC 9068, section 2.2, and others' names)."""
    for name in ("client_id", "azp", "appid"):
        if isinstance(claims.get(name), str):
            return checked_text(claims, name)
    return "unnamed"


def _scopes(issuer: TokenIssuer, given: object) -> set[Scope]:
    """Return what the values of the claim allow: words of a text (RFC 6749, section 3.3), or a list."""
    values = given.split(" ") if isinstance(given, str) else given if isinstance(given, list) else []
    return {scope for each in values if isinstance(each, str) for scope in issuer.scopes.get(each, ())}
