"""Admins who sign in at a provider: who is one, what their browser gets, and who else could use it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from server.access.admins import SESSION_LIFETIME, TOKEN_LIFETIME
from server.access.errors import AuthenticationError, OriginNotAllowedError
from server.access.model import Scope, ViewerKind
from server.kit.errors import InvalidInputError
from tests.identity.hostile_provider import ISSUER, SETTINGS, HostileProvider
from tests.sign_in_world import ADMIN, ORIGIN, PUBLIC_URL, clock_of_today, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.fakes import FakeClock
    from tests.sign_in_world import Browser, World

PAGE = f"{PUBLIC_URL}/auth/admin"
TOKEN = f"{PAGE}/token"
COOKIE = "__Host-acquaint-admin"
ROLE = {"admin_claim": "roles", "admin_role": "acquaint-admin"}
ASKING = {"origin": PUBLIC_URL, "x-acquaint": "1"}


@pytest.fixture
def clock() -> FakeClock:
    """The clock of server and provider."""
    return clock_of_today()


@pytest.fixture
def provider(clock: FakeClock) -> HostileProvider:
    """A provider that gives Ada the role."""
    provider = HostileProvider(clock)
    provider.claims["roles"] = ["staff", "acquaint-admin"]
    return provider


@pytest.fixture
async def world(database: Database, clock: FakeClock, provider: HostileProvider) -> AsyncIterator[World]:
    """A server at which admins sign in by that provider."""
    transport = httpx.ASGITransport(app=provider.app)
    settings = replace(SETTINGS, options=ROLE)
    async with sign_in_world(database, [settings], clock=clock, transport=transport) as world:
        yield world


async def _sign_in(browser: Browser, provider: HostileProvider, intent: str = "admin") -> httpx.Response:
    parameters = {"intent": intent} if intent == "admin" else {"next": "/auth/account"}
    started = await browser.client.get(f"{PUBLIC_URL}/auth/idp/start", params=parameters)
    asked = parameters_of(started.headers["location"])
    provider.nonce = asked["nonce"]
    return await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)


async def _token(browser: Browser) -> str:
    answer = await browser.client.post(TOKEN, headers=ASKING)
    assert answer.status_code == httpx.codes.OK
    token: str = answer.json()["token"]
    return token


async def _is_refused(world: World, token: str, origin: str | None = PUBLIC_URL) -> bool:
    try:
        await world.access.identify(token, origin)
    except AuthenticationError:
        return True
    return False


async def test_role_makes_an_admin_with_a_token_for_graphql(world: World, provider: HostileProvider) -> None:
    browser = world.browser()

    answer = await _sign_in(browser, provider)

    assert answer.headers["location"] == PAGE
    viewer = await world.access.identify(await _token(browser), PUBLIC_URL)
    assert viewer.kind is ViewerKind.ADMIN
    assert viewer.scopes == {Scope.ADMIN}
    assert (viewer.key_id or "").startswith("adm_")
    assert "You are ada@acme.example" in (await browser.client.get(PAGE)).text


async def test_admin_is_no_profile_and_their_sign_in_is_audited(
    world: World, provider: HostileProvider
) -> None:
    await _sign_in(world.browser(), provider)
    await _sign_in(world.browser(), provider)

    assert await world.database["profiles"].count_documents({}) == 0
    noted = [each async for each in world.database["audit_log"].find()]
    (admin,) = [each async for each in world.database["admins"].find()]
    assert [(each["act"], each["actor"], each["outcome"]) for each in noted] == [
        ("adminSignIn", admin["_id"], "Success")
    ] * 2
    assert (admin["name"], admin["subject"]) == ("ada@acme.example", "ada")


async def test_admin_whose_name_can_not_be_kept_goes_by_their_subject(
    world: World, provider: HostileProvider
) -> None:
    provider.claims["email"] = "\ud800"

    answer = await _sign_in(world.browser(), provider)

    assert answer.headers["location"] == PAGE
    (admin,) = [each async for each in world.database["admins"].find()]
    assert admin["name"] == "ada"


async def test_cookie_is_for_this_host_and_no_script(world: World, provider: HostileProvider) -> None:
    answer = await _sign_in(world.browser(), provider)

    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(COOKIE))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} >= {
        *("httponly", "secure", "samesite=lax", "path=/")
    }
    assert cookie.split("=")[1].split(";")[0] not in str(await world.database["admin_sessions"].find_one({}))


@pytest.mark.parametrize(
    "roles",
    [
        None,
        [],
        "",
        "admin",
        "acquaint-admin staff",
        "ACQUAINT-ADMIN",
        ["acquaint-admin "],
        ["acquaint-administrator"],
        [["acquaint-admin"]],
        {"acquaint-admin": True},
        True,
        [None, 7, {}],
    ],
)
async def test_whoever_has_not_the_role_is_no_admin(
    world: World, provider: HostileProvider, roles: object
) -> None:
    provider.claims["roles"] = roles
    browser = world.browser()

    answer = await _sign_in(browser, provider)

    assert answer.headers["location"] == f"{PAGE}?error=not_admin"
    assert COOKIE not in str(answer.headers)
    assert (await browser.client.post(TOKEN, headers=ASKING)).status_code == httpx.codes.FORBIDDEN
    assert "does not give you the role" in (await browser.client.get(answer.headers["location"])).text


@pytest.mark.parametrize("mode", ["unsigned", "signed with another key", "wrong nonce", "wrong audience"])
async def test_role_in_a_forged_token_makes_no_admin(
    world: World, provider: HostileProvider, mode: str
) -> None:
    provider.mode = mode

    answer = await _sign_in(world.browser(), provider)

    assert answer.headers["location"] == f"{PAGE}?error=sign_in_failed"
    assert await world.database["admin_sessions"].count_documents({}) == 0


async def test_ordinary_sign_in_makes_no_admin_whatever_the_role(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()

    await _sign_in(browser, provider, intent="account")

    assert (await browser.client.post(TOKEN, headers=ASKING)).status_code == httpx.codes.FORBIDDEN
    assert await world.database["admin_sessions"].count_documents({}) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"options": {}},
        {"options": ROLE, "kind": "google"},
        {"options": {**ROLE, "tenant": "common"}, "kind": "microsoft"},
    ],
)
async def test_no_admin_signs_in_where_anybody_could_have_the_role(
    database: Database, clock: FakeClock, provider: HostileProvider, changed: dict[str, Any]
) -> None:
    settings = replace(SETTINGS, **changed)
    transport = httpx.ASGITransport(app=provider.app)
    async with sign_in_world(database, [settings], clock=clock, transport=transport) as world:
        browser = world.browser()

        answer = await browser.client.get(f"{PUBLIC_URL}/auth/idp/start", params={"intent": "admin"})

        assert answer.status_code == httpx.codes.BAD_REQUEST
        assert "Admins sign in nowhere" in (await browser.client.get(PAGE)).text


@pytest.mark.parametrize(
    "changed",
    [
        {"options": {"admin_claim": "roles"}},
        {"options": {"admin_role": "x"}},
        {"options": {"admin_claim": "", "admin_role": ""}},
        {"options": ROLE, "kind": "github"},
    ],
)
async def test_role_that_could_not_be_asked_for_is_not_configured(
    world: World, changed: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError):
        await world.identity.providers.configure(ADMIN, replace(SETTINGS, key="new", **changed), secret="x")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": PUBLIC_URL},
        {"x-acquaint": "1"},
        {"x-acquaint": "1", "origin": ORIGIN},
        {"x-acquaint": "1", "origin": "null"},
        {"x-acquaint": "1", "origin": f"{PUBLIC_URL}.evil.test"},
        {"x-acquaint": "1", "origin": PUBLIC_URL.replace("https", "http")},
    ],
)
async def test_other_pages_get_no_token_with_the_cookie(
    world: World, provider: HostileProvider, headers: dict[str, str]
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    answer = await browser.client.post(TOKEN, headers=headers)

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "adt_" not in answer.text
    assert "access-control-allow-origin" not in answer.headers


async def test_other_pages_sign_no_admin_out(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    for origin in (ORIGIN, "null", ""):
        assert (await browser.client.post(PAGE, headers={"origin": origin})).status_code == 400
    assert not await _is_refused(world, await _token(browser))


async def test_token_is_good_on_our_origin_and_for_five_minutes(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    token = await _token(browser)

    for origin in (None, ORIGIN, "null"):
        with pytest.raises(OriginNotAllowedError):
            await world.access.identify(token, origin)
    world.clock.advance(TOKEN_LIFETIME)

    assert await _is_refused(world, token)
    assert not await _is_refused(world, await _token(browser))


async def test_signing_out_ends_the_tokens_at_once(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    token = await _token(browser)

    await browser.client.post(PAGE, headers={"origin": PUBLIC_URL})

    assert await _is_refused(world, token)
    assert (await browser.client.post(TOKEN, headers=ASKING)).status_code == httpx.codes.FORBIDDEN


async def test_session_ends_after_a_day_s_work_however_much_it_is_used(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    world.clock.advance(SESSION_LIFETIME - timedelta(minutes=1))
    last = await _token(browser)

    world.clock.advance(timedelta(minutes=1))

    assert await _is_refused(world, last)
    assert (await browser.client.post(TOKEN, headers=ASKING)).status_code == httpx.codes.FORBIDDEN


async def test_second_sign_in_ends_the_session_before(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    before = await _token(browser)

    await _sign_in(browser, provider)

    assert await _is_refused(world, before)


async def test_token_that_was_made_up_or_changed_is_refused(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    session, end, proof = (await _token(browser)).split(".")

    for token in (
        "adt_",
        "adt_..",
        f"{session}.{int(end) + 60}.{proof}",
        f"{session}x.{end}.{proof}",
        f"{session}.{end}.",
        f"{session}.{end}.{proof[::-1]}",
        f"{session}.{end}",
        "adt_\ud800.1.x",
    ):
        assert await _is_refused(world, token)


@pytest.mark.parametrize("cookie", ["", "ads_unknown", "\u00e4", "x" * 4_000])
async def test_cookie_that_was_made_up_opens_nothing(world: World, cookie: str) -> None:
    browser = world.browser()
    headers = {**ASKING, "cookie": f"{COOKIE}={cookie}".encode()}

    answer = await browser.client.post(TOKEN, headers=headers)  # type: ignore[arg-type] # bytes, as browsers send

    assert answer.status_code == httpx.codes.FORBIDDEN
