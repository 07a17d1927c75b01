"""Sign-in, and who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.audit import AuditLog
from server.identity.configuring import SignInProviders
from server.identity.hosts.signers import HostSigners
from server.identity.service import Identity
from server.kit.sealing import Seal

if TYPE_CHECKING:
    from server.identity.recording import Derive
    from server.profiles.uniting import Uniting
    from server.services.ground import Ground


def build_identity(ground: Ground, uniting: Uniting, derive: Derive | None) -> Identity:
    """Return the service of sign-in; no provider is dialled before somebody signs in."""
    settings, clock, store = ground.settings, ground.clock, ground.stores.identity
    client = ground.provider_client
    return Identity(
        profiles=ground.profiles,
        access=ground.access,
        store=store,
        providers=SignInProviders(
            settings.sign_in_providers,
            store=store.providers,
            profiles=ground.profiles,
            client=client,
            public_url=settings.public_url,
            clock=clock,
        ),
        hosts=HostSigners(
            store=store.hosts,
            access=ground.access,
            fetch=client.get,
            public_url=settings.public_url,
            clock=clock,
        ),
        admins=ground.admins,
        unite=uniting.join,
        gate=ground.hook_calls.gatekeeper,
        derive=derive,
        seal=Seal(settings.secret, "link"),
        audit=AuditLog(store=ground.stores.audit, clock=clock),
        clock=clock,
    )
