"""Is this ID token the provider's, for us, and the answer to our question? Pure.

The checks are those of OpenID Connect Core, section 3.1.3.7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from server.identity.errors import ProviderUnavailableError, SignInRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_LEEWAY_SECONDS = 60  # between the provider's clock and ours
_MAX_SUBJECT = 255  # characters; section 2
_MAX_KEYS = 100
_TENANT = "{tenantid}"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Whatever a hostile document makes the parsers stumble over; each of them means: not proved.
_MALFORMED = (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class UnknownKeyError(Exception):
    """The token names a key that the set does not hold: perhaps a newer set does."""


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """Return the keys of a JWK set; raise ProviderUnavailableError for anything else."""
    keys = document.get("keys")
    try:
        if isinstance(keys, list) and 0 < len(keys) <= _MAX_KEYS:
            return KeySet.import_key_set({"keys": keys})
    except _MALFORMED:
        pass
    message = "its key set cannot be read"
    raise ProviderUnavailableError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token has to say to be the answer to our question; nothing of it comes from the token.

    An issuer with `{tenantid}` in it is Microsoft's for whatever tenant: the token names its own in `tid`.
    `nonce` is None for a provider that never gives it back, LinkedIn.
    """

    issuer: str
    client_id: str
    algorithms: tuple[str, ...]
    nonce: str | None = field(repr=False)
    access_token: str = field(repr=False)


def read_id_token(token: object, keys: KeySet, expected: Expected, now: datetime) -> dict[str, Any]:
    """Return the claims of a token that proves who signed in; raise SignInRefusedError, or UnknownKeyError.

    Not checked: `iat` against an earliest moment (the nonce is this sign-in's own, so that an old token
    can't be it), and `auth_time` and `acr`, which we do not ask for.
    """
    try:
        header, claims = _verified(token, keys, expected.algorithms)
        _check(claims, header, expected, now)
    except InvalidKeyIdError:
        raise UnknownKeyError from None
    except _MALFORMED as error:
        problem = f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()
        message = f"the ID token proves nothing: {problem}"
        raise SignInRefusedError(message) from error
    return claims


def _verified(
    token: object, keys: KeySet, algorithms: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Verify with the provider's published keys alone: `jwk`, `jku`, `x5u` of the header are not looked at.

    The algorithm is pinned to what we accept (RFC 8725, section 3.1). Header fields that we do not know are
    allowed, since Microsoft and others add some, unless `crit` says that they matter.
    """
    if not isinstance(token, str):
        message = "no token"
        raise TypeError(message)
    registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
    decoded = jwt.decode(token, keys, registry=registry)
    return decoded.header, decoded.claims


def _check(claims: dict[str, Any], header: dict[str, Any], expected: Expected, now: datetime) -> None:
    # Made anew for every token: Authlib takes entries out of the options that it is given.
    options = {
        "iss": {"essential": True, "value": issuer_of(claims, expected.issuer)},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
        **({} if expected.nonce is None else {"nonce": {"essential": True, "value": expected.nonce}}),
    }
    parameters = {
        "nonce": expected.nonce,
        "client_id": expected.client_id,
        "access_token": expected.access_token,
    }
    CodeIDToken(claims, header, options, parameters).validate(
        now=int(now.timestamp()), leeway=_LEEWAY_SECONDS
    )
    # Section 3.1.3.7, step 3: no audience beside us, since we know of none to trust. Authlib lets a list with
    # strangers in it pass.
    if claims["aud"] not in (expected.client_id, [expected.client_id]):
        raise InvalidClaimError("aud")
    if not _is_subject(claims["sub"]):
        raise InvalidClaimError("sub")


def issuer_of(claims: Mapping[str, Any], issuer: str) -> str:
    """Return the issuer that a token has to name: for whatever tenant, the one of its own `tid`.

    What this proves is that the token is consistent and Microsoft's, not that we know the tenant: anybody can
    have one. So nothing that a tenant's administrator can type recognises a person (nOAuth).
    """
    if _TENANT not in issuer:
        return issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not is_uuid(tenant):
        raise InvalidClaimError("tid")
    return issuer.replace(_TENANT, tenant)


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID as Microsoft writes them, in lower case."""
    return _UUID.fullmatch(text) is not None


def _is_subject(subject: object) -> bool:
    return (
        isinstance(subject, str)
        and 0 < len(subject) <= _MAX_SUBJECT
        and subject.isascii()
        and subject.isprintable()
        and not subject.isspace()
    )
