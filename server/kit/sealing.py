"""What has to be stored and read again, and must be worth nothing to whoever gets hold of the database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from server.kit.signing import derived_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Collection, Document

_HEADER = {"alg": "dir", "enc": "A256GCM"}  # RFC 7518, sections 4.5 and 5.3: the derived key itself, 256 bits


_DOTS = 4  # of what is sealed: RFC 7516, section 3.1


class SealBrokenError(Exception):
    """What was sealed was changed, or sealed with another secret."""


class Seal:
    """Encrypts with a key derived from the deployment's secret; `purpose` keeps one use from another's."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._keys = [OctKey.import_key(each) for each in derived_keys(secret, purpose)]

    def close(self, text: str) -> str:
        """Return a text that only `open` of the same purpose reads."""
        return jwe.encrypt_compact(_HEADER, text.encode(), self._keys[0])

    def open(self, sealed: str) -> str:
        """Return what was sealed, by this secret or one before it; raise SealBrokenError."""
        for key in self._keys:
            with suppress(JoseError, ValueError):
                opened = jwe.decrypt_compact(sealed, key, algorithms=["dir", "A256GCM"])
                return (opened.plaintext or b"").decode()
        raise SealBrokenError

    def renewed(self, value: Any) -> Any:  # noqa: ANN401 - any part of a document
        """Return a part of a document in which all is sealed anew that a secret before this one sealed."""
        if isinstance(value, dict):
            return {name: self.renewed(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.renewed(each) for each in value]
        return self._renewed(value) if isinstance(value, str) else value

    def opens(self, value: Any) -> bool:  # noqa: ANN401 - any part of a document
        """Whether all that is sealed in a part of a document can be read."""
        if isinstance(value, dict):
            return all(map(self.opens, value.values()))
        if isinstance(value, list):
            return all(map(self.opens, value))
        if not isinstance(value, str) or value.count(".") != _DOTS:
            return True
        with suppress(SealBrokenError):
            self.open(value)
            return True
        return False

    def _renewed(self, text: str) -> str:
        for key in self._keys[1:]:
            with suppress(JoseError, ValueError):
                opened = jwe.decrypt_compact(text, key, algorithms=["dir", "A256GCM"])
                return self.close((opened.plaintext or b"").decode())
        return text


@dataclass(frozen=True, slots=True)
class Sealed:
    """What lies sealed in one field of a collection's documents."""

    collection: Collection
    field: str
    seal: Seal

    async def renew(self) -> int:
        """Seal anew what a former secret sealed; return in how many documents."""
        count = 0
        async for document in self._documents():
            before, after = document[self.field], self.seal.renewed(document[self.field])
            if after != before:  # the filter leaves alone what somebody wrote meanwhile, with the new secret
                written = await self.collection.update_one(
                    {"_id": document["_id"], self.field: before}, {"$set": {self.field: after}}
                )
                count += written.modified_count
        return count

    async def unreadable(self) -> int:
        """Return in how many documents something can't be opened."""
        return sum([not self.seal.opens(each[self.field]) async for each in self._documents()])

    def _documents(self) -> AsyncIterator[Document]:
        return self.collection.find({self.field: {"$ne": None}}, {self.field: 1})
