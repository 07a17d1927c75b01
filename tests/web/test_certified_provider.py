"""Sign-in at a certified OpenID provider: an implementation of the protocol that is not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.settings import ProviderSettings
from tests.e2e.oidc_provider.running import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.sign_in_world import PAGE, PUBLIC_URL, clock_of_today, fragment_of, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from server.kit.mongo import Database
    from tests.e2e.oidc_provider.running import CertifiedProvider
    from tests.sign_in_world import Browser, World

CALLBACK = f"{PUBLIC_URL}/auth/certified/callback"


@pytest.fixture(scope="module")
def certified() -> Iterator[CertifiedProvider]:
    with running_provider([CALLBACK]) as provider:
        yield provider


@pytest.fixture
async def world(database: Database, certified: CertifiedProvider) -> AsyncIterator[World]:
    settings = ProviderSettings(
        key="certified",
        name="Certified",
        issuer=certified.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        scopes=("openid", "profile", "email", "company"),
        claims={"company": "company_name"},
    )
    async with sign_in_world(database, [settings], clock=clock_of_today()) as world:
        yield world


async def _walk(browser: Browser, form: dict[str, str]) -> str:
    """Go to the provider, fill in its form, and return the address of our callback that it leads to."""
    answer = await browser.start("certified")
    while not answer.headers["location"].startswith(CALLBACK):
        answer = await browser.client.get(answer.next_request.url if answer.next_request else "")
        if not answer.is_redirect:
            answer = await browser.client.post(answer.url, data=form)
    return answer.headers["location"]


async def _sign_in(browser: Browser, login: str) -> httpx.Response:
    return await browser.client.get(await _walk(browser, {"login": login}))


async def test_claims_arrive_and_the_next_sign_in_is_the_same_person(world: World) -> None:
    browser = world.browser()

    first = await world.arrive(
        fragment_of((await _sign_in(browser, "alice")).headers["location"])["acquaint_code"]
    )
    second = await world.arrive(
        fragment_of((await _sign_in(browser, "alice")).headers["location"])["acquaint_code"]
    )

    assert await world.values(first.profile) == {
        "email": "alice@wonderland.example",
        "name": "Alice Liddell",
        "given_name": "Alice",
        "family_name": "Liddell",
        "picture": "https://img.example.com/alice.png",
        "locale": "en-GB",
        "zoneinfo": "Europe/London",
        "company_name": "Wonderland Ltd",
    }
    assert second.profile.id == first.profile.id
    assert (second.profile.logins, second.profile.visits) == (2, 2)


async def test_unverified_address_takes_nobody_over(world: World) -> None:
    alice = await _sign_in(world.browser(), "alice")
    mallory = await _sign_in(world.browser(), "mallory")

    hers = await world.arrive(fragment_of(alice.headers["location"])["acquaint_code"])
    other = await world.arrive(fragment_of(mallory.headers["location"])["acquaint_code"])

    assert other.profile.id != hers.profile.id
    assert len(other.profile.identities) == 1


async def test_person_without_an_address_signs_in_all_the_same(world: World) -> None:
    answer = await _sign_in(world.browser(), "nemo")

    started = await world.arrive(fragment_of(answer.headers["location"])["acquaint_code"])
    assert await world.values(started.profile) == {"name": "Nemo"}


async def test_no_of_the_person_comes_back_to_the_page(world: World) -> None:
    browser = world.browser()

    answer = await browser.client.get(await _walk(browser, {"deny": "1"}))

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=access_denied"


async def test_code_of_one_sign_in_is_refused_in_another(world: World) -> None:
    mine, theirs = world.browser(), world.browser()
    stolen = parameters_of(await _walk(theirs, {"login": "alice"}))["code"]
    own = parameters_of(await _walk(mine, {"login": "mallory"}))

    answer = await mine.come_back("certified", **{**own, "code": stolen})

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"


async def test_used_code_of_the_provider_is_refused(world: World) -> None:
    browser = world.browser()
    used = parameters_of(await _walk(browser, {"login": "alice"}))
    await browser.come_back("certified", **used)
    again = parameters_of((await browser.start("certified")).headers["location"])

    answer = await browser.come_back("certified", **{**used, "state": again["state"]})

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"


async def test_provider_that_is_down_is_said_so_on_the_page(database: Database) -> None:
    gone = ProviderSettings(
        key="certified", name="Gone", issuer="http://127.0.0.1:9", client_id="a", client_secret="b"
    )
    async with sign_in_world(database, [gone], clock=clock_of_today()) as world:
        answer = await world.browser().start("certified")

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=provider_unavailable"
