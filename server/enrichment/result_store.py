"""Answers of sources, in MongoDB: collection `look_up_results`, so that nobody pays twice for one.

Document: `_id enricher consent profile_id is_match findings observed_at at expires_at`. The id is a keyed
hash of the enricher, its revision and the inputs. `profile_id` says for whom it was paid; what is found about
a company has none, since it speaks of nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from server.enrichment.model import Finding, Found, NoMatch, Scope
from server.kit.documents import known
from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher
    from server.kit.mongo import Database
    from server.profiles.model import ProfileId, Value

COLLECTION = "look_up_results"


class ResultStore:
    """Reads and writes results."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._results = database[COLLECTION]
        self._secret = secret.split("\n", maxsplit=1)[0].encode()  # what one before it made is looked up anew

    async def create_indexes(self) -> None:
        """Make what the statements need; does nothing where it exists."""
        await self._results.create_indexes(
            [
                IndexModel("expires_at", expireAfterSeconds=0),
                IndexModel("profile_id", name="of", partialFilterExpression={"profile_id": {"$gt": ""}}),
            ]
        )

    async def find(
        self, enricher: Enricher, inputs: Mapping[str, Value], now: datetime
    ) -> tuple[Found | NoMatch, datetime] | None:
        """Return what the source said of these inputs, and when."""
        entry = await self._results.find_one({"_id": self._key(enricher, inputs), "expires_at": {"$gt": now}})
        if entry is None:
            return None
        if not entry["is_match"]:
            return NoMatch(), entry["at"]
        findings = tuple(Finding(**known(Finding, each)) for each in entry["findings"])
        return Found(findings=findings, observed_at=entry["observed_at"] or entry["at"]), entry["at"]

    async def keep(
        self,
        enricher: Enricher,
        inputs: Mapping[str, Value],
        result: Found | NoMatch,
        profile_id: ProfileId,
        *,
        now: datetime,
        until: datetime,
    ) -> None:
        """Keep an answer until then."""
        found = result if isinstance(result, Found) else None
        entry = {
            "enricher": enricher.key,
            "consent": enricher.purpose,
            "profile_id": profile_id if enricher.scope is Scope.PERSON else None,
            "is_match": found is not None,
            "findings": [
                {"key": each.key, "value": each.value, "confidence": each.confidence}
                for each in (found.findings if found else ())
                if each.key in enricher.outputs
            ],
            "observed_at": found.observed_at if found else None,
            "at": now,
            "expires_at": until,
        }
        await self._results.replace_one({"_id": self._key(enricher, inputs)}, entry, upsert=True)

    async def forget(self, enricher: str) -> None:
        """Remove whatever this enricher brought."""
        await self._results.delete_many({"enricher": enricher})

    def _key(self, enricher: Enricher, inputs: Mapping[str, Value]) -> str:
        said = json.dumps([enricher.key, enricher.revision, inputs], sort_keys=True).casefold()
        return hmac.new(self._secret, said.encode(), hashlib.sha256).hexdigest()
