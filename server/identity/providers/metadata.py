"""What a provider publishes about itself (OpenID Connect Discovery 1.0), checked before use; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.identity.errors import ProviderUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Signatures with a public key only. `none` proves nothing, and with HS256 whoever can verify can also sign.
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA", "RS384", "RS512", "ES384", "ES512", "PS384", "PS512")
_DEFAULT_AUTHENTICATION = "client_secret_basic"  # section 3, token_endpoint_auth_methods_supported


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where a provider is reached and how it signs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    algorithms: tuple[str, ...]
    authentication: str
    sends_issuer: bool


def discovery_url(issuer: str) -> str:
    """Return where an issuer's metadata lies (section 4.1)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Return the metadata of `issuer`; raise ProviderUnavailableError where it is another's or unusable.

    The issuer has to be the configured one to the letter (section 4.3): else one provider speaks for another.
    """
    if document.get("issuer") != issuer:
        message = f"its metadata is not that of {issuer}"
        raise ProviderUnavailableError(message)
    is_secure = issuer.startswith("https://")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", is_secure=is_secure),
        token_endpoint=_endpoint(document, "token_endpoint", is_secure=is_secure),
        jwks_uri=_endpoint(document, "jwks_uri", is_secure=is_secure),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", is_secure=is_secure)
        if document.get("userinfo_endpoint") is not None
        else None,
        algorithms=_algorithms(document),
        authentication=_authentication(document),
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str, *, is_secure: bool) -> str:
    url = document.get(name)
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_usable = bool(parts.hostname) and parts.port != 0 and parts.scheme in _schemes(is_secure=is_secure)
    except ValueError:
        is_usable = False
    if not isinstance(url, str) or not is_usable or not (url.isascii() and url.isprintable()):
        message = f"its metadata names no usable {name}"
        raise ProviderUnavailableError(message)
    return url


def _schemes(*, is_secure: bool) -> set[str]:
    """Plain HTTP is for an issuer configured with it; no document may take an https one down to it."""
    return {"https"} if is_secure else {"http", "https"}


def _algorithms(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what it signs with, of what we accept; RS256 is what every provider knows (section 3)."""
    offered = document.get("id_token_signing_alg_values_supported")
    names = offered if isinstance(offered, list) else []
    return tuple(name for name in ALGORITHMS if name in names) or ("RS256",)


def _authentication(document: Mapping[str, Any]) -> str:
    offered = document.get("token_endpoint_auth_methods_supported")
    names = offered if isinstance(offered, list) else [_DEFAULT_AUTHENTICATION]
    is_post_only = _DEFAULT_AUTHENTICATION not in names and "client_secret_post" in names
    return "client_secret_post" if is_post_only else _DEFAULT_AUTHENTICATION
