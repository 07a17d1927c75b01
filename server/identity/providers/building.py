"""From a provider's settings to the provider: its claims table, its scopes, its client secret."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from server.identity.model import ClaimRule, SyncMode, Vouching
from server.identity.providers.code_flow import CodeFlow
from server.identity.providers.kinds import KINDS, Speaks
from server.identity.providers.metadata import discovery_url
from server.identity.providers.oauth import OAuthProvider
from server.identity.providers.oidc import OidcProvider
from server.identity.providers.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.identity.model import Provider
    from server.identity.providers.bounded import BoundedClient
    from server.identity.providers.kinds import Kind
    from server.kit.clock import Clock
    from server.settings import ProviderSettings

_APPLE = "https://appleid.apple.com"
_APPLE_SECONDS = 300  # Apple allows six months; a secret that leaks somewhere is worth five minutes
_CONTACTS = frozenset({"email", "phone_number"})
# Microsoft's names for more than one tenant; for these the discovery document has `{tenantid}` as its issuer.
_ANY_TENANT = frozenset({"common", "organizations"})
_PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


class UnusableProviderError(ValueError):
    """The settings of a provider that can't work; the message says why."""


def build_provider(
    settings: ProviderSettings, *, public_url: str, client: BoundedClient, clock: Clock
) -> Provider:
    """Return the provider; raise UnusableProviderError.

    The callback is built on the public URL: behind a proxy a request does not know how browsers reach us.
    Each provider has its own, which keeps one from answering for another (RFC 9700, section 4.4.2).
    """
    kind = _kind(settings)
    rules = rules_of(settings)
    flow = CodeFlow(
        client=client,
        client_id=settings.client_id,
        secret=_secret(settings, clock),
        redirect_uri=f"{public_url}/auth/{settings.key}/callback",
        scopes=scopes_of(settings),
        has_pkce=kind.has_pkce,
        response_mode=kind.response_mode,
    )
    if kind.speaks is not Speaks.OPENID:
        return OAuthProvider(kind, key=settings.key, name=settings.name, rules=rules, flow=flow)
    issuer, location = _issuer(settings, kind)
    published = Published(issuer, client=client, clock=clock, location=location)
    return OidcProvider(
        kind,
        key=settings.key,
        name=settings.name,
        rules=rules,
        flow=flow,
        published=published,
        clock=clock,
    )


def rules_of(settings: ProviderSettings) -> tuple[ClaimRule, ...]:
    """Return the provider's claims table: its kind's, what was added, of that what is requested.

    Through what was added no contact detail is ever verified: no flag speaks of it.
    """
    added = (
        ClaimRule(
            claim=claim,
            attribute=attribute,
            vouching=Vouching.NEVER if attribute in _CONTACTS else Vouching.ALWAYS,
        )
        for claim, attribute in settings.claims.items()
    )
    return tuple(
        replace(rule, sync=_sync(settings, rule))
        for rule in (*_kind(settings).rules, *added)
        if settings.requested is None or rule.attribute in settings.requested
    )


def scopes_of(settings: ProviderSettings) -> tuple[str, ...]:
    """Return the scopes to ask for: those named, else the least that brings the claims requested."""
    kind = _kind(settings)
    if settings.scopes:
        return settings.scopes
    if settings.requested is None:
        return kind.scopes
    needed = (rule.scope for rule in rules_of(settings) if rule.scope is not None)
    return tuple(dict.fromkeys((*kind.base_scopes, *needed)))


def check_settings(settings: ProviderSettings) -> None:
    """Raise UnusableProviderError for settings that could never sign anybody in."""
    kind = _kind(settings)
    if kind.needs_secret and not settings.client_secret:
        raise UnusableProviderError("this kind of provider needs a client secret")
    if kind.speaks is Speaks.OPENID and settings.scopes and "openid" not in settings.scopes:
        raise UnusableProviderError("scopes have to include openid")
    if unknown := settings.options.keys() - set(kind.options):
        raise UnusableProviderError(f"{kind.name} has no option {min(unknown)[:40]!r}")
    if ("admin_claim" in settings.options) != ("admin_role" in settings.options):
        raise UnusableProviderError("admin_claim and admin_role need each other")
    if not all(settings.options.values()):
        raise UnusableProviderError("an option is not empty")
    _issuer(settings, kind)
    rules_of(settings)
    if kind.key == "apple":
        _apple_secret(settings, 0)


def _kind(settings: ProviderSettings) -> Kind:
    try:
        return KINDS[settings.kind]
    except KeyError:
        raise UnusableProviderError(f"kind has to be one of {', '.join(KINDS)}") from None


def _sync(settings: ProviderSettings, rule: ClaimRule) -> SyncMode:
    try:
        return SyncMode(settings.sync.get(rule.attribute, rule.sync))
    except ValueError:
        raise UnusableProviderError("sync has to be import, missing or force") from None


def _issuer(settings: ProviderSettings, kind: Kind) -> tuple[str, str]:
    """Return the issuer that metadata has to name, and where the metadata lies."""
    if kind.key == "microsoft":
        tenant = settings.options.get("tenant", "common")
        named = (
            "{tenantid}" if tenant in _ANY_TENANT else _PERSONAL_TENANT if tenant == "consumers" else tenant
        )
        if not tenant.replace("-", "").isalnum():
            raise UnusableProviderError("tenant has to be common, organizations, consumers or a tenant's id")
        return kind.issuer.replace("{tenantid}", named), discovery_url(
            kind.issuer.replace("{tenantid}", tenant)
        )
    issuer = kind.issuer or settings.issuer
    if not issuer:
        raise UnusableProviderError("this kind of provider needs its issuer")
    return issuer, discovery_url(issuer)


def _secret(settings: ProviderSettings, clock: Clock) -> Callable[[], str]:
    if settings.kind == "apple":
        return lambda: _apple_secret(settings, int(clock().timestamp()))
    return lambda: settings.client_secret


def _apple_secret(settings: ProviderSettings, now: int) -> str:
    """Return Apple's client secret: a JWT signed with the key whose PEM stands in `client_secret`."""
    claims = {
        "iss": settings.options.get("team_id", ""),
        "sub": settings.client_id,
        "aud": _APPLE,
        "iat": now,
        "exp": now + _APPLE_SECONDS,
    }
    header = {"alg": "ES256", "kid": settings.options.get("key_id", "")}
    if not claims["iss"] or not header["kid"]:
        raise UnusableProviderError("Apple needs the options team_id and key_id")
    try:
        return jwt.encode(header, claims, ECKey.import_key(settings.client_secret))
    except (JoseError, ValueError, TypeError):
        raise UnusableProviderError("Apple's client secret is the PEM of its P-256 private key") from None
