"""Tokens that a host signs about its user: who the browser is then, and what is known of them."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from joserfc.jwk import ECKey, RSAKey

from server.access.model import KeyId, KeyKind
from server.identity.errors import IdentityTokenError
from server.identity.model import SignInCode
from server.kit.errors import InvalidInputError, NotFoundError
from server.kit.jwts import SignatureAlgorithm
from server.profiles.errors import PersonErasedError
from server.profiles.model import PERSON, IdentityKind, IdentityRef, ProfileUpdate
from tests.identity.host import Host, host_of, signed
from tests.sign_in_world import ADMIN, ORIGIN, VERIFIER

if TYPE_CHECKING:
    from joserfc.jwk import Key

    from server.profiles.model import Profile, ProfileId
    from tests.sign_in_world import World

HOST_ISSUER = "https://shop.test"


@pytest.fixture
async def host(world: World) -> Host:
    """The host of the page, with a secret."""
    return await host_of(world)


async def _say(world: World, profile_id: ProfileId, goal: str) -> None:
    claims = await world.profiles.claims({"goal": goal}, PERSON)
    await world.profiles.write(profile_id, ProfileUpdate(claims=claims))


async def _signed_in_changes(world: World, profile: Profile) -> int:
    stored = await world.database["profiles"].find_one({"_id": profile.id})
    assert stored is not None
    return sum(each["kind"] == "identity.signed_in" for each in stored["outbox"])


# Who it is


async def test_token_makes_the_person_whom_the_host_names(world: World, host: Host) -> None:
    started = await host.visit()

    found = await world.profiles.find_by_identity(IdentityRef(kind=IdentityKind.USER_ID, value="u-42"))
    assert found is not None
    assert started.profile.id == found.id
    viewer = await world.access.identify(started.token.token, ORIGIN)
    assert (viewer.profile_id, viewer.is_identified) == (found.id, True)


async def test_same_user_is_the_same_person_on_every_browser(host: Host) -> None:
    first, second = await host.visit(), await host.visit()
    other = await host.visit(host.token(sub="u-43"))

    assert first.profile.id == second.profile.id != other.profile.id
    assert first.resume_token != second.resume_token


async def test_what_a_stranger_said_joins_the_person(world: World, host: Host) -> None:
    stranger = await world.visit()
    await _say(world, stranger.profile.id, "sleep better")

    person = await host.visit(resume_token=stranger.resume_token)

    assert await world.values(person.profile) == {"goal": "sleep better"}
    assert (await world.visit(stranger.resume_token)).profile.id != person.profile.id


async def test_second_user_of_a_shared_device_inherits_nothing(world: World, host: Host) -> None:
    stranger = await world.visit()
    await _say(world, stranger.profile.id, "sleep better")
    first = await host.visit(resume_token=stranger.resume_token)

    second = await host.visit(host.token(sub="u-43"), resume_token=first.resume_token)

    assert second.profile.id != first.profile.id
    assert await world.values(second.profile) == {}
    assert (await world.visit(first.resume_token)).profile.id not in {first.profile.id, second.profile.id}


async def test_browser_that_is_signed_in_as_the_same_person_goes_on(world: World, host: Host) -> None:
    first = await host.visit()

    again = await host.visit(resume_token=first.resume_token)

    assert again.resume_token == first.resume_token
    assert (again.profile.visits, again.profile.logins) == (1, 1)
    assert await _signed_in_changes(world, again.profile) == 1


async def test_two_browsers_are_two_sign_ins(world: World, host: Host) -> None:
    await host.visit()
    second = await host.visit()

    assert (second.profile.visits, second.profile.logins) == (2, 2)
    assert await _signed_in_changes(world, second.profile) == 2


async def test_windows_that_arrive_together_are_one_person(host: Host) -> None:
    arrived = await asyncio.gather(*(host.visit() for _ in range(8)))

    assert len({each.profile.id for each in arrived}) == 1
    assert max(each.profile.logins for each in arrived) == 8


async def test_erased_user_is_not_brought_back(world: World, host: Host) -> None:
    person = await host.visit()
    await world.profiles.erasure.remove(person.profile, "prq_1")

    with pytest.raises(PersonErasedError):
        await host.visit()


async def test_token_beside_a_sign_in_is_one_proof_too_many(world: World, host: Host) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await world.identity.start_visit(
            world.page,
            resume_token=None,
            sign_in=SignInCode(code="sic_x", verifier=VERIFIER),
            identity_token=host.token(),
        )

    assert raised.value.field == "identityToken"


# What is said of them


async def test_signed_attributes_are_the_word_of_the_app(world: World, host: Host) -> None:
    token = host.token(attributes={"job_title": "Countess", "email": "ada@example.com"})

    person = await host.visit(token)

    assert await world.values(person.profile) == {"job_title": "Countess", "email": "ada@example.com"}
    claims = [claim for each in person.profile.claims.values() for claim in each]
    assert {(claim.source.slug, claim.is_verified, claim.actor) for claim in claims} == {
        ("app:shop", False, world.key.id)
    }


async def test_address_that_a_host_signs_recognises_nobody(world: World, host: Host) -> None:
    person = await host.visit(host.token(attributes={"email": "ada@example.com", "email_verified": True}))

    ref = IdentityRef(kind=IdentityKind.EMAIL, value="ada@example.com")
    assert await world.profiles.find_by_identity(ref) is None
    assert [each.ref.kind for each in person.profile.identities] == [IdentityKind.USER_ID]


async def test_null_takes_back_what_the_host_said(world: World, host: Host) -> None:
    await host.visit(host.token(attributes={"job_title": "Countess", "goal": "to know"}))

    person = await host.visit(host.token(attributes={"job_title": None}))

    assert await world.values(person.profile) == {"goal": "to know"}


async def test_attributes_that_do_not_fit_are_named_and_the_person_is_let_in(
    world: World, host: Host
) -> None:
    given = {"job_title": "Countess", "no_such_thing": 1, "birthdate": "yesterday"}

    person = await host.visit(host.token(attributes=given))

    assert person.left_out == ("no_such_thing", "birthdate")
    assert await world.values(person.profile) == {"job_title": "Countess"}


# What the host signs with


async def test_secret_before_stays_good_while_they_overlap(world: World, host: Host) -> None:
    made = await world.identity.hosts.create_secret(ADMIN, world.key.id, timedelta(hours=1))
    newer = dataclasses.replace(host, secret=made.secret)

    both = [(await each.visit()).profile.id for each in (host, newer)]
    world.clock.advance(timedelta(hours=1))

    assert both[0] == both[1] == (await newer.visit()).profile.id
    with pytest.raises(IdentityTokenError, match="by none of the keys"):
        await host.visit()


async def test_secret_that_was_ended_signs_nobody_in(world: World, host: Host) -> None:
    (signer,) = await world.identity.hosts.of(ADMIN, world.key.id)

    ended = await world.identity.hosts.end(ADMIN, signer.id)

    assert ended.ends_at == world.clock()
    with pytest.raises(IdentityTokenError, match="No identity secret"):
        await host.visit()


async def test_secret_is_sealed_in_the_database(world: World, host: Host) -> None:
    stored = await world.database["identity_signers"].find_one({})

    assert host.secret not in str(stored)
    assert stored is not None
    assert stored["hint"] == host.secret[-4:]


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", RSAKey.generate_key(2048, auto_kid=True)),
        ("PS256", RSAKey.generate_key(2048, auto_kid=True)),
        ("ES256", ECKey.generate_key("P-256", auto_kid=True)),
        ("ES256", ECKey.generate_key("P-256")),
    ],
)
async def test_key_set_that_was_given_verifies(world: World, host: Host, algorithm: str, key: Key) -> None:
    await world.identity.hosts.trust_key_set(
        ADMIN,
        world.key.id,
        issuer=HOST_ISSUER,
        algorithm=SignatureAlgorithm(algorithm),
        jwks={"keys": [key.as_dict(private=False)]},
    )
    header = {} if key.kid is None else {"kid": key.kid}

    person = await host.visit(signed(host.claims(iss=HOST_ISSUER), key, algorithm, **header))

    assert person.profile.id == (await host.visit()).profile.id


async def test_signers_belong_to_their_key(world: World, host: Host) -> None:
    other = await world.access.create_key(ADMIN, kind=KeyKind.PUBLISHABLE, name="Blog", origins=(ORIGIN,))
    elsewhere = dataclasses.replace(world.page, key_id=other.key.id)

    with pytest.raises(IdentityTokenError, match="No identity secret"):
        await host.visit(page=elsewhere)


async def test_secret_belongs_to_a_publishable_key_that_is_there(world: World) -> None:
    secret = await world.access.create_admin_key("Admin")
    hosts = world.identity.hosts

    for key_id in (KeyId("key_none"), secret.key.id):
        with pytest.raises(NotFoundError):
            await hosts.create_secret(ADMIN, key_id, timedelta())


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
async def test_overlap_has_bounds(world: World, overlap: timedelta) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await world.identity.hosts.create_secret(ADMIN, world.key.id, overlap)

    assert raised.value.field == "overlapSeconds"


async def test_number_of_signers_is_bounded(world: World) -> None:
    for _ in range(10):
        await world.identity.hosts.create_secret(ADMIN, world.key.id, timedelta(days=1))

    with pytest.raises(InvalidInputError, match="end one first"):
        await world.identity.hosts.create_secret(ADMIN, world.key.id, timedelta(days=1))
