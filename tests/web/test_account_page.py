"""Our page about accounts: what of each is used, what is withheld, linking another one, giving one up."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.identity.hostile_provider import ISSUER
from tests.sign_in_world import PUBLIC_URL, parameters_of

if TYPE_CHECKING:
    import httpx

    from server.kit.mongo import Document
    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World

ACCOUNT = f"{PUBLIC_URL}/auth/account"
COOKIE = "__Host-acquaint"
ALL = "name,email,company"


async def _come_back(browser: Browser, provider: HostileProvider, sent: httpx.Response) -> httpx.Response:
    asked = parameters_of(sent.headers["location"])
    provider.nonce = asked["nonce"]
    return await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)


async def _sign_in(
    browser: Browser, provider: HostileProvider, *use: str, subject: str = "ada"
) -> httpx.Response:
    provider.subject = subject
    boxes = {"next": "/auth/account", "shown": ALL, "use": list(use) or ALL.split(",")}
    return await _come_back(
        browser, provider, await browser.client.get(f"{PUBLIC_URL}/auth/idp/start", params=boxes)
    )


async def _say(browser: Browser, origin: str = PUBLIC_URL, **said: str) -> httpx.Response:
    boxes = {"shown": ALL, "use": "name"}
    return await browser.client.post(ACCOUNT, params=said, data=boxes, headers={"origin": origin})


async def _link(browser: Browser, provider: HostileProvider, subject: str) -> httpx.Response:
    provider.subject = subject
    return await _come_back(browser, provider, await _say(browser, do="link", provider="idp"))


async def _accounts(world: World) -> dict[str, list[str]]:
    """Return what is withheld, by account."""
    return {
        each["_id"].rpartition("|")[2]: each["withheld"] async for each in world.database["accounts"].find()
    }


async def _people(world: World) -> list[Document]:
    return [each async for each in world.database["profiles"].find({"merged_into": None})]


async def test_page_says_what_of_an_account_is_used_and_what_is_withheld(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider, "name")

    page = unescape((await browser.client.get(ACCOUNT)).text)

    assert (await browser.client.get(ACCOUNT)).headers["referrer-policy"] == "same-origin"
    assert "<strong>Test</strong>: Name is used. You withhold company; email." in page
    assert "ada@acme.example" not in page


async def test_what_is_withheld_stays_so_though_the_boxes_are_ticked_again(
    world: World, provider: HostileProvider
) -> None:
    await _sign_in(world.browser(), provider, "name", "company")

    await _sign_in(world.browser(), provider, "email", "company")
    await _sign_in(world.browser(), provider)

    (account,) = await world.database["accounts"].find().to_list(None)
    assert sorted(account["withheld"]) == ["email", "name"]
    (person,) = await _people(world)
    assert await world.values(await world.profile(person["_id"])) == {}


@pytest.mark.parametrize("withhold", ["", "company"])
async def test_link_that_anybody_made_gives_nothing_free(
    world: World, provider: HostileProvider, withhold: str
) -> None:
    await _sign_in(world.browser(), provider, "company")
    victim = world.browser()

    await _come_back(victim, provider, await victim.start("idp", withhold=withhold))

    (withheld,) = (await _accounts(world)).values()
    assert {"email", "name"} <= set(withheld)
    (person,) = await _people(world)
    assert not {"email", "name"} & (await world.values(await world.profile(person["_id"]))).keys()


async def test_person_lets_us_use_again_what_they_withheld(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider, "name")

    answer = await _say(browser, do="release", issuer=ISSUER, subject="ada")
    before = str(await _people(world))
    await _sign_in(browser, provider)

    assert answer.headers["location"] == "/auth/account"
    assert "ada@acme.example" not in before
    assert "ada@acme.example" in str(await _people(world))


async def test_another_account_is_linked_with_what_its_person_ticked(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    before = browser.client.cookies[COOKIE]

    answer = await _link(browser, provider, "ada2")

    (person,) = await _people(world)
    assert answer.headers["location"] == ACCOUNT
    assert browser.client.cookies[COOKIE] != before
    assert "ada2" in str(person["identities"])
    assert sorted(map(tuple, (await _accounts(world)).values())) == [(), ("company", "email")]


async def test_page_says_of_each_account_what_of_it_alone_is_used(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    provider.claims = {"company": "Engines"}
    await _sign_in(browser, provider)
    provider.claims = {"name": "Ada"}
    await _link(browser, provider, "ada2")

    page = unescape((await browser.client.get(ACCOUNT)).text)

    assert "<strong>Test</strong>: Company is used." in page
    assert "<strong>Test</strong>: Name is used." in page


async def test_linking_ends_every_other_session_of_the_person(
    world: World, provider: HostileProvider
) -> None:
    here, there = world.browser(), world.browser()
    await _sign_in(there, provider)
    await _sign_in(here, provider)

    await _link(here, provider, "ada2")

    assert [(await each.client.get(ACCOUNT)).status_code for each in (here, there)] == [200, 303]


async def test_account_of_somebody_else_is_not_moved(world: World, provider: HostileProvider) -> None:
    provider.claims = {"name": "Bob"}
    await _sign_in(world.browser(), provider, subject="bob")
    browser = world.browser()
    await _sign_in(browser, provider)

    answer = await _link(browser, provider, "bob")

    assert answer.status_code == 400
    assert "Somebody else signs in with this account" in unescape(answer.text)
    assert len(await _people(world)) == 2


async def test_link_goes_to_the_session_that_asked_and_to_no_other(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    sent = await _say(browser, do="link", provider="idp")
    await _sign_in(browser, provider, subject="mallory")

    provider.subject = "ada2"
    answer = await _come_back(browser, provider, sent)

    assert answer.headers["location"] == f"{PUBLIC_URL}/auth/?error=sign_in_failed"
    assert "ada2" not in str(await _people(world))


async def test_link_after_signing_out_is_none(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    sent = await _say(browser, do="link", provider="idp")
    await _say(browser, do="sign_out")

    provider.subject = "ada2"
    answer = await _come_back(browser, provider, sent)

    assert answer.headers["location"] == f"{PUBLIC_URL}/auth/?error=sign_in_failed"
    assert "ada2" not in str(await _people(world))


async def test_old_sign_in_links_and_unlinks_nothing(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    await _link(browser, provider, "ada2")
    world.clock.advance(timedelta(minutes=16))

    linked = await _link(browser, provider, "ada3")
    unlinked = await _say(browser, do="unlink", issuer=ISSUER, subject="ada2")

    for answer in (linked, unlinked):
        assert answer.status_code == 400
        assert "sign in again" in answer.text
    assert "ada3" not in str(await _people(world))
    assert "ada2" in str(await _people(world))


async def test_account_is_given_up_but_never_the_last(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    await _link(browser, provider, "ada2")

    first = await _say(browser, do="unlink", issuer=ISSUER, subject="ada")
    last = await _say(browser, do="unlink", issuer=ISSUER, subject="ada2")

    assert first.headers["location"] == "/auth/account"
    assert "This is the only way to sign in" in unescape(last.text)
    assert len(await _accounts(world)) == 1


@pytest.mark.parametrize("act", ["release", "unlink"])
async def test_nobody_changes_the_account_of_somebody_else(
    world: World, provider: HostileProvider, act: str
) -> None:
    await _sign_in(world.browser(), provider, "name")
    browser = world.browser()
    await _sign_in(browser, provider, subject="mallory")
    before = await _accounts(world)

    answer = await _say(browser, do=act, issuer=ISSUER, subject="ada")

    assert answer.status_code == 400
    assert await _accounts(world) == before


@pytest.mark.parametrize(
    "said",
    [
        {"do": "link", "provider": "idp"},
        {"do": "release", "issuer": ISSUER, "subject": "ada"},
        {"do": "unlink", "issuer": ISSUER, "subject": "ada2"},
    ],
)
@pytest.mark.parametrize("origin", ["https://evil.test", "https://shop.test", "null"])
async def test_form_of_another_page_changes_nothing(
    world: World, provider: HostileProvider, said: dict[str, str], origin: str
) -> None:
    browser = world.browser()
    await _sign_in(browser, provider, "name")
    await _link(browser, provider, "ada2")
    before = await _accounts(world)

    answer = await _say(browser, origin, **said)

    assert answer.status_code == 400
    assert await _accounts(world) == before


async def test_what_changes_who_can_sign_in_is_audited(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)
    await _link(browser, provider, "ada2")
    await _say(browser, do="unlink", issuer=ISSUER, subject="ada2")
    await _say(browser, do="unlink", issuer=ISSUER, subject="ada")

    entries = [each async for each in world.database["audit_log"].find().sort("_id", 1)]

    assert [(each["act"], each["outcome"]) for each in entries] == [
        ("linkIdentity", "Success"),
        ("unlinkIdentity", "Success"),
        ("unlinkIdentity", "LastIdentityError"),
    ]
    assert {each["actor_kind"] for each in entries} == {"person"}
    assert "ada2" not in str(entries)


@pytest.mark.parametrize("act", ["", "sign_in", "SIGN_OUT", "link ", "delete"])
async def test_act_that_is_none_changes_nothing(world: World, provider: HostileProvider, act: str) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    answer = await _say(browser, do=act)

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert (await browser.client.get(ACCOUNT)).status_code == 200


async def test_link_in_an_address_links_nothing(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    await _sign_in(browser, provider)

    provider.subject = "mallory"
    started = await browser.client.get(
        f"{PUBLIC_URL}/auth/idp/start", params={"next": "/auth/account", "intent": "link"}
    )
    await _come_back(browser, provider, started)

    assert len(await _people(world)) == 2
