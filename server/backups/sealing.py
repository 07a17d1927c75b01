"""The content of a part, compressed and encrypted to public keys: `age` and `zstd` read it without us.

pyrage is age in Rust: X25519, HKDF and ChaCha20-Poly1305 as https://age-encryption.org/v1 puts them together.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pyrage import DecryptError, IdentityError, RecipientError, decrypt, encrypt, x25519

from server.backups.errors import BackupError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Sequence

_PUBLIC = "age1"
_COMMENT = "#"


def new_key() -> tuple[str, str]:
    """Return a secret key and the public key that belongs to it."""
    key = x25519.Identity.generate()
    return str(key), str(key.to_public())


def sealed(content: bytes, recipients: Sequence[str]) -> bytes:
    """Return what only the secret keys of these public ones open."""
    closed: bytes = encrypt(zstd.compress(content), [_recipient(each) for each in recipients])
    return closed


def opened(file: str, content: bytes, keys: Sequence[str]) -> bytes:
    """Return what was sealed; raise BackupError, which names the file, where none of these keys opens it."""
    try:
        return zstd.decompress(decrypt(content, [_identity(each) for each in keys]))
    except DecryptError:
        raise BackupError(
            f"{file} can't be opened with this key: give the secret key of one of the public keys that the"
            " backup was made for (`recipients` in its manifest.json)."
        ) from None


def read_public_keys(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the public keys; raise BackupError for what is none."""
    for each in texts:
        _recipient(each)
    return tuple(dict.fromkeys(texts))


def read_secret_keys(text: str) -> tuple[str, ...]:
    """Return the keys of a file as `age-keygen` and `acquaint backup-key` write it, one a line."""
    lines = [line.strip() for line in text.splitlines()]
    keys = tuple(line for line in lines if line and not line.startswith(_COMMENT))
    for each in keys:
        _identity(each)
    if not keys:
        raise BackupError("There is no secret key in that file: it should hold AGE-SECRET-KEY-1….")
    return keys


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except RecipientError:
        raise BackupError(
            f"{text[:80]!r} is no public key: it should be {_PUBLIC}…, as `acquaint backup-key` prints."
        ) from None


def _identity(text: str) -> x25519.Identity:
    try:
        return x25519.Identity.from_str(text)
    except IdentityError:
        raise BackupError("There is a line in that file that is no secret key AGE-SECRET-KEY-1….") from None
