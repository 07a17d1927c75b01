"""Documented answers of each provider, replayed: who signs in, what is verified, which lies are refused."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

from server.profiles.model import IdentityKind
from tests.identity.vendors import APPLE_KEY, CLIENT_ID, OID, SECRET, TENANT, Vendors, vendor_settings
from tests.sign_in_world import PAGE, PUBLIC_URL, fragment_of, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from server.kit.mongo import Database
    from server.profiles.model import Profile
    from tests.fakes import FakeClock
    from tests.sign_in_world import Browser, World

KINDS = ("google", "microsoft", "apple", "linkedin", "github", "facebook", "x")
USER = '{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"evil@acme.example"}'


@pytest.fixture
def vendors(clock: FakeClock) -> Vendors:
    return Vendors(clock)


@pytest.fixture
async def world(database: Database, clock: FakeClock, vendors: Vendors) -> AsyncIterator[World]:
    settings = [vendor_settings(kind) for kind in KINDS]
    async with sign_in_world(database, settings, clock=clock, transport=vendors.transport) as world:
        yield world


async def _walk(browser: Browser, vendors: Vendors, kind: str, **more: str) -> httpx.Response:
    """Go to the provider and come back as it sends browsers back: by a link, or with Apple by a form."""
    started = await browser.start(kind)
    asked = parameters_of(started.headers["location"])
    vendors.nonce = asked.get("nonce", "")
    back = {"state": asked["state"], "code": "a-code", **more}
    if asked.get("response_mode") == "form_post":
        return await browser.client.post(f"{PUBLIC_URL}/auth/{kind}/return", data=back)
    return await browser.come_back(kind, **back)


async def _profile(world: World, answer: httpx.Response) -> Profile:
    return (await world.arrive(fragment_of(answer.headers["location"])["acquaint_code"])).profile


async def _worth(world: World, profile: Profile) -> dict[str, tuple[object, bool]]:
    known = await world.profiles.known_attributes(profile)
    return {key: (each.value, each.winner.is_verified) for key, each in known.items()}


def _refs(profile: Profile) -> set[tuple[IdentityKind, str | None, str]]:
    return {(each.ref.kind, each.ref.issuer, each.ref.value) for each in profile.identities}


EXPECTED: dict[str, tuple[str, str, dict[str, tuple[object, bool]]]] = {
    "google": (
        "https://accounts.google.com",
        "110169484474386276334",
        {
            "name": ("Ada Lovelace", True),
            "given_name": ("Ada", True),
            "family_name": ("Lovelace", True),
            "picture": ("https://lh3.example/ada.jpg", True),
            "email": ("ada@acme.example", True),
        },
    ),
    "microsoft": (
        f"https://login.microsoftonline.com/{TENANT}/v2.0",
        OID,
        {"name": ("Ada Lovelace", True), "email": ("ada@acme.example", False)},
    ),
    "apple": (
        "https://appleid.apple.com",
        "001234.abcdef0123456789.1234",
        {
            "name": ("Ada Lovelace", False),
            "given_name": ("Ada", False),
            "family_name": ("Lovelace", False),
            "email": ("ada@privaterelay.example", True),
        },
    ),
    "linkedin": (
        "https://www.linkedin.com/oauth",
        "782bbtaQ",
        {
            "name": ("Ada Lovelace", True),
            "given_name": ("Ada", True),
            "family_name": ("Lovelace", True),
            "picture": ("https://media.example/ada", True),
            "locale": ("en-GB", True),
            "email": ("ada@acme.example", True),
        },
    ),
    "github": (
        "https://github.com/login/oauth",
        "583231",
        {
            "name": ("Ada Lovelace", True),
            "nickname": ("ada", True),
            "picture": ("https://avatars.example/u/583231", True),
            "website": ("https://ada.example", False),
            "company_name": ("@engine", False),
            "email": ("ada@acme.example", True),
        },
    ),
    "facebook": (
        "https://www.facebook.com",
        "10153456789",
        {
            "name": ("Ada Lovelace", True),
            "given_name": ("Ada", True),
            "family_name": ("Lovelace", True),
            "picture": ("https://platform.example/ada.jpg", True),
            "email": ("ada@acme.example", False),
        },
    ),
    "x": (
        "https://x.com",
        "2244994945",
        {
            "name": ("Ada Lovelace", True),
            "nickname": ("ada", True),
            "picture": ("https://pbs.example/ada.jpg", True),
            "email": ("ada@acme.example", True),
        },
    ),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_documented_answer_signs_in_with_what_the_provider_vouches_for(
    world: World, vendors: Vendors, kind: str
) -> None:
    more = {"user": USER} if kind == "apple" else {}

    profile = await _profile(world, await _walk(world.browser(), vendors, kind, **more))

    issuer, subject, worth = EXPECTED[kind]
    assert (IdentityKind.SOCIAL, issuer, subject) in _refs(profile)
    assert {key: value for key, value in (await _worth(world, profile)).items() if key != "profile"} == worth
    has_address = IdentityKind.EMAIL in {each.ref.kind for each in profile.identities}
    assert has_address is worth["email"][1]


@pytest.mark.parametrize("kind", KINDS)
async def test_provider_is_asked_with_a_state_and_a_challenge_where_it_knows_one(
    world: World, kind: str
) -> None:
    asked = parameters_of((await world.browser().start(kind)).headers["location"])

    assert asked["redirect_uri"] == f"{PUBLIC_URL}/auth/{kind}/callback"
    assert (asked.get("code_challenge_method") == "S256") is (kind != "linkedin")
    assert ("nonce" in asked) is (kind in {"google", "microsoft", "apple", "linkedin"})
    assert "login_hint" not in asked


async def test_apple_gets_a_client_secret_of_five_minutes(world: World, vendors: Vendors) -> None:
    await _walk(world.browser(), vendors, "apple")

    form = parse_qs(vendors.sent("/token").content.decode())
    secret = jwt.decode(form["client_secret"][0], APPLE_KEY, algorithms=["ES256"])
    assert secret.header["kid"] == "KEY1234567"
    assert secret.claims["iss"] == "TEAM123456"
    assert secret.claims["sub"] == CLIENT_ID
    assert secret.claims["aud"] == "https://appleid.apple.com"
    assert secret.claims["exp"] - secret.claims["iat"] == 300


async def test_apples_name_stays_when_later_sign_ins_bring_none(
    world: World, vendors: Vendors, clock: FakeClock
) -> None:
    await _walk(world.browser(), vendors, "apple", user=USER)
    clock.advance(timedelta(seconds=1))

    profile = await _profile(world, await _walk(world.browser(), vendors, "apple"))

    assert (await world.values(profile))["name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    "user", ["", "[]", "{", "[" * 5_000, '{"name":7}', '{"name":{"firstName":1}}', "x" * 10_000]
)
async def test_apples_unsigned_field_breaks_nothing(world: World, vendors: Vendors, user: str) -> None:
    profile = await _profile(world, await _walk(world.browser(), vendors, "apple", user=user))

    assert (await world.values(profile)) == {"email": "ada@privaterelay.example"}


async def test_facebook_is_shown_that_we_know_the_secret(world: World, vendors: Vendors) -> None:
    await _walk(world.browser(), vendors, "facebook")

    proof = hmac.new(SECRET.encode(), b"at", hashlib.sha256).hexdigest()
    assert vendors.sent("/v23.0/me").url.params["appsecret_proof"] == proof


async def test_github_address_that_is_not_confirmed_is_no_identity(world: World, vendors: Vendors) -> None:
    vendors.lies["/user/emails"] = [{"email": "victim@acme.example", "primary": True, "verified": False}]

    profile = await _profile(world, await _walk(world.browser(), vendors, "github"))

    assert (await _worth(world, profile))["email"] == ("victim@acme.example", False)
    assert {each.ref.kind for each in profile.identities} == {IdentityKind.SOCIAL}


async def test_same_address_at_every_provider_is_never_one_person_by_itself(
    world: World, vendors: Vendors
) -> None:
    profiles = [await _profile(world, await _walk(world.browser(), vendors, kind)) for kind in KINDS]

    assert len({profile.id for profile in profiles}) == len(KINDS)


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

    answer = await _walk(world.browser(), vendors, kind)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    assert await world.database["profiles"].count_documents({}) == 0


async def test_two_tenants_of_microsoft_are_two_people(world: World, vendors: Vendors) -> None:
    first = await _profile(world, await _walk(world.browser(), vendors, "microsoft"))
    other = "11111111-2222-3333-4444-555555555555"
    vendors.lies["id_token"] = {"tid": other, "iss": f"https://login.microsoftonline.com/{other}/v2.0"}

    second = await _profile(world, await _walk(world.browser(), vendors, "microsoft"))

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
    answer = await _walk(world.browser(), vendors, "github", iss="https://evil.test")

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    assert [each for each in vendors.requests if each.method == "POST"] == []


async def test_scope_that_was_not_granted_brings_nothing_though_the_claim_is_there(
    world: World, vendors: Vendors
) -> None:
    vendors.scope = "openid https://www.googleapis.com/auth/userinfo.profile"

    profile = await _profile(world, await _walk(world.browser(), vendors, "google"))

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
