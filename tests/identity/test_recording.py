"""What a sign-in writes: once, whole, and never to somebody else's profile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.identity.model import Handover, ProvedIdentity
from server.profiles.model import IdentityKind, IdentityRef
from tests.sign_in_world import ADMIN, CHALLENGE, ORIGIN, PAGE

if TYPE_CHECKING:
    from server.profiles.model import Profile
    from tests.sign_in_world import World

_ISSUER = "https://idp.test"


async def _sign_in(world: World, subject: str = "ada", **claims: Any) -> Profile:  # noqa: ANN401 - any JSON
    proved = ProvedIdentity(issuer=_ISSUER, subject=subject, claims=claims)
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    await world.identity.complete_sign_in("idp", proved, handover)
    ref = IdentityRef(kind=IdentityKind.SOCIAL, issuer=_ISSUER, value=subject)
    found = await world.profiles.find_by_identity(ref)
    assert found is not None
    return found


async def _announced(world: World, profile: Profile) -> list[dict[str, Any]]:
    document = await world.database["profiles"].find_one({"_id": profile.id})
    assert document is not None
    return [entry for entry in document["outbox"] if entry["kind"] == "identity.signed_in"]


async def test_claims_are_the_providers_and_say_whether_it_vouches_for_them(world: World) -> None:
    profile = await _sign_in(world, name="Ada", email="ada@acme.example", email_verified=False)

    known = await world.profiles.known_attributes(profile)
    assert {key: (each.winner.source.slug, each.winner.is_verified) for key, each in known.items()} == {
        "name": ("identity:idp", True),
        "email": ("identity:idp", False),
    }


async def test_later_sign_in_brings_the_claims_up_to_date(world: World) -> None:
    await _sign_in(world, name="Ada Byron")
    world.clock.advance(timedelta(seconds=1))
    profile = await _sign_in(world, name="Ada Lovelace")

    assert await world.values(profile) == {"name": "Ada Lovelace"}
    assert profile.logins == 2


async def test_claim_that_does_not_fit_never_fails_a_sign_in(world: World) -> None:
    profile = await _sign_in(
        world,
        name="",
        email="no address",
        picture="javascript:alert(1)",
        birthdate="0000-12-10",
        locale=["en"],
        zoneinfo={"a": "b"},
        given_name="\ud800",
        family_name="a" * 100_000,
        nickname="Ada",
        made_up_claim="x",
    )

    assert await world.values(profile) == {"nickname": "Ada"}


async def test_extra_claim_fills_the_attribute_it_is_configured_for(world: World) -> None:
    profile = await _sign_in(world, company="Acme")

    assert await world.values(profile) == {"company_name": "Acme"}


async def test_verified_address_is_an_identity_and_an_unverified_one_is_not(world: World) -> None:
    verified = await _sign_in(world, "ada", email="Ada@Acme.example", email_verified=True)
    unverified = await _sign_in(world, "bob", email="bob@acme.example", email_verified=False)

    assert {each.ref.key for each in verified.identities} == {
        f"social|{_ISSUER}|ada",
        "email|ada@acme.example",
    }
    assert {each.ref.key for each in unverified.identities} == {f"social|{_ISSUER}|bob"}


@pytest.mark.parametrize("is_verified", [True, False])
async def test_address_of_somebody_else_joins_nobody(world: World, *, is_verified: bool) -> None:
    owner = await _sign_in(world, "ada", email="ada@acme.example", email_verified=True)

    other = await _sign_in(world, "mallory", email="ada@acme.example", email_verified=is_verified)

    ref = IdentityRef(kind=IdentityKind.EMAIL, value="ada@acme.example")
    found = await world.profiles.find_by_identity(ref)
    assert other.id != owner.id
    assert found is not None
    assert found.id == owner.id


async def test_profile_that_an_app_made_for_an_address_is_not_taken_over(world: World) -> None:
    ref = IdentityRef(kind=IdentityKind.EMAIL, value="ada@acme.example")
    made = await world.claiming.set_attributes(ADMIN, ref, {"job_title": "Countess"}, may_create=True)

    profile = await _sign_in(world, email="ada@acme.example", email_verified=True)

    assert profile.id != made.id
    assert "job_title" not in await world.values(profile)


async def test_upn_is_no_verified_address(world: World) -> None:
    profile = await _sign_in(world, upn="boss@acme.example", email_verified=True)

    assert (await world.profiles.known_attributes(profile))["email"].winner.is_verified is False
    assert [each.ref.kind for each in profile.identities] == [IdentityKind.SOCIAL]


async def test_same_subject_of_two_issuers_is_two_people(world: World) -> None:
    ada = await _sign_in(world, "ada")
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    await world.identity.complete_sign_in(
        "idp", ProvedIdentity(issuer="https://other.test", subject="ada", claims={}), handover
    )

    other = await world.profiles.find_by_identity(
        IdentityRef(kind=IdentityKind.SOCIAL, issuer="https://other.test", value="ada")
    )
    assert other is not None
    assert other.id != ada.id


async def test_sign_in_is_announced_once_and_the_first_one_says_so(world: World) -> None:
    await _sign_in(world)
    profile = await _sign_in(world)

    announced = await _announced(world, profile)

    assert [(entry["provider"], entry["is_first"]) for entry in announced] == [("idp", True), ("idp", False)]


async def test_sign_ins_at_the_same_moment_make_one_person_and_one_first(world: World) -> None:
    await asyncio.gather(*(_sign_in(world, email="ada@acme.example", email_verified=True) for _ in range(5)))

    profile = await _sign_in(world)
    announced = await _announced(world, profile)

    assert await world.database["profiles"].count_documents({}) == 1
    assert profile.logins == 6
    assert [entry["is_first"] for entry in announced].count(True) == 1
