"""A server for sign-in with its database, and a browser that walks between it and a provider."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urldefrag, urlsplit

import httpx
from starlette.applications import Starlette

from server.access.admin_store import AdminStore
from server.access.admins import AdminSessions
from server.access.audit import AuditLog
from server.access.audit_store import AuditStore
from server.access.limit_store import LimitStore
from server.access.limiting import DEFAULTS, Limits, rules_of
from server.access.model import ApiKey, KeyKind, Scope, Viewer, ViewerKind
from server.access.revocation_store import RevocationStore
from server.access.revoking import Revocations
from server.access.service import Access
from server.access.store import KeyStore
from server.access.tokens import ViewerTokens
from server.consent.service import Consents
from server.consent.store import ConsentStore
from server.identity.configuring import SignInProviders
from server.identity.hosts.signers import HostSigners
from server.identity.model import SignInCode, StartedVisit
from server.identity.providers.bounded import BoundedClient
from server.identity.service import Identity
from server.identity.store import IdentityStore
from server.kit.clock import system_clock
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.kit.sealing import Seal
from server.kit.signing import s256_challenge
from server.profiles.attributes import Attributes
from server.profiles.claiming import Claiming
from server.profiles.definition_store import DefinitionStore
from server.profiles.erased_store import ErasedStore
from server.profiles.history_store import HistoryStore
from server.profiles.service import Profiles
from server.profiles.store import ProfileStore
from server.profiles.uniting import Uniting
from server.settings import Environment, ProviderSettings, Settings
from server.web.addresses import ClientAddresses
from server.web.gate import Gate
from server.web.sign_in import sign_in_routes
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from server.identity.gates import SignInGate
    from server.kit.mongo import Database
    from server.profiles.model import Profile, ProfileId

PUBLIC_URL = "https://api.test"
ORIGIN = "https://shop.test"
PAGE = f"{ORIGIN}/basket?step=2"
VERIFIER = "a-verifier-that-only-the-page-knows-0123456789"
CHALLENGE = s256_challenge(VERIFIER)
# The clock stands still, so that no bucket ever fills up again.
NO_LIMITS: Mapping[str, tuple[int, int] | None] = dict.fromkeys(DEFAULTS)
ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that a sign-in needs, made by hand as `services` does it."""

    database: Database
    clock: FakeClock
    access: Access
    profiles: Profiles
    claiming: Claiming
    identity: Identity
    key: ApiKey
    app: Starlette
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def page(self) -> Viewer:
        """The page's viewer: a publishable key on its origin."""
        return Viewer(kind=ViewerKind.WIDGET, key_id=self.key.id, origin=ORIGIN, app=self.key.app)

    def browser(self) -> Browser:
        """Return a browser without cookies."""
        return Browser(self)

    async def values(self, profile: Profile) -> dict[str, object]:
        """Return what is known about a person, by attribute key."""
        known = await self.profiles.known_attributes(profile)
        return {key: resolved.value for key, resolved in known.items()}

    async def profile(self, profile_id: ProfileId) -> Profile:
        """Return a profile that has to exist."""
        found = await self.profiles.find(profile_id)
        assert found is not None
        return found

    async def arrive(self, code: str, *, resume_token: str | None = None) -> StartedVisit:
        """Exchange a one-time code as the page does."""
        sign_in = SignInCode(code=code, verifier=VERIFIER)
        return await self.identity.start_visit(self.page, resume_token=resume_token, sign_in=sign_in)

    async def visit(self, resume_token: str | None = None) -> StartedVisit:
        """Load the page."""
        return await self.identity.start_visit(self.page, resume_token=resume_token, sign_in=None)


class Browser:
    """Keeps cookies for the server and shows where it was sent; follows no redirect by itself."""

    def __init__(self, world: World) -> None:
        self._key = world.key.token or ""
        self.client = httpx.AsyncClient(
            mounts={PUBLIC_URL: httpx.ASGITransport(app=world.app)}, trust_env=False
        )
        world.clients.append(self.client)

    async def start(self, provider: str, **changed: str) -> httpx.Response:
        """Begin a sign-in as the page does, with some parameters changed."""
        parameters = {"key": self._key, "return_to": PAGE, "challenge": CHALLENGE, **changed}
        return await self.client.get(f"{PUBLIC_URL}/auth/{provider}/start", params=parameters)

    async def come_back(self, provider: str, **parameters: str) -> httpx.Response:
        """Come back from a provider."""
        return await self.client.get(f"{PUBLIC_URL}/auth/{provider}/callback", params=parameters)


