"""A viewer token ends with its session, person and key: here at once, in other processes soon after."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from server.access.model import VIEWER_TOKEN_LIFETIME
from server.access.revocation_store import RevocationStore
from server.access.revoking import Revocations
from server.app import create_app
from server.kit.watching import keep_fresh
from server.services import build_services
from tests.api import Api, client_of, running_app, settings_for
from tests.e2e.deployment import eventually
from tests.privacy.world import ERASE, work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from server.access.model import SessionId
    from server.kit.mongo import Database
    from tests.api import Caller, Person
    from tests.fakes import FakeClock

    End = Callable[[Api, Person], Awaitable[None]]

ASK = "{ nextQuestion { state } }"
SIGN_OUT = "mutation { signOut { __typename } }"
SIGN_OUT_EVERYWHERE = "mutation { signOutEverywhere { __typename } }"
REVOKE_SESSION = "mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { __typename } }"
REVOKE_KEY = "mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename } }"


@pytest.fixture
async def other(api: Api, clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    """A second process on the same database."""
    services = build_services(settings_for(api.services.settings.mongodb_url, _database(api)), clock=clock)
    app = create_app(services)
    async with running_app(app), client_of(app) as http:
        yield http


def _database(api: Api) -> str:
    return api.services.settings.database


async def _code(http: httpx.AsyncClient, by: Caller) -> str | None:
    """Return why a request of this viewer is refused; None where it is not."""
    response = await http.post("/graphql", json={"query": ASK}, headers=by.headers)
    body = response.json()
    code: str | None = body["errors"][0]["extensions"]["code"] if "errors" in body else None
    assert (response.status_code == httpx.codes.UNAUTHORIZED) == (code is not None)
    return code


async def _until_refused(http: httpx.AsyncClient, by: Caller) -> str | None:
    async def is_refused() -> bool:
        return await _code(http, by) is not None

    await eventually(is_refused, "the token is refused")
    return await _code(http, by)


async def _sign_out(api: Api, person: Person) -> None:
    await api.data(SIGN_OUT, by=person)


async def _sign_out_everywhere(api: Api, person: Person) -> None:
    elsewhere = await api.signed_in("ada")
    assert elsewhere.profile_id == person.profile_id
    await api.data(SIGN_OUT_EVERYWHERE, by=elsewhere)


async def _revoke_session(api: Api, person: Person) -> None:
    listed = (await api.data("{ sessions { id isCurrent } }", by=person))["sessions"]
    current = next(each["id"] for each in listed if each["isCurrent"])
    elsewhere = await api.signed_in("ada")
    await api.data(REVOKE_SESSION, {"input": {"id": current}}, by=elsewhere)


async def _sign_in_over_it(api: Api, person: Person) -> None:
    await api.signed_in("bob", resume_token=person.resume_token)


async def _erase(api: Api, person: Person) -> None:
    await api.data(ERASE, {"input": {"profile": {"id": person.profile_id}}}, by=api.admin)
    await work(api)


@pytest.mark.parametrize("end", [_sign_out, _sign_out_everywhere, _revoke_session, _sign_in_over_it, _erase])
async def test_token_is_refused_in_every_process_once_its_session_ended(
    api: Api, other: httpx.AsyncClient, end: End
) -> None:
    person, bystander = await api.signed_in("ada"), await api.signed_in("eve")
    assert [await _code(http, person) for http in (api.http, other)] == [None, None]

    await end(api, person)

    assert await _code(api.http, person) == "TOKEN_INVALID"
    assert await _until_refused(other, person) == "TOKEN_INVALID"
    assert [await _code(http, bystander) for http in (api.http, other)] == [None, None]


async def test_token_ends_with_the_publishable_key_it_was_made_with(
    api: Api, other: httpx.AsyncClient
) -> None:
    person = await api.person()
    key = await api.services.access.publishable_key(api.page.token or "")
    assert await _code(other, person) is None

    await api.data(REVOKE_KEY, {"input": {"id": key.id}}, by=api.admin)

    assert await _code(api.http, person) == "KEY_INVALID"
    assert await _until_refused(other, person) == "KEY_INVALID"


async def test_process_that_starts_later_knows_what_was_revoked(api: Api, clock: FakeClock) -> None:
    person = await api.signed_in("ada")
    await api.data(SIGN_OUT, by=person)

    services = build_services(settings_for(api.services.settings.mongodb_url, _database(api)), clock=clock)
    async with client_of(create_app(services)) as http:
        code = await _code(http, person)
    services.close()

    assert code == "TOKEN_INVALID"


async def test_ending_every_session_but_one_leaves_its_token(api: Api) -> None:
    here, there = await api.signed_in("ada"), await api.signed_in("ada")

    await api.services.identity.sessions.end_all_of(here.profile_id, but=await _session_of(api, here))

    assert await _code(api.http, here) is None
    assert await _code(api.http, there) == "TOKEN_INVALID"


async def _session_of(api: Api, person: Person) -> SessionId | None:
    return (await api.services.access.identify(person.token, person.origin)).session_id


@asynccontextmanager
async def _following(database: Database, clock: FakeClock) -> AsyncIterator[Revocations]:
    revocations = Revocations(store=RevocationStore(database), clock=clock)
    following = asyncio.create_task(keep_fresh(database, [revocations]))
    yield revocations
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_revocation_is_forgotten_when_every_token_it_is_about_has_ended(
    database: Database, clock: FakeClock
) -> None:
    store = RevocationStore(database)
    revocations = Revocations(store=store, clock=clock)
    await revocations.revoke(["ses_1"])
    assert await store.since(clock()) != {}

    clock.advance(VIEWER_TOKEN_LIFETIME)
    assert await revocations.cover("ses_1")
    clock.advance(timedelta(minutes=2))
    await revocations.heed("ses_2")

    assert [await revocations.cover(each) for each in ("ses_1", "ses_2")] == [False, True]
    assert await store.since(clock()) == {}


async def _cover_all(revocations: Revocations, ids: list[str]) -> bool:
    return all([await revocations.cover(each) for each in ids])


async def test_many_revocations_of_another_process_are_all_heard_of(
    database: Database, clock: FakeClock
) -> None:
    ids = [f"ses_{number}" for number in range(200)]
    elsewhere = Revocations(store=RevocationStore(database), clock=clock)

    async with _following(database, clock) as revocations:
        await revocations.refresh()
        await elsewhere.revoke(ids)
        await eventually(lambda: _cover_all(revocations, ids), "all are heard of")

    assert not await revocations.cover("ses_other")
