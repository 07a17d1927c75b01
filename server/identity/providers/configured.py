"""The providers that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.identity.providers.oidc import OidcProvider

if TYPE_CHECKING:
    from server.identity.providers.bounded import BoundedClient
    from server.kit.clock import Clock
    from server.settings import Settings


def configured_providers(
    settings: Settings, *, client: BoundedClient, clock: Clock
) -> dict[str, OidcProvider]:
    """Return a provider for each that the settings name, by key.

    The callback is built on the public URL: behind a proxy a request does not know how browsers reach us.
    Each provider has its own, which keeps one from answering for another (RFC 9700, section 4.4.2).
    """
    return {
        each.key: OidcProvider(
            each,
            redirect_uri=f"{settings.public_url}/auth/{each.key}/callback",
            client=client,
            clock=clock,
        )
        for each in settings.providers
    }
