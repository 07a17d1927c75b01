"""The API in this process: the real application on a database, spoken to over HTTP without a socket."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from server.access.model import KeyKind, Scope, Viewer, ViewerKind
from server.app import create_app
from server.identity.model import Handover, ProvedIdentity
from server.kit.signing import s256_challenge
from server.profiles.model import AttributeType, PersonAccess, ProfileId
from server.services import build_services
from server.settings import Environment, Settings
from tests.factories.profiles import spec
from tests.factories.questions import set_draft

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from server.kit.clock import Clock
    from server.kit.tracing import Tracing
    from server.profiles.model import AttributeDefinition, Option
    from server.questions.model import QuestionDraft, QuestionSet
    from server.services import Services

PUBLIC_URL = "https://api.test"
ORIGIN = "https://shop.test"
SECRET = "a secret of at least thirty-two characters"
ISSUER = "https://id.test"
PROVIDER = "demo"  # configured in development; nothing here dials it
SEEDER = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))
_VERIFIER = "a-verifier-that-only-the-page-knows-0123456789"

START_VISIT = """mutation ($input: StartVisitInput!) { startVisit(input: $input) {
  __typename
  ... on StartVisitSuccess {
    viewerToken resumeToken profile { id } next { state ask { id question { key } } }
  }
  ... on UserError { message }
} }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sends a request: the token and the origin that go with it."""

    token: str | None = None
    origin: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that prove it."""
        proof = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return proof if self.origin is None else {**proof, "Origin": self.origin}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Caller):
    """Somebody on a page, and how their visit began."""

    profile_id: ProfileId
    resume_token: str
    next: Mapping[str, Any]


NOBODY = Caller()


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An application that runs, with a publishable key for pages on ORIGIN and an admin key."""

    services: Services
    http: httpx.AsyncClient
    admin: Caller
    page: Caller

    async def post(
        self, query: str, variables: object = None, *, by: Caller = NOBODY, **headers: str
    ) -> httpx.Response:
        """Send an operation and return the response as it is."""
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers={**by.headers, **headers})

    async def execute(self, query: str, variables: object = None, *, by: Caller = NOBODY) -> dict[str, Any]:
        """Send an operation and return the body: `data`, `errors`, or both."""
        response = await self.post(query, variables, by=by)
        assert response.status_code == httpx.codes.OK, response.text
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, variables: object = None, *, by: Caller = NOBODY) -> dict[str, Any]:
        """Send an operation that has to be executed without errors and return its data."""
        body = await self.execute(query, variables, by=by)
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    async def app(self, *scopes: Scope, name: str = "App") -> Caller:
        """Return an app with a new secret key of these scopes."""
        made = await self.services.access.create_key(SEEDER, kind=KeyKind.SECRET, name=name, scopes=scopes)
        return Caller(token=made.token)

    async def define(
        self,
        key: str,
        type: AttributeType = AttributeType.STRING,  # noqa: A002 - the field's name
        *,
        options: tuple[Option, ...] = (),
        person_access: PersonAccess = PersonAccess.READWRITE,
    ) -> AttributeDefinition:
        """Declare an attribute."""
        declared = spec(key, type, options=options, person_access=person_access)
        return await self.services.attributes.define(SEEDER, declared)

    async def publish(self, key: str, *questions: QuestionDraft, **content: Any) -> QuestionSet:  # noqa: ANN401 - what set_draft takes
        """Create and publish a question set."""
        authoring = self.services.authoring
        created = await authoring.create(SEEDER, key, set_draft(*questions, **content))
        return await authoring.publish(SEEDER, created.id, created.version)

    async def person(self, *, resume_token: str | None = None, **more: object) -> Person:
        """Let somebody load the page: a stranger, or whom the resume token recognises."""
        given = {"input": {"resumeToken": resume_token, **more}}
        started = (await self.data(START_VISIT, given, by=self.page))["startVisit"]
        assert started["__typename"] == "StartVisitSuccess", started
        return Person(
            token=started["viewerToken"],
            origin=self.page.origin,
            profile_id=ProfileId(started["profile"]["id"]),
            resume_token=started["resumeToken"],
            next=started["next"],
        )

    async def sign_in(self, subject: str = "ada", **claims: object) -> dict[str, str]:
        """Let a provider prove these claims, and return what the page gets back from the sign-in."""
        key = await self.services.access.publishable_key(self.page.token or "")
        handover = Handover(
            key_id=key.id, origin=ORIGIN, return_to=f"{ORIGIN}/", challenge=s256_challenge(_VERIFIER)
        )
        proved = ProvedIdentity(issuer=ISSUER, subject=subject, claims={"sub": subject, **claims})
        code = await self.services.identity.complete_sign_in(PROVIDER, proved, handover)
        return {"code": code, "verifier": _VERIFIER}

    async def signed_in(
        self, subject: str = "ada", *, resume_token: str | None = None, **claims: object
    ) -> Person:
        """Let somebody sign in and arrive on the page."""
        return await self.person(resume_token=resume_token, signIn=await self.sign_in(subject, **claims))


def settings_for(
    mongodb_url: str, database: str, environment: Environment = Environment.DEVELOPMENT
) -> Settings:
    """Return the settings of an API on this database."""
    return Settings(
        environment=environment,
        public_url=PUBLIC_URL,
        mongodb_url=mongodb_url,
        database=database,
        secret=SECRET,
    )


@asynccontextmanager
async def running_api(
    settings: Settings,
    clock: Clock,
    *,
    change: Callable[[Services], Services] = lambda services: services,
    tracing: Tracing | None = None,
) -> AsyncIterator[Api]:
    """Set an API up on its database and run it; `change` may put other services in their place."""
    services = build_services(settings, clock=clock, tracing=tracing)
    await services.stores.create_indexes()
    await services.attributes.ensure_standard_attributes()
    admin = await services.access.create_admin_key("Admin")
    page = await services.access.create_key(SEEDER, kind=KeyKind.PUBLISHABLE, name="Page", origins=(ORIGIN,))
    changed = change(services)
    app = create_app(changed)
    async with running_app(app), client_of(app) as http:
        yield Api(
            services=changed,
            http=http,
            admin=Caller(token=admin.token),
            page=Caller(token=page.token, origin=ORIGIN),
        )


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """Return an HTTP client of this application; what the application lets fall is answered with 500."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)


@asynccontextmanager
async def running_app(app: Starlette) -> AsyncIterator[None]:
    """Run the lifespan of an application, in a task of its own as a server does."""
    is_started, is_over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            is_started.set()
            await is_over.wait()

    living = asyncio.create_task(live())
    try:
        await is_started.wait()
        yield
    finally:
        is_over.set()
        await living
