"""What hosts sign with, and which of their tokens were used, in MongoDB.

Collections: `identity_signers` by id, secrets sealed as those of providers are (see providers/store.py), and
`used_identity_tokens`, by the hash of key and `jti`, until the token could not be good any more.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from server.access.model import KeyId
from server.identity.model import HostSigner, SignerId
from server.kit.jwts import SignatureAlgorithm
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.kit.sealing import Seal, SealBrokenError, Sealed
from server.kit.signing import secret_hash

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document

SIGNERS = "identity_signers"
USED = "used_identity_tokens"
_log = logging.getLogger(__name__)


class HostStore:
    """Reads and writes what belongs to hosts."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self._signers = database[SIGNERS]
        self._used = database[USED]
        self._seal = Seal(secret, "identity-secrets")
        self.sealed = Sealed(self._signers, "secret", self._seal)

    async def create_indexes(self) -> None:
        """Have used tokens forgotten when they are over; which are used is known by their id alone."""
        await self._used.create_indexes([IndexModel("expires_at", expireAfterSeconds=0)])

    async def all(self) -> list[HostSigner]:
        """Return every signer, the oldest first; of one whose secret can't be read the secret is None."""
        return [self._model(each) async for each in self._signers.find().sort("_id", 1)]

    async def insert(self, signer: HostSigner) -> None:
        """Add a signer."""
        await self._signers.insert_one(
            {
                "_id": signer.id,
                "key_id": signer.key_id,
                "algorithm": signer.algorithm.value,
                "hint": signer.hint,
                "secret": None if signer.secret is None else self._seal.close(signer.secret),
                "issuer": signer.issuer,
                "jwks": None if signer.jwks is None else json.dumps(signer.jwks),
                "jwks_uri": signer.jwks_uri,
                "created_at": signer.created_at,
                "ends_at": signer.ends_at,
            }
        )

    async def end_secrets(self, key_id: KeyId, at: datetime, *, but: SignerId) -> None:
        """Let the other secrets of a key end then, if they don't end before."""
        others = {"key_id": key_id, "algorithm": SignatureAlgorithm.HS256.value, "_id": {"$ne": but}}
        later = {"$or": [{"ends_at": None}, {"ends_at": {"$gt": at}}]}
        await self._signers.update_many({**others, **later}, {"$set": {"ends_at": at}})

    async def end(self, signer_id: SignerId, at: datetime) -> bool:
        """Let a signer end then, if it does not end before; False where there is none."""
        later = {"$or": [{"ends_at": None}, {"ends_at": {"$gt": at}}]}
        await self._signers.update_one({"_id": signer_id, **later}, {"$set": {"ends_at": at}})
        return await self._signers.find_one({"_id": signer_id}, {"_id": 1}) is not None

    async def use_token(self, key_id: KeyId, token_id: str, expires_at: datetime) -> bool:
        """Note that a token is used; False where it was: of two requests at once one is told so."""
        try:
            await self._used.insert_one(
                {"_id": secret_hash(f"{key_id}|{token_id}"), "expires_at": expires_at}
            )
        except DuplicateKeyError:
            return False
        return True

    def _model(self, document: Document) -> HostSigner:
        return HostSigner(
            id=SignerId(document["_id"]),
            key_id=KeyId(document["key_id"]),
            algorithm=SignatureAlgorithm(document["algorithm"]),
            hint=document["hint"],
            secret=self._opened(document),
            issuer=document["issuer"],
            jwks=None if document["jwks"] is None else json.loads(document["jwks"]),
            jwks_uri=document["jwks_uri"],
            created_at=document["created_at"],
            ends_at=document["ends_at"],
        )

    def _opened(self, document: Document) -> str | None:
        try:
            return None if document["secret"] is None else self._seal.open(document["secret"])
        except SealBrokenError:
            _log.error("the identity secret %s can't be read: make another", document["_id"])
            return None
