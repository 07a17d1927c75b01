"""What a provider publishes: asked for once however many people wait, and believed for an hour."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.identity.errors import ProviderUnavailableError
from server.identity.providers.id_token import read_keys
from server.identity.providers.metadata import discovery_url, read_metadata

if TYPE_CHECKING:
    from datetime import datetime

    from joserfc.jwk import KeySet

    from server.identity.providers.bounded import BoundedClient
    from server.identity.providers.metadata import Metadata
    from server.kit.clock import Clock

_FRESH = timedelta(hours=1)
# After a failure nobody asks for so long: those who wait for a dead provider fail together, not one by one.
_PAUSE = timedelta(seconds=2)


class Published:
    """Metadata and keys of one issuer."""

    def __init__(
        self, issuer: str, *, client: BoundedClient, clock: Clock, location: str | None = None
    ) -> None:
        self._issuer = issuer
        self._location = location or discovery_url(issuer)
        self._client = client
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._loaded_at: datetime | None = None
        self._failed_at: datetime | None = None

    async def metadata(self) -> Metadata:
        """Return the metadata; raise ProviderUnavailableError."""
        async with self._lock:
            return await self._current_metadata()

    async def keys(self) -> KeySet:
        """Return the keys that ID tokens are signed with; raise ProviderUnavailableError."""
        async with self._lock:
            return self._keys or await self._load_keys()

    async def newer_keys(self) -> KeySet:
        """Return the keys as they are this moment: the provider used one that we do not know (key rotation).

        Only what the provider itself signed leads here, so that no stranger makes us ask again and again.
        """
        async with self._lock:
            return await self._load_keys()

    async def _current_metadata(self) -> Metadata:
        now = self._clock()
        if self._metadata is None or self._loaded_at is None or now - self._loaded_at > _FRESH:
            document = await self._get(self._location)
            self._metadata, self._keys = read_metadata(document, self._issuer), None
            self._loaded_at = now
        return self._metadata

    async def _load_keys(self) -> KeySet:
        metadata = await self._current_metadata()
        self._keys = read_keys(await self._get(metadata.jwks_uri))
        return self._keys

    async def _get(self, url: str) -> dict[str, Any]:
        if self._failed_at is not None and self._clock() - self._failed_at < _PAUSE:
            message = "it did not answer a moment ago"
            raise ProviderUnavailableError(message)
        try:
            document = await self._client.get(url)
        except ProviderUnavailableError:
            self._failed_at = self._clock()
            raise
        self._failed_at = None
        return document
