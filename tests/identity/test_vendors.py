"""Documented answers of each provider, replayed: who signs in, what is verified, which lies are refused."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

from server.profiles.model import IdentityKind
from tests.identity.vendors import (
    APPLE_KEY,
    CLIENT_ID,
    KINDS,
    OID,
    SECRET,
    TENANT,
    USER,
    Vendors,
    arrived,
    vendor_settings,
    walk,
)
from tests.sign_in_world import PUBLIC_URL, parameters_of, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from server.profiles.model import Profile
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

    profile = await arrived(world, await walk(world.browser(), vendors, kind, **more))

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
    await walk(world.browser(), vendors, "apple")

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
    await walk(world.browser(), vendors, "apple", user=USER)
    clock.advance(timedelta(seconds=1))

    profile = await arrived(world, await walk(world.browser(), vendors, "apple"))

    assert (await world.values(profile))["name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    "user", ["", "[]", "{", "[" * 5_000, '{"name":7}', '{"name":{"firstName":1}}', "x" * 10_000]
)
async def test_apples_unsigned_field_breaks_nothing(world: World, vendors: Vendors, user: str) -> None:
    profile = await arrived(world, await walk(world.browser(), vendors, "apple", user=user))

    assert (await world.values(profile)) == {"email": "ada@privaterelay.example"}


async def test_facebook_is_shown_that_we_know_the_secret(world: World, vendors: Vendors) -> None:
    await walk(world.browser(), vendors, "facebook")

    proof = hmac.new(SECRET.encode(), b"at", hashlib.sha256).hexdigest()
    assert vendors.sent("/v23.0/me").url.params["appsecret_proof"] == proof


async def test_github_address_that_is_not_confirmed_is_no_identity(world: World, vendors: Vendors) -> None:
    vendors.lies["/user/emails"] = [{"email": "victim@acme.example", "primary": True, "verified": False}]

    profile = await arrived(world, await walk(world.browser(), vendors, "github"))

    assert (await _worth(world, profile))["email"] == ("victim@acme.example", False)
    assert {each.ref.kind for each in profile.identities} == {IdentityKind.SOCIAL}


async def test_same_address_at_every_provider_is_never_one_person_by_itself(
    world: World, vendors: Vendors
) -> None:
    profiles = [await arrived(world, await walk(world.browser(), vendors, kind)) for kind in KINDS]

    assert len({profile.id for profile in profiles}) == len(KINDS)
