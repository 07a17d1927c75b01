"""Lies of the big providers, mix-ups between two of them, and forms from elsewhere: none signs anybody in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.profiles.model import IdentityKind
from tests.identity.vendors import KINDS, USER, Vendors, arrived, vendor_settings, walk
from tests.sign_in_world import PAGE, PUBLIC_URL, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.fakes import FakeClock
    from tests.sign_in_world import World


@pytest.fixture
def vendors(clock: FakeClock) -> Vendors:
    return Vendors(clock)


@pytest.fixture
async def world(database: Database, clock: FakeClock, vendors: Vendors) -> AsyncIterator[World]:
    settings = [vendor_settings(kind) for kind in KINDS]
    async with sign_in_world(database, settings, clock=clock, transport=vendors.transport) as world:
        yield world


# nOAuth and other ways to be somebody else: (provider, what it lies about)
LIES: dict[str, tuple[str, dict[str, Any]]] = {
    "Microsoft token of a tenant that its issuer is not": (
        "microsoft",
        {"id_token": {"tid": "11111111-2222-3333-4444-555555555555"}},
    ),
    "Microsoft token whose issuer is the template itself": (
        "microsoft",
        {"id_token": {"iss": "https://login.microsoftonline.com/{tenantid}/v2.0", "tid": "{tenantid}"}},
    ),
    "Microsoft token whose tenant is a path": (
        "microsoft",
        {"id_token": {"iss": "https://login.microsoftonline.com/a/../b/v2.0", "tid": "a/../b"}},
    ),
    "Microsoft token without a tenant": ("microsoft", {"id_token": {"tid": None}}),
    "Microsoft token without an oid": ("microsoft", {"id_token": {"oid": None}}),
    "Microsoft oid that is an address": ("microsoft", {"id_token": {"oid": "ada@acme.example"}}),
    "Microsoft token for another client": ("microsoft", {"id_token": {"aud": "another-app"}}),
    "Google token of another issuer": ("google", {"id_token": {"iss": "https://accounts.google.com.evil"}}),
    "Google token without nonce": ("google", {"id_token": {"nonce": None}}),
    "Apple token without nonce": ("apple", {"id_token": {"nonce": None, "nonce_supported": False}}),
    "Apple token of another team": ("apple", {"id_token": {"aud": "com.evil.app"}}),
    "LinkedIn token that ran out": ("linkedin", {"id_token": {"exp": 1}}),
    "LinkedIn userinfo of another member": ("linkedin", {"userinfo": {"sub": "another"}}),
    "GitHub answer without an id": ("github", {"/user": {"login": "ada"}}),
    "GitHub id that is true": ("github", {"/user": {"id": True}}),
    "GitHub id that is zero": ("github", {"/user": {"id": 0}}),
    "GitHub id that is a list": ("github", {"/user": {"id": [583231]}}),
    "GitHub error in an answer of success": ("github", {"token": {"error": "bad_verification_code"}}),
    "Facebook id that is empty": ("facebook", {"/v23.0/me": {"id": ""}}),
    "Facebook id with a bar that parts issuer from subject": ("facebook", {"/v23.0/me": {"id": "a|b"}}),
    "Facebook token that is none": ("facebook", {"token": {"access_token": None}}),
    "X answer about nobody": ("x", {"/2/users/me": {"errors": [{"title": "Not Found"}]}}),
    "X id that is an object": ("x", {"/2/users/me": {"data": {"id": {"$ne": ""}}}}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_lie_signs_nobody_in(world: World, vendors: Vendors, lie: str) -> None:
    kind, vendors.lies = LIES[lie]

    answer = await walk(world.browser(), vendors, kind)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    assert await world.database["profiles"].count_documents({}) == 0


async def test_two_tenants_of_microsoft_are_two_people(world: World, vendors: Vendors) -> None:
    first = await arrived(world, await walk(world.browser(), vendors, "microsoft"))
    other = "11111111-2222-3333-4444-555555555555"
    vendors.lies["id_token"] = {"tid": other, "iss": f"https://login.microsoftonline.com/{other}/v2.0"}

    second = await arrived(world, await walk(world.browser(), vendors, "microsoft"))

    assert first.id != second.id


async def test_callback_of_one_provider_is_not_taken_at_another(world: World, vendors: Vendors) -> None:
    browser = world.browser()
    asked = parameters_of((await browser.start("google")).headers["location"])

    mixed = await browser.come_back("github", state=asked["state"], code="a-code")

    assert mixed.status_code == 400
    assert [each.url.path for each in vendors.requests if each.method == "POST"] == []


async def test_callback_that_names_another_issuer_is_refused_where_none_is_promised(
    world: World, vendors: Vendors
) -> None:
    answer = await walk(world.browser(), vendors, "github", iss="https://evil.test")

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    assert [each for each in vendors.requests if each.method == "POST"] == []


async def test_scope_that_was_not_granted_brings_nothing_though_the_claim_is_there(
    world: World, vendors: Vendors
) -> None:
    vendors.scope = "openid https://www.googleapis.com/auth/userinfo.profile"

    profile = await arrived(world, await walk(world.browser(), vendors, "google"))

    assert "email" not in await world.values(profile)
    assert {each.ref.kind for each in profile.identities} == {IdentityKind.SOCIAL}


# The form from another site (Apple)


async def test_form_from_another_site_is_sent_on_by_our_own_page(world: World) -> None:
    answer = await world.browser().client.post(
        f"{PUBLIC_URL}/auth/apple/callback",
        data={"state": "s", "code": 'c"><script>1</script>', "user": USER},
    )

    assert answer.status_code == 200
    assert 'action="/auth/apple/return"' in answer.text
    assert "<script>1" not in answer.text
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "sha256-" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


async def test_form_without_the_browsers_cookie_signs_nobody_in(world: World, vendors: Vendors) -> None:
    asked = parameters_of((await world.browser().start("apple")).headers["location"])
    vendors.nonce = asked["nonce"]

    answer = await world.browser().client.post(
        f"{PUBLIC_URL}/auth/apple/return", data={"state": asked["state"], "code": "a-code"}
    )

    assert answer.status_code == 400
    assert await world.database["profiles"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"state":"x"}'),
        ("application/x-www-form-urlencoded", b"state=" + b"x" * 40_000),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 50)),
        ("application/x-www-form-urlencoded", b"state=a&state=b"),
        ("multipart/form-data", b""),
        ("", b""),
    ],
)
async def test_form_that_is_none_is_refused_without_a_fault(
    world: World, content_type: str, body: bytes
) -> None:
    answer = await world.browser().client.post(
        f"{PUBLIC_URL}/auth/apple/return", content=body, headers={"content-type": content_type}
    )

    assert answer.status_code == 400
