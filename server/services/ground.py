"""What everything else stands on: who asks, what they agreed to, and what is known about whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.access.admins import AdminSessions
from server.access.audit import AuditLog
from server.access.issuers import TokenIssuers
from server.access.revoking import Revocations
from server.access.service import Access
from server.access.tokens import ViewerTokens
from server.consent.service import Consents
from server.identity.providers.bounded import BoundedClient, provider_transport
from server.kit.instruments import Instruments
from server.kit.jobs.service import JobQueue
from server.profiles.attributes import Attributes
from server.profiles.service import Profiles
from server.services.hooks import build_hook_calls
from server.services.stores import build_stores

if TYPE_CHECKING:
    from server.kit.clock import Clock
    from server.kit.mongo import Database
    from server.services.hooks import HookCalls
    from server.services.stores import Stores
    from server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The objects that every domain above profiles is built from."""

    settings: Settings
    clock: Clock
    instruments: Instruments
    database: Database
    stores: Stores
    queue: JobQueue
    provider_client: BoundedClient
    issuers: TokenIssuers
    admins: AdminSessions
    access: Access
    consents: Consents
    attributes: Attributes
    profiles: Profiles
    hook_calls: HookCalls


def lay_ground(
    settings: Settings, database: Database, clock: Clock, instruments: Instruments | None = None
) -> Ground:
    """Return them."""
    instruments = instruments or Instruments()
    stores = build_stores(settings, database)
    tokens = ViewerTokens(secret=settings.secret, issuer=settings.public_url, clock=clock)
    consents = Consents(store=stores.consents, clock=clock)
    queue = JobQueue(store=stores.jobs, clock=clock)
    attributes = Attributes(
        store=stores.definitions,
        consents=consents,
        queue=queue,
        clock=clock,
        audiences=stores.audiences.named,
    )
    client = BoundedClient(provider_transport(settings), tracing=instruments.tracing)
    issuers = TokenIssuers(
        store=stores.issuers, fetch=client.get, public_url=settings.public_url, clock=clock
    )
    hook_calls = build_hook_calls(settings, stores, clock, instruments.tracing)
    admins = AdminSessions(
        store=stores.admins,
        audit=AuditLog(store=stores.audit, clock=clock),
        secret=settings.secret,
        public_url=settings.public_url,
        clock=clock,
    )
    return Ground(
        settings=settings,
        clock=clock,
        instruments=instruments,
        database=database,
        stores=stores,
        queue=queue,
        provider_client=client,
        issuers=issuers,
        admins=admins,
        access=Access(
            store=stores.keys,
            tokens=tokens,
            revocations=Revocations(store=stores.revocations, clock=clock),
            clock=clock,
            bearers=(admins, issuers),
        ),
        consents=consents,
        attributes=attributes,
        profiles=Profiles(
            store=stores.profiles,
            erased=stores.erased,
            attributes=attributes,
            consents=consents,
            clock=clock,
            gate=hook_calls.gatekeeper,
        ),
        hook_calls=hook_calls,
    )
