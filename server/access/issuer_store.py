"""Whose tokens are trusted, in MongoDB: collection `token_issuers`, by issuer: of each one line counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from server.access.model import IssuerId, Scope, TokenIssuer
from server.kit.jwts import SignatureAlgorithm

if TYPE_CHECKING:
    from server.kit.mongo import Database, Document

COLLECTION = "token_issuers"


class IssuerStore:
    """Reads and writes trusted issuers."""

    def __init__(self, database: Database) -> None:
        self._issuers = database[COLLECTION]

    async def create_indexes(self) -> None:
        """There is nothing to make: they are read whole."""

    async def all(self) -> list[TokenIssuer]:
        """Return every issuer that is trusted."""
        return [_model(each) async for each in self._issuers.find().sort("_id", 1)]

    async def put(self, issuer: TokenIssuer) -> None:
        """Trust an issuer in place of what was trusted of it before."""
        document = {
            "id": issuer.id,
            "name": issuer.name,
            "audience": issuer.audience,
            "algorithm": issuer.algorithm.value,
            "jwks": None if issuer.jwks is None else json.dumps(issuer.jwks),
            "jwks_uri": issuer.jwks_uri,
            "scope_claim": issuer.scope_claim,
            # A list of pairs: scopes of others have dots, which names of fields may not.
            "scopes": [[name, [each.value for each in scopes]] for name, scopes in issuer.scopes.items()],
            "created_at": issuer.created_at,
        }
        await self._issuers.replace_one({"_id": issuer.issuer}, document, upsert=True)

    async def delete(self, issuer_id: IssuerId) -> bool:
        """Trust an issuer no more; False where it is not trusted."""
        return (await self._issuers.delete_one({"id": issuer_id})).deleted_count == 1


def _model(document: Document) -> TokenIssuer:
    return TokenIssuer(
        id=IssuerId(document["id"]),
        name=document["name"],
        issuer=document["_id"],
        audience=document["audience"],
        algorithm=SignatureAlgorithm(document["algorithm"]),
        jwks=None if document["jwks"] is None else json.loads(document["jwks"]),
        jwks_uri=document["jwks_uri"],
        scope_claim=document["scope_claim"],
        scopes={name: tuple(Scope(each) for each in scopes) for name, scopes in document["scopes"]},
        created_at=document["created_at"],
    )
