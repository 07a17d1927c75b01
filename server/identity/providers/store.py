"""Providers as admins configured them, in MongoDB: collection `providers`, by key.

Client secrets are sealed with a key derived from the deployment's secret, which the database does not have:
a copy of it signs nobody in anywhere. With another deployment secret they can't be read, and the provider is
off until its secret is given anew.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.sealing import Seal, SealBrokenError, Sealed
from server.settings import ProviderSettings

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document

PROVIDERS = "providers"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredProvider:
    """A provider as stored, and whether it is on."""

    settings: ProviderSettings
    is_on: bool


class ProviderStore:
    """Reads and writes the configuration of providers."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._providers = database[PROVIDERS]
        self._seal = Seal(secret, "provider-secrets")
        self.sealed = Sealed(self._providers, "secret", self._seal)

    async def all(self) -> list[StoredProvider]:
        """Return every provider, by key."""
        return [self._model(each) async for each in self._providers.find().sort("_id", 1)]

    async def put(self, settings: ProviderSettings, *, is_on: bool, now: datetime) -> None:
        """Store a provider in place of the one with its key: of two admins at once the later one counts."""
        document = {
            "kind": settings.kind,
            "name": settings.name,
            "issuer": settings.issuer,
            "client_id": settings.client_id,
            "secret": self._seal.close(settings.client_secret),
            "scopes": list(settings.scopes),
            "claims": [list(pair) for pair in settings.claims.items()],
            "requested": None if settings.requested is None else list(settings.requested),
            "sync": [list(pair) for pair in settings.sync.items()],
            "options": [list(pair) for pair in settings.options.items()],
            "is_on": is_on,
            "updated_at": now,
        }
        await self._providers.replace_one({"_id": settings.key}, document, upsert=True)

    def _model(self, document: Document) -> StoredProvider:
        secret, is_readable = self._opened(document)
        requested = document["requested"]
        settings = ProviderSettings(
            key=document["_id"],
            kind=document["kind"],
            name=document["name"],
            issuer=document["issuer"],
            client_id=document["client_id"],
            client_secret=secret,
            scopes=tuple(document["scopes"]),
            claims=dict(document["claims"]),
            requested=None if requested is None else tuple(requested),
            sync=dict(document["sync"]),
            options=dict(document["options"]),
        )
        return StoredProvider(settings, document["is_on"] and is_readable)

    def _opened(self, document: Document) -> tuple[str, bool]:
        try:
            return self._seal.open(document["secret"]), True
        except SealBrokenError:
            _log.error("the secret of the provider %s cannot be read", document["_id"])
            return "", False
