"""The demo's identity provider keeps the protocol: what it signs in, a real one would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from server.demo.identity_provider import identity_provider
from server.demo.people import PEOPLE
from server.settings import ProviderSettings
from tests.sign_in_world import PAGE, PUBLIC_URL, clock_of_today, fragment_of, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.sign_in_world import World

DEMO = "https://demo.test"
ISSUER = f"{DEMO}/idp"
CALLBACK = f"{PUBLIC_URL}/auth/demo/callback"
SECRET = "made-up-secret-of-the-demo"


@pytest.fixture
def demo() -> Starlette:
    return Starlette(routes=[Mount("/idp", identity_provider(ISSUER, "acquaint", SECRET, [CALLBACK]))])


@pytest.fixture
async def world(database: Database, demo: Starlette) -> AsyncIterator[World]:
    settings = ProviderSettings(
        key="demo", name="Demo", issuer=ISSUER, client_id="acquaint", client_secret=SECRET
    )
    transport = httpx.ASGITransport(app=demo)
    async with sign_in_world(database, [settings], clock=clock_of_today(), transport=transport) as world:
        yield world


@pytest.fixture
async def visitor(demo: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=demo), base_url=DEMO) as client:
        yield client


async def _choose(world: World, visitor: httpx.AsyncClient, subject: str) -> httpx.Response:
    browser = world.browser()
    asked = (await browser.start("demo")).headers["location"]
    page = await visitor.get(asked)
    assert page.status_code == 200
    back = await visitor.post(asked, data={"person": subject})
    return await browser.client.get(back.headers["location"])


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.subject)
async def test_sample_person_signs_in_with_their_claims(
    world: World, visitor: httpx.AsyncClient, person: object
) -> None:
    sample = next(each for each in PEOPLE if each is person)
    answer = await _choose(world, visitor, sample.subject)
    started = await world.arrive(fragment_of(answer.headers["location"])["acquaint_code"])

    known = await world.profiles.known_attributes(started.profile)
    assert known["name"].value == sample.name
    assert known["email"].value == sample.email
    assert known["email"].winner.is_verified is sample.is_email_verified
    picture = await visitor.get(str(known["picture"].value))
    assert picture.headers["content-type"].startswith("image/svg+xml")


async def test_page_offers_every_person(world: World, visitor: httpx.AsyncClient) -> None:
    page = await visitor.get((await world.browser().start("demo")).headers["location"])

    assert [person.name for person in PEOPLE if person.name not in page.text] == []


async def test_cancelling_comes_back_as_a_no(world: World, visitor: httpx.AsyncClient) -> None:
    answer = await _choose(world, visitor, "")

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=access_denied"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.test/"},
        {"redirect_uri": f"{CALLBACK}/"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"scope": "email"},
    ],
)
async def test_request_that_is_not_to_the_letter_leads_nowhere(
    world: World, visitor: httpx.AsyncClient, changed: dict[str, str]
) -> None:
    asked = parameters_of((await world.browser().start("demo")).headers["location"])

    for answer in (
        await visitor.get("/idp/authorize", params={**asked, **changed}),
        await visitor.post("/idp/authorize", params={**asked, **changed}, data={"person": "mei"}),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "password", "error"),
    [
        ({}, "wrong", "invalid_client"),
        ({"code": "unknown"}, SECRET, "invalid_grant"),
        ({"code_verifier": "another"}, SECRET, "invalid_grant"),
        ({"redirect_uri": "https://evil.test/"}, SECRET, "invalid_grant"),
        ({"grant_type": "password"}, SECRET, "unsupported_grant_type"),
    ],
)
async def test_code_is_exchanged_with_everything_right_alone(
    world: World, visitor: httpx.AsyncClient, changed: dict[str, str], password: str, error: str
) -> None:
    asked = (await world.browser().start("demo")).headers["location"]
    back = await visitor.post(asked, data={"person": "mei"})
    form = {
        "grant_type": "authorization_code",
        "code": parameters_of(back.headers["location"])["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": "not-the-one",
        **changed,
    }

    answer = await visitor.post("/idp/token", data=form, auth=("acquaint", password))

    assert answer.json() == {"error": error}


async def test_userinfo_needs_a_token(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/idp/userinfo", headers={"authorization": "Bearer made-up"})

    assert answer.status_code == 401
