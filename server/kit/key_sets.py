"""Key sets that others publish: fetched once however many wait, believed for a while, fetched anew in bounds.

What is fetched is as hostile as whoever serves it; how (bounded, to public addresses) is `fetch`'s matter.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.kit.errors import UnavailableError
from server.kit.jwts import BadKeySetError, UnknownKeyError, public_keys, verified

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from joserfc.jwk import Key

    from server.kit.clock import Clock
    from server.kit.jwts import SignatureAlgorithm, Verified

    Fetch = Callable[[str], Awaitable[dict[str, Any]]]

_FRESH = timedelta(minutes=10)
# How long keys count while their publisher is down: an outage of theirs shall not be one of ours, and a key
# that was withdrawn because it leaked shall not last.
_STALE = timedelta(hours=1)
# Strangers write `kid`: at most so often a name that we do not know makes us ask.
_PAUSE = timedelta(seconds=60)


class RemoteKeys:
    """The keys at one address: that of a key set, or that of an issuer whose metadata names it."""

    def __init__(
        self,
        *,
        algorithm: SignatureAlgorithm,
        fetch: Fetch,
        clock: Clock,
        issuer: str = "",
        location: str | None = None,
    ) -> None:
        self._algorithm = algorithm
        self._fetch = fetch
        self._clock = clock
        self._issuer = issuer
        self._location = location
        self._lock = asyncio.Lock()
        self._keys: Sequence[Key] = ()
        self._loaded_at: datetime | None = None
        self._tried_at: datetime | None = None

    async def verified(self, token: str) -> Verified:
        """Return what a token says; raise TokenRefusedError, UnavailableError."""
        try:
            return verified(token, await self._current(_FRESH), self._algorithm)
        except UnknownKeyError:
            return verified(token, await self._current(_PAUSE), self._algorithm)

    async def _current(self, age: timedelta) -> Sequence[Key]:
        """Return the keys as of at most `age` ago; older ones where asking again has to wait or fails."""
        async with self._lock:
            if not self._is_within(self._loaded_at, age) and not self._is_within(self._tried_at, _PAUSE):
                await self._load()
            if not self._is_within(self._loaded_at, _STALE):
                raise UnavailableError("The key set could not be fetched a moment ago.")
            return self._keys

    async def _load(self) -> None:
        self._tried_at = self._clock()
        try:
            document = await self._fetch(self._location or await self._discovered())
            self._keys, self._loaded_at = public_keys(document, self._algorithm), self._tried_at
        except (UnavailableError, BadKeySetError) as error:
            if not self._is_within(self._loaded_at, _STALE):
                raise UnavailableError(f"The key set could not be fetched: {error}") from error

    async def _discovered(self) -> str:
        """Return where the issuer says that its keys are (OpenID Connect Discovery, section 4)."""
        metadata = await self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        location = metadata.get("jwks_uri")
        if metadata.get("issuer") != self._issuer:  # to the letter: section 4.3
            raise UnavailableError("the metadata is another issuer's")
        if not isinstance(location, str) or not is_key_address(location, of=self._issuer):
            raise UnavailableError("the metadata names no usable jwks_uri")
        return location

    def _is_within(self, moment: datetime | None, age: timedelta) -> bool:
        return moment is not None and self._clock() - moment < age


class InlineKeys:
    """Keys that an admin gave us; they change when the admin gives others."""

    def __init__(self, document: object, algorithm: SignatureAlgorithm) -> None:
        self._keys = public_keys(document, algorithm)
        self._algorithm = algorithm

    async def verified(self, token: str) -> Verified:
        """Return what a token says; raise TokenRefusedError."""
        return verified(token, self._keys, self._algorithm)


def is_key_address(url: str, *, of: str = "https:") -> bool:
    """Whether keys may be fetched there: over TLS, save for what belongs to a plain http address (`of`)."""
    schemes = {"https"} if of.startswith("https:") else {"https", "http"}
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0 and parts.scheme in schemes
    except ValueError:
        return False
    return is_whole and not (parts.username or parts.fragment) and url.isascii() and url.isprintable()