def clock_of_today() -> FakeClock:
    """Return a clock that stands at the present: MongoDB drops what is over by a clock of its own."""
    return FakeClock(system_clock())


@asynccontextmanager
async def sign_in_world(
    database: Database,
    providers: Sequence[ProviderSettings],
    *,
    clock: FakeClock,
    transport: httpx.AsyncBaseTransport | None = None,
    limits: Mapping[str, tuple[int, int] | None] = NO_LIMITS,
    gate: SignInGate | None = None,
) -> AsyncIterator[World]:
    """Give a world that reaches its providers through `transport` (None: the network) and close it after."""
    world = await _build(database, providers, clock, transport, limits, gate)
    yield world
    await world.identity.close()
    for client in world.clients:
        await client.aclose()


async def _build(
    database: Database,
    providers: Sequence[ProviderSettings],
    clock: FakeClock,
    transport: httpx.AsyncBaseTransport | None,
    given_limits: Mapping[str, tuple[int, int] | None],
    asked: SignInGate | None,
) -> World:
    client = BoundedClient(transport, deadline_seconds=1)
    settings = _settings(tuple(providers))
    keys, definitions = KeyStore(database), DefinitionStore(database)
    profile_store = ProfileStore(database)
    identity_store = IdentityStore(database, secret=settings.secret)
    for store in (keys, definitions, profile_store, identity_store):
        await store.create_indexes()
    tokens = ViewerTokens(secret=settings.secret, issuer=PUBLIC_URL, clock=clock)
    revocations = Revocations(store=RevocationStore(database), clock=clock)
    admins = AdminSessions(
        store=AdminStore(database),
        audit=AuditLog(store=AuditStore(database), clock=clock),
        secret=settings.secret,
        public_url=PUBLIC_URL,
        clock=clock,
    )
    access = Access(store=keys, tokens=tokens, revocations=revocations, clock=clock, bearers=(admins,))
    consents = Consents(store=ConsentStore(database), clock=clock)
    queue = JobQueue(store=JobStore(database), clock=clock)
    attributes = Attributes(store=definitions, consents=consents, queue=queue, clock=clock)
    profiles = Profiles(
        store=profile_store,
        erased=ErasedStore(database, secret=settings.secret),
        attributes=attributes,
        consents=consents,
        clock=clock,
    )
    await attributes.ensure_standard_attributes()
    history = HistoryStore(database, retention=timedelta(days=730))
    identity = Identity(
        profiles=profiles,
        access=access,
        store=identity_store,
        providers=SignInProviders(
            providers,
            store=identity_store.providers,
            profiles=profiles,
            client=client,
            public_url=PUBLIC_URL,
            clock=clock,
        ),
        hosts=HostSigners(
            store=identity_store.hosts,
            access=access,
            fetch=client.get,
            public_url=PUBLIC_URL,
            clock=clock,
        ),
        admins=admins,
        unite=Uniting(store=profile_store, catalogue=attributes.catalogue, clock=clock).join,
        seal=Seal(settings.secret, "link"),
        audit=AuditLog(store=AuditStore(database), clock=clock),
        clock=clock,
        gate=asked,
    )
    new = await access.create_key(ADMIN, kind=KeyKind.PUBLISHABLE, name="Shop", origins=(ORIGIN,))
    limits = Limits(
        store=LimitStore(database), rules=rules_of(given_limits), secret=settings.secret, clock=clock
    )
    gate = Gate(access=access, limits=limits, addresses=ClientAddresses(()))
    app = Starlette(routes=sign_in_routes(identity, settings, gate))
    return World(
        database=database,
        clock=clock,
        access=access,
        profiles=profiles,
        claiming=Claiming(profiles=profiles, history=history, clock=clock),
        identity=identity,
        key=new.key,
        app=app,
    )


def parameters_of(url: str) -> dict[str, str]:
    """Return the query of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def fragment_of(url: str) -> dict[str, str]:
    """Return what stands in the fragment of a URL."""
    return {name: values[0] for name, values in parse_qs(urldefrag(url).fragment).items()}


def _settings(providers: tuple[ProviderSettings, ...]) -> Settings:
    return Settings(
        environment=Environment.PRODUCTION,
        public_url=PUBLIC_URL,
        mongodb_url="",
        database="",
        secret="made-up-secret-for-the-tests-0123456789",
        providers=providers,
    )
