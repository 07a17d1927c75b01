"""What has to be stored and read again, and must be worth nothing to whoever gets hold of the database."""

from __future__ import annotations

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from server.kit.signing import derived_key

_HEADER = {"alg": "dir", "enc": "A256GCM"}  # RFC 7518, sections 4.5 and 5.3: the derived key itself, 256 bits


class SealBrokenError(Exception):
    """What was sealed was changed, or sealed with another secret."""


class Seal:
    """Encrypts with a key derived from the deployment's secret; `purpose` keeps one use from another's."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = OctKey.import_key(derived_key(secret, purpose))

    def close(self, text: str) -> str:
        """Return a text that only `open` of the same purpose reads."""
        return jwe.encrypt_compact(_HEADER, text.encode(), self._key)

    def open(self, sealed: str) -> str:
        """Return what was sealed; raise SealBrokenError."""
        try:
            opened = jwe.decrypt_compact(sealed, self._key, algorithms=["dir", "A256GCM"])
        except (JoseError, ValueError):
            raise SealBrokenError from None
        return (opened.plaintext or b"").decode()
