"""JSON Web Tokens that somebody else signed: is the signature by one of their keys, is it for us, is it time?

Pure. What a token says of itself decides nothing here: algorithm, keys and audience come from our settings.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, OctKey
from joserfc.jws import JWSRegistry, extract_compact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joserfc.jwk import Key

LEEWAY = timedelta(seconds=60)  # between the clock of whoever signs and ours
MAX_TOKEN = 8_192  # characters; an honest one has some 1,000
_MAX_KEYS = 20  # of a set: two while keys rotate, some more for other algorithms
_MIN_RSA_BITS = 2_048  # RFC 7518, section 3.3
_LATEST = 253_402_300_799  # seconds: the last of the year 9999, which is as far as a datetime goes
# Whatever a hostile token or key makes the parsers stumble over; each of them means: not proved.
_MALFORMED = (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class TokenRefusedError(Exception):
    """The token proves nothing; the message names the check and quotes nothing of the token."""


class UnknownKeyError(TokenRefusedError):
    """The token names a key that the set does not hold: perhaps a newer set does."""


class BadKeySetError(ValueError):
    """A document holds no key that fits; the message says what would be right."""


class SignatureAlgorithm(StrEnum):
    """How a token is signed (RFC 7518, section 3.1). No list of anybody else's is asked which are good."""

    HS256 = "HS256"
    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"


_KEY_TYPES = {
    SignatureAlgorithm.HS256: "oct",
    SignatureAlgorithm.RS256: "RSA",
    SignatureAlgorithm.PS256: "RSA",
    SignatureAlgorithm.ES256: "EC",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says, signed by one of the keys; nothing of it is checked yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)


def secret_key(secret: str) -> Key:
    """Return the HS256 key that the bytes of a secret are."""
    return OctKey.import_key(secret.encode())


def public_keys(document: object, algorithm: SignatureAlgorithm) -> tuple[Key, ...]:
    """Return the keys of a JWK set (RFC 7517, section 5) for this algorithm; raise BadKeySetError.

    A symmetric key that lies about in a document is no secret, so that none is ever taken from one. Keys for
    encryption and those of other types or algorithms are left out.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if algorithm is SignatureAlgorithm.HS256 or not isinstance(listed, list) or len(listed) > _MAX_KEYS:
        raise BadKeySetError(f"A JWK set is an object with a list of 1 to {_MAX_KEYS} public `keys`.")
    keys = tuple(key for each in listed if (key := _public_key(each, algorithm)) is not None)
    if not keys:
        raise BadKeySetError(f"The JWK set holds no public key that can verify {algorithm.value}.")
    return keys


def _public_key(given: object, algorithm: SignatureAlgorithm) -> Key | None:
    if not isinstance(given, dict) or given.get("kty") != _KEY_TYPES[algorithm] or "d" in given:
        return None
    if given.get("use", "sig") != "sig" or given.get("alg", algorithm) != algorithm:
        return None
    try:
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # weak keys: see below
            key = JWKRegistry.import_key(given)
        is_strong = getattr(key.public_key, "key_size", 0) >= _MIN_RSA_BITS or key.key_type != "RSA"
        JWSRegistry.algorithms[algorithm].check_key(key)
    except _MALFORMED:
        return None
    return key if is_strong and isinstance(key.kid, str | None) else None


def verified(token: str, keys: Sequence[Key], algorithm: SignatureAlgorithm) -> Verified:
    """Return what the token says; raise TokenRefusedError, or UnknownKeyError where it names another key.

    The algorithm is pinned (RFC 8725, section 3.1), so that neither `none` nor a public key taken for an HMAC
    secret gets through. `jwk`, `jku`, `x5c` and `x5u` of the header are never looked at (section 3.10).
    Fields that we do not know may stand there, unless `crit` says that they matter (RFC 7515, section
    4.1.11).
    """
    if len(token) > MAX_TOKEN:
        raise TokenRefusedError(f"The token is longer than {MAX_TOKEN} characters.")
    registry = JWSRegistry(algorithms=[algorithm.value], strict_check_header=False)
    try:
        header = extract_compact(token.encode(), registry=registry).headers()
    except _MALFORMED:
        raise TokenRefusedError(
            "This is no signed JWT in the compact form (RFC 7515, section 7.1)."
        ) from None
    if header.get("alg") != algorithm.value:
        raise TokenRefusedError(f"`alg` has to be {algorithm.value}.")
    for key in _named(keys, header.get("kid")):
        try:
            return Verified(header, jwt.decode(token, key, registry=registry).claims)
        except _MALFORMED:
            continue
    raise TokenRefusedError("The signature is by none of the keys, or what is signed is no JWT.")


def _named(keys: Sequence[Key], kid: object) -> Sequence[Key]:
    """Return the keys that a token may be signed with: those it names, else all. A secret has no name."""
    if kid is None or all(key.key_type == "oct" for key in keys):
        return keys
    named = [key for key in keys if key.kid == kid]
    if not named:
        raise UnknownKeyError("`kid` names a key that is not in the key set.")
    return named


def checked_end(claims: Mapping[str, Any], now: datetime, *, longest: timedelta | None = None) -> datetime:
    """Return when a token ends; raise TokenRefusedError unless it is good now.

    `exp` and `iat` have to be there, `nbf` may (RFC 7519, section 4.1); the clocks may be a minute apart.
    """
    issued, ends = _moment(claims, "iat"), _moment(claims, "exp")
    starts = _moment(claims, "nbf") if "nbf" in claims else issued
    if max(issued, starts) > now + LEEWAY:
        raise TokenRefusedError("`iat` or `nbf` lies in the future: is the clock of the signer right?")
    if ends <= now - LEEWAY:
        raise TokenRefusedError("The token has expired.")
    if longest is not None and ends - issued > longest:
        raise TokenRefusedError(f"`exp` may lie at most {int(longest.total_seconds())} seconds after `iat`.")
    return ends


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        raise TokenRefusedError(f"`{name}` has to be there, in seconds since 1970.")
    return datetime.fromtimestamp(value, UTC)


def checked_text(claims: Mapping[str, Any], name: str, most: int = 255) -> str:
    """Return a claim that has to be a text of visible characters; raise TokenRefusedError."""
    text = claims.get(name)
    if not isinstance(text, str) or not 0 < len(text.strip()) == len(text) <= most or not text.isprintable():
        raise TokenRefusedError(f"`{name}` has to be there, a text of 1 to {most} visible characters.")
    return text
