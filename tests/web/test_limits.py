"""Who asks too often is told so over HTTP, with the time to wait; nobody else is."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from server.app import create_app
from server.services import build_services
from tests.api import NOBODY, START_VISIT, Api, Caller, client_of, running_api, settings_for
from tests.sign_in_world import clock_of_today
from tests.web.sockets import connected, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.fakes import FakeClock

KIND = "{ viewer { kind } }"
VISITOR = {"x-forwarded-for": "203.0.113.7"}
OTHER = {"x-forwarded-for": "203.0.113.8"}


@pytest.fixture
def clock() -> FakeClock:
    return clock_of_today()


@asynccontextmanager
async def limited(
    mongodb_url: str, database: Database, clock: FakeClock, **limits: tuple[int, int] | None
) -> AsyncIterator[Api]:
    settings = settings_for(mongodb_url, database.name)
    trusting = replace(settings, limits=limits, trusted_proxies=("127.0.0.1",))
    async with running_api(trusting, clock) as api:
        yield api


def _is_refused(response: httpx.Response, seconds: int) -> None:
    body: dict[str, Any] = response.json()
    assert response.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert response.headers["retry-after"] == str(seconds)
    assert body["errors"] == [
        {
            "message": f"Too many requests came from here: try again in {seconds} seconds.",
            "extensions": {"code": "RATE_LIMITED"},
        }
    ]


async def test_visits_of_an_address_are_limited(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, visits_per_address=(2, 60)) as api:
        given: dict[str, object] = {"input": {}}
        for _ in range(2):
            assert (await api.post(START_VISIT, given, by=api.page, **VISITOR)).status_code == httpx.codes.OK

        refused = await api.post(START_VISIT, given, by=api.page, **VISITOR)
        elsewhere = await api.post(START_VISIT, given, by=api.page, **OTHER)
        clock.advance(timedelta(seconds=30))
        later = await api.post(START_VISIT, given, by=api.page, **VISITOR)

    _is_refused(refused, 30)
    assert refused.headers["access-control-allow-origin"] == api.page.origin
    assert [each.status_code for each in (elsewhere, later)] == [httpx.codes.OK] * 2


async def test_who_used_up_their_share_at_one_process_has_none_at_another(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, sign_in_steps_per_address=(4, 60)) as api:
        other = build_services(api.services.settings, clock=clock)
        async with client_of(create_app(other)) as there:
            before = [(await api.http.get("/auth/x/start", headers=VISITOR)).status_code for _ in range(4)]
            await api.services.limits.share()
            await other.limits.share()
            refused = await there.get("/auth/x/start", headers=VISITOR)
            elsewhere = await there.get("/auth/x/start", headers=OTHER)
            clock.advance(timedelta(seconds=15))
            later = await there.get("/auth/x/start", headers=VISITOR)
        other.close()

    assert before == [400] * 4
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "15")
    assert [each.status_code for each in (elsewhere, later)] == [400, 400]


async def test_requests_of_a_person_are_limited_on_all_their_addresses(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, requests_per_profile=(3, 60)) as api:
        ada, bob = await api.person(), await api.person()
        for _ in range(3):
            await api.data(KIND, by=ada)

        refused = await api.post(KIND, by=ada, **OTHER)
        bobs = await api.post(KIND, by=bob)

    _is_refused(refused, 20)
    assert bobs.status_code == httpx.codes.OK


async def test_wrong_keys_lock_an_address_out_even_with_a_good_one(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, failed_keys_per_address=(3, 60)) as api:
        for number in range(3):
            wrong = await api.post(KIND, by=Caller(token=f"sk_{number}"), **VISITOR)
            assert wrong.status_code == httpx.codes.UNAUTHORIZED

        guessed, good = [await api.post(KIND, by=by, **VISITOR) for by in (Caller(token="sk_4"), api.admin)]
        elsewhere = await api.post(KIND, by=api.admin, **OTHER)
        page = await api.post(START_VISIT, {"input": {}}, by=api.page, **VISITOR)

    _is_refused(guessed, 20)
    _is_refused(good, 20)
    assert [each.status_code for each in (elsewhere, page)] == [httpx.codes.OK] * 2


async def test_whoever_shows_nonsense_is_counted_like_nobody(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, requests_per_address=(3, 60)) as api:
        seen = [
            (await api.post(KIND, by=by, **VISITOR)).status_code
            for by in (Caller(token="eyJ.forged.token"), NOBODY, Caller(token="pk_none"), NOBODY)
        ]

    assert seen == [401, 200, 401, 429]


async def test_key_that_works_too_hard_is_slowed_down(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, requests_per_key=(3, 60)) as api:
        for _ in range(3):
            await api.data(KIND, by=api.admin)

        refused = await api.post(KIND, by=api.admin)

    _is_refused(refused, 20)


@pytest.mark.parametrize(
    "step",
    ["/auth/demo/start", "/auth/demo/callback", "/auth/none/start", "/auth/demo/callback?state=x&code=y"],
)
async def test_steps_of_signing_in_are_limited(
    mongodb_url: str, database: Database, clock: FakeClock, step: str
) -> None:
    async with limited(mongodb_url, database, clock, sign_in_steps_per_address=(3, 60)) as api:
        before = [(await api.http.get(step, headers=VISITOR)).status_code for _ in range(3)]
        refused = await api.http.get(step, headers=VISITOR)
        elsewhere = await api.http.get(step, headers=OTHER)

    assert before == [400] * 3
    assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert refused.headers["retry-after"] == "20"
    assert "Too many requests came from here: try again in 20 seconds." in refused.text
    assert elsewhere.status_code == httpx.codes.BAD_REQUEST


async def test_operations_over_a_socket_are_limited(
    mongodb_url: str, database: Database, clock: FakeClock
) -> None:
    async with limited(mongodb_url, database, clock, requests_per_profile=(2, 60)) as api:
        person = await api.person()
        async with served(create_app(api.services)) as address:
            async with connected(address, person) as client:
                await client.subscribe(KIND, id="1")
                first = [await client.receive(), await client.receive()]
                await client.subscribe(KIND, id="2")
                second = await client.receive()
            async with connected(address, origin=person.origin) as late:
                await late.send(type="connection_init", payload={"authorization": f"Bearer {person.token}"})
                code, reason = await late.ended()

    assert [each["type"] for each in first] == ["next", "complete"]
    assert (second["type"], second["id"]) == ("error", "2")
    assert second["payload"][0]["message"].startswith("Too many requests")
    assert (code, reason) == (4429, "Too many requests came from here: try again in 30 seconds.")
