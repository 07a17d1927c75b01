"""Configured enrichers in MongoDB: collection `enrichers`.

The document that an admin wrote lies there as text, since its names may have dots and dollars. A secret is
sealed together with the host that it is for: moved to another host's enricher, by whatever way, it is worth
nothing.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from server.enrichment.configured import ConfiguredEnricher, EnricherId
from server.enrichment.sources.hosts import host_of
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.kit.sealing import Seal, SealBrokenError, Sealed

if TYPE_CHECKING:
    from server.kit.mongo import Database, Document

ENRICHERS = "enrichers"
_log = logging.getLogger(__name__)


class EnricherStore:
    """Reads and writes the configuration of enrichers."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._enrichers = database[ENRICHERS]
        self._seal = Seal(secret, "enricher-secrets")
        self.sealed = Sealed(self._enrichers, "secrets", self._seal)

    async def create_indexes(self) -> None:
        """Make what the statements below need; does nothing where it exists."""
        await self._enrichers.create_indexes([IndexModel("key", unique=True)])

    async def insert(self, enricher: ConfiguredEnricher) -> None:
        """Store a new enricher; raise ConflictError where its key is taken."""
        try:
            await self._enrichers.insert_one(self._document(enricher))
        except DuplicateKeyError:
            raise ConflictError(
                f"There is an enricher {enricher.key!r} already, perhaps in the archive: choose another key."
            ) from None

    async def all(self) -> list[ConfiguredEnricher]:
        """Return every enricher, the oldest first."""
        return [self._model(each) async for each in self._enrichers.find().sort("_id", 1)]

    async def replace(self, enricher: ConfiguredEnricher) -> bool:
        """Store the next version; False where the stored one is not the version before it."""
        written = await self._enrichers.replace_one(
            {"_id": enricher.id, "version": enricher.version - 1}, self._document(enricher)
        )
        return written.matched_count == 1

    def _document(self, enricher: ConfiguredEnricher) -> Document:
        host = _host(enricher)
        return {
            "_id": enricher.id,
            "key": enricher.key,
            "document": json.dumps(enricher.document),
            "secrets": {
                name: self._seal.close(json.dumps([host, value])) for name, value in enricher.secrets.items()
            },
            "is_enabled": enricher.is_enabled,
            "archived_at": enricher.archived_at,
            "version": enricher.version,
            "revision": enricher.revision,
            "created_at": enricher.created_at,
        }

    def _model(self, document: Document) -> ConfiguredEnricher:
        given = json.loads(document["document"])
        return ConfiguredEnricher(
            id=EnricherId(document["_id"]),
            key=document["key"],
            document=given,
            secrets=self._opened(document, host_of(given["request"]["base_url"])),
            is_enabled=document["is_enabled"],
            archived_at=document["archived_at"],
            version=document["version"],
            revision=document["revision"],
            created_at=document["created_at"],
        )

    def _opened(self, document: Document, host: str) -> dict[str, str]:
        opened: dict[str, str] = {}
        for name, sealed in document["secrets"].items():
            try:
                bound_to, value = json.loads(self._seal.open(sealed))
            except SealBrokenError:
                _log.error("the secret %s of the enricher %s cannot be read", name, document["key"])
            else:
                if bound_to == host:
                    opened[name] = value
        return opened


def _host(enricher: ConfiguredEnricher) -> str:
    return host_of(enricher.document["request"]["base_url"])
