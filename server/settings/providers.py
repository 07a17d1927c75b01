"""The providers to sign in with that the environment names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """A provider to sign in with. `key` is its short name in URLs and in the source of claims.

    `kind` says which provider it is; `issuer` is for a kind that any OpenID provider can be. `scopes` empty
    stands for those that the kind's claims need. `claims` are beyond the kind's own, claim to attribute key;
    `requested` are the attributes to fill, all where it is None; `sync` says when, by attribute key.
    `options` are the kind's own: tenant, team_id and key_id.
    """

    key: str
    name: str
    client_id: str
    issuer: str = ""
    client_secret: str = field(default="", repr=False)
    kind: str = "oidc"
    scopes: tuple[str, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    requested: tuple[str, ...] | None = None
    sync: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def read_providers(text: str) -> tuple[ProviderSettings, ...]:
    """Read ACQUAINT_PROVIDERS; raise SettingsError."""
    try:
        return tuple(_provider(entry) for entry in json.loads(text))
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        message = (
            "ACQUAINT_PROVIDERS must be a JSON list of objects with key, client_id, client_secret and either"
            f" issuer or kind (see docs/sign-in.md for what may be added): {error}"
        )
        raise SettingsError(message) from None


def _provider(entry: dict[str, Any]) -> ProviderSettings:
    kind = entry.get("kind", "oidc")
    return ProviderSettings(
        key=_provider_key(entry["key"]),
        name=entry.get("name", entry["key"].title()),
        kind=kind,
        issuer=_provider_issuer(entry["issuer"]) if kind == "oidc" else entry.get("issuer", ""),
        client_id=entry["client_id"],
        client_secret=entry["client_secret"],
        scopes=_provider_scopes(entry) if kind == "oidc" else tuple(entry.get("scopes", ())),
        claims=dict(entry.get("claims", {})),
        requested=None if entry.get("requested") is None else tuple(entry["requested"]),
        sync=dict(entry.get("sync", {})),
        options=dict(entry.get("options", {})),
    )


def _provider_key(key: str) -> str:
    """Check a provider's key: it stands in URLs and in the source of claims."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", key):
        message = (
            f"key has to start with a small letter and go on with small letters, digits and _; it is {key!r}"
        )
        raise ValueError(message)
    return key


def _provider_issuer(issuer: str) -> str:
    parts = urlsplit(issuer)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "|" in issuer
    ):
        message = f"issuer has to be a URL such as https://accounts.example.com; it is {issuer!r}"
        raise ValueError(message)
    return issuer


def _provider_scopes(entry: dict[str, Any]) -> tuple[str, ...]:
    """Without `openid` a provider makes no ID token, and nothing would be proved."""
    scopes = tuple(entry.get("scopes", ()))
    if scopes and "openid" not in scopes:
        message = "scopes have to include openid"
        raise ValueError(message)
    return scopes
