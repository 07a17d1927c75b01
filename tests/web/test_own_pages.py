"""Our own pages: what is shown before a sign-in, the cookie, and where it can't lead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.identity.model import OWN_SESSION_ABSOLUTE, OWN_SESSION_IDLE
from tests.identity.hostile_provider import ISSUER
from tests.sign_in_world import PUBLIC_URL, parameters_of

if TYPE_CHECKING:
    import httpx

    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World

COOKIE = "__Host-acquaint"
ACCOUNT = f"{PUBLIC_URL}/auth/account"


async def _sign_in(
    browser: Browser, provider: HostileProvider, **parameters: str | list[str]
) -> httpx.Response:
    started = await browser.client.get(
        f"{PUBLIC_URL}/auth/idp/start", params={"next": "/auth/account", **parameters}
    )
    asked = parameters_of(started.headers["location"])
    provider.nonce = asked["nonce"]
    return await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)


async def _act(browser: Browser, act: str, origin: str | None = PUBLIC_URL) -> httpx.Response:
    headers = {} if origin is None else {"origin": origin}
    return await browser.client.post(ACCOUNT, params={"do": act}, headers=headers)


async def test_page_shows_every_claim_with_a_box(world: World) -> None:
    answer = await world.browser().client.get(f"{PUBLIC_URL}/auth/")

    assert "Sign in with Test" in answer.text
    assert 'name="use" value="picture" checked' in answer.text
    assert "Company" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_sign_in_sets_a_cookie_that_is_for_this_host_alone(
    world: World, provider: HostileProvider
) -> None:
    answer = await _sign_in(world.browser(), provider)

    assert answer.headers["location"] == ACCOUNT
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} >= {
        *("httponly", "secure", "samesite=lax", "path=/")
    }
    assert "domain" not in cookie.lower()
    assert cookie.split("=")[1].split(";")[0] not in str(await world.database["sessions"].find_one({}))


async def test_claim_whose_box_is_empty_is_withheld(world: World, provider: HostileProvider) -> None:
    await _sign_in(world.browser(), provider, shown="name,email", use=["email"])

    found = await world.database["accounts"].find_one({})
    assert found is not None
    assert found["withheld"] == ["name"]
    assert "Ada" not in found["claims"]


async def test_account_page_shows_where_the_person_is(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    assert "(here)" in (await browser.client.get(ACCOUNT)).text
    stranger = await world.browser().client.get(ACCOUNT)
    assert stranger.headers["location"] == "/auth/"


async def test_session_changes_at_every_sign_in(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    first = browser.client.cookies[COOKIE]

    await _sign_in(browser, provider)

    assert browser.client.cookies[COOKIE] != first
    assert await world.database["sessions"].count_documents({}) == 1


async def test_planted_session_does_not_become_the_victims(world: World, provider: HostileProvider) -> None:
    victim, attacker = world.browser(), world.browser()
    for browser in (victim, attacker):
        browser.client.cookies.set(COOKIE, "rst_planted", domain="api.test")

    await _sign_in(victim, provider)

    assert (await attacker.client.get(ACCOUNT)).status_code == 303
    assert "rst_planted" not in victim.client.cookies.values()


async def test_cookie_that_a_sibling_domain_planted_signs_nobody_in(
    world: World, provider: HostileProvider
) -> None:
    attacker, victim = world.browser(), world.browser()
    started = await attacker.client.get(f"{PUBLIC_URL}/auth/idp/start", params={"next": "/auth/account"})
    asked = parameters_of(started.headers["location"])
    provider.nonce = asked["nonce"]
    (own,) = attacker.client.cookies.jar
    without_prefix = own.name.removeprefix("__Host-")  # which a cookie of another host can't have

    victim.client.cookies.set(without_prefix, own.value or "", domain="api.test", path="/auth")
    answer = await victim.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)

    assert answer.status_code == 400
    assert COOKIE not in victim.client.cookies


@pytest.mark.parametrize("act", ["sign_out", "sign_out_everywhere"])
async def test_signing_out_kills_the_session(world: World, provider: HostileProvider, act: str) -> None:
    here, there = world.browser(), world.browser()
    await _sign_in(here, provider)
    await _sign_in(there, provider)
    kept = here.client.cookies[COOKIE]

    await _act(here, act)

    here.client.cookies.set(COOKIE, kept, domain="api.test")
    assert (await here.client.get(ACCOUNT)).status_code == 303
    assert (await there.client.get(ACCOUNT)).status_code == (200 if act == "sign_out" else 303)


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.test", "https://shop.test", "http://api.test", "https://api.test.evil"],
)
async def test_form_of_another_page_signs_nobody_out(
    world: World, provider: HostileProvider, origin: str | None
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    assert (await _act(browser, "sign_out_everywhere", origin)).status_code == 400

    assert (await browser.client.get(ACCOUNT)).status_code == 200


async def test_session_ends_unused_and_in_any_case(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    world.clock.advance(OWN_SESSION_IDLE)
    assert (await browser.client.get(ACCOUNT)).status_code == 303

    await _sign_in(browser, provider)
    end = world.clock() + OWN_SESSION_ABSOLUTE
    while world.clock() + timedelta(hours=11) < end:
        world.clock.advance(timedelta(hours=11))
        assert (await browser.client.get(ACCOUNT)).status_code == 200
    world.clock.advance(timedelta(hours=11))
    assert (await browser.client.get(ACCOUNT)).status_code == 303


NEXTS = (
    *("//evil.test", "/\\evil.test", "\\/evil.test", "\\\\evil.test", "https:evil.test", "https://evil.test"),
    *(
        "///evil.test",
        "////evil.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\t/evil.test",
        "\t//evil.test",
    ),
    *("/\r\nlocation: https://evil.test", "/%0d%0a", "@evil.test", ".evil.test", "", " /", "/ /evil.test"),
    *("/\x00/evil.test", "https:///evil.test", "http:\\\\evil.test", "//evil%00.test", "/" + "a" * 3_000),
)


@pytest.mark.parametrize("next_path", NEXTS)
async def test_next_leads_nowhere_but_to_this_origin(
    world: World, provider: HostileProvider, next_path: str
) -> None:
    answer = await _sign_in(world.browser(), provider, next=next_path)

    assert answer.headers["location"] in {f"{PUBLIC_URL}/", f"{PUBLIC_URL}/%0d%0a"}


async def test_failure_leads_to_our_own_page_with_our_own_words(
    world: World, provider: HostileProvider
) -> None:
    provider.mode = "wrong nonce"
    browser = world.browser()

    answer = await _sign_in(browser, provider)

    assert answer.headers["location"] == f"{PUBLIC_URL}/auth/?error=sign_in_failed"
    assert COOKIE not in browser.client.cookies
    shown = await browser.client.get(f"{PUBLIC_URL}/auth/", params={"error": "<script>"})
    assert "could not be proved" in shown.text
    assert "<script>" not in shown.text


async def test_session_of_our_pages_is_none_of_a_shops(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    visit = await world.visit(browser.client.cookies[COOKIE])

    assert not visit.profile.is_identified


async def test_resume_token_of_a_shop_is_no_session_of_our_pages(world: World) -> None:
    browser = world.browser()
    browser.client.cookies.set(COOKIE, (await world.visit()).resume_token, domain="api.test")

    assert (await browser.client.get(ACCOUNT)).status_code == 303
