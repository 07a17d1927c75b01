"""Secrets and what is derived from them: random tokens, their hashes, and short keyed tags."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN_BYTES = 32


def new_secret(prefix: str) -> str:
    """Return `prefix_` and 256 random bits in URL-safe base64: too many to guess."""
    return f"{prefix}_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def secret_hash(secret: str) -> str:
    """Return the SHA-256 of a secret in hex: what is stored in its place.

    No salt and no slow hash: the secret is random and long (see `new_secret`), never chosen by a person.
    """
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def derived_key(secret: str, purpose: str) -> bytes:
    """Return a key for one purpose, so that a tag made for one use is worthless for another.

    Of a secret in several lines, where one takes another's place, it is the first that makes things.
    """
    return derived_keys(secret, purpose)[0]


def derived_keys(secret: str, purpose: str) -> tuple[bytes, ...]:
    """Return the keys of all lines: what each of them made is still good."""
    return tuple(hmac.digest(each.encode(), purpose.encode(), "sha256") for each in secret.split("\n"))


def tag(key: bytes, *parts: str) -> str:
    """Return a 128-bit HMAC-SHA256 tag over the parts in URL-safe base64 (22 characters).

    The parts are joined by NUL, which none of ours contains: ("a", "bc") and ("ab", "c") differ.
    """
    tagging = _tagging(key).copy()
    tagging.update("\0".join(parts).encode())
    return base64.urlsafe_b64encode(tagging.digest()[:16]).rstrip(b"=").decode()


@lru_cache(100)
def _tagging(key: bytes) -> hmac.HMAC:
    """Return what tags with a key: `hmac.digest` would look the hash up each time, and let go of the lock."""
    return hmac.new(key, digestmod="sha256")


def is_tag(given: str, keys: Iterable[bytes], *parts: str) -> bool:
    """Whether a text is the tag that one of these keys makes of the parts."""
    return any(is_same(given, tag(key, *parts)) for key in keys)


def is_same(left: str, right: str) -> bool:
    """Compare in time that does not depend on where the strings differ."""
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))


def s256_challenge(verifier: str) -> str:
    """Return the PKCE S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode(errors="surrogatepass")).digest())
        .rstrip(b"=")
        .decode()
    )
