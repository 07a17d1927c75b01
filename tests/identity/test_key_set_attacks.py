"""Key sets of hosts that hold the wrong keys, can't be had, or lie where only this machine should reach."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from server.identity.errors import IdentityTokenError
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.http import GuardedTransport
from server.kit.jwts import SignatureAlgorithm
from tests.factories.access import app_viewer, person_viewer
from tests.identity.host import Host, assert_refused, host_of, part, signed
from tests.identity.hostile_provider import ISSUER
from tests.sign_in_world import ADMIN, sign_in_world

if TYPE_CHECKING:
    from joserfc.jwk import Key

    from server.kit.mongo import Database
    from tests.fakes import FakeClock
    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import World

SECRET = OctKey.import_key(b"a secret of at least thirty-two bytes of ours")
STRANGER = ECKey.generate_key("P-256", auto_kid=True)
RSA = RSAKey.generate_key(2048, auto_kid=True)
WEAK = {
    "kty": "RSA",
    "kid": "weak",
    "e": "AQAB",
    "n": base64.urlsafe_b64encode(b"\xff" * 128).decode().rstrip("="),
}


@pytest.fixture
async def host(world: World) -> Host:
    """The host of the page, with a secret."""
    return await host_of(world)


async def _trusting(world: World, key: Key, algorithm: str) -> Host:
    await world.identity.hosts.trust_key_set(
        ADMIN,
        world.key.id,
        issuer=ISSUER,
        algorithm=SignatureAlgorithm(algorithm),
        jwks={"keys": [key.as_dict(private=False)]},
    )
    return Host(world=world, secret="none")


def _public_spellings(key: RSAKey) -> list[bytes]:
    return [
        key.as_pem(private=False),
        key.as_pem(private=False).strip(),
        key.as_der(private=False),
        json.dumps(key.as_dict(private=False)).encode(),
    ]


async def test_public_key_taken_for_a_secret_proves_nothing(world: World) -> None:
    host = await _trusting(world, RSA, "RS256")

    for spelling in _public_spellings(RSA):
        text = f"{part({'alg': 'HS256', 'kid': RSA.kid})}.{part(host.claims(iss=ISSUER))}"
        forged = _hmac(spelling, text)
        await assert_refused(host, forged)


def _hmac(secret: bytes, text: str) -> str:
    key = OctKey.import_key(b"0" * 32)
    key._raw_value = secret  # noqa: SLF001 - joserfc itself refuses to take a public key for a secret
    signature = jws.JWSRegistry.algorithms["HS256"].sign(text.encode(), key)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize("issuer", [..., "https://evil.test", f"{ISSUER}/", [ISSUER], None])
async def test_key_set_speaks_for_its_issuer_alone(world: World, issuer: object) -> None:
    host = await _trusting(world, RSA, "RS256")

    await assert_refused(host, signed(host.claims(iss=issuer), RSA, "RS256", kid=RSA.kid))


async def test_algorithm_of_a_key_set_is_pinned(world: World) -> None:
    host = await _trusting(world, RSA, "RS256")

    await assert_refused(host, signed(host.claims(iss=ISSUER), RSA, "PS256", kid=RSA.kid))


async def test_key_that_is_in_no_set_proves_nothing(world: World) -> None:
    host = await _trusting(world, RSA, "RS256")
    other = RSAKey.generate_key(2048)
    claims = host.claims(iss=ISSUER)

    await assert_refused(host, signed(claims, other, "RS256"))
    await assert_refused(host, signed(claims, other, "RS256", kid=RSA.kid))
    await assert_refused(host, signed(claims, other, "RS256", kid="nobody-knows"))
    await assert_refused(host, signed(claims, other, "RS256", jwk=other.as_dict(private=False)))


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [SECRET.as_dict(private=True)],
        [{**RSA.as_dict(private=False), "use": "enc"}],
        [{**RSA.as_dict(private=False), "alg": "HS256"}],
        [{**RSA.as_dict(private=False), "kid": 7}],
        [RSA.as_dict(private=True)],
        [WEAK],
        [STRANGER.as_dict(private=False)],
        [{"kty": "RSA", "n": 7, "e": []}],
        [None, 7, "key", []],
        [RSA.as_dict(private=False)] * 21,
        None,
        {"keys": []},
    ],
)
async def test_key_set_without_a_key_that_could_be_trusted_is_refused(world: World, keys: object) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await world.identity.hosts.trust_key_set(
            ADMIN, world.key.id, issuer=ISSUER, algorithm=SignatureAlgorithm.RS256, jwks={"keys": keys}
        )

    assert raised.value.field == "jwks"


async def test_key_set_is_no_place_for_secrets(world: World) -> None:
    with pytest.raises(InvalidInputError, match="no secret") as raised:
        await world.identity.hosts.trust_key_set(
            ADMIN, world.key.id, issuer=ISSUER, algorithm=SignatureAlgorithm.HS256
        )

    assert raised.value.field == "algorithm"


@pytest.mark.parametrize(
    "url",
    [
        *("", "shop.test", "http://shop.test", "javascript:alert(1)", "file:///etc/passwd", "https://"),
        *(
            "https://ada:secret@shop.test",
            "https://shop.test/#x",
            "https://shop.test:0",
            "https://sh\u00f6p.test",
        ),
        *("https://shop.test\r\nx: y", "https://" + "a" * 3_000),
    ],
)
async def test_keys_come_over_tls_from_a_plain_address(world: World, url: str) -> None:
    hosts = world.identity.hosts

    for given in ({"issuer": url}, {"issuer": ISSUER, "jwks_uri": url}):
        with pytest.raises(InvalidInputError):
            await hosts.trust_key_set(
                ADMIN,
                world.key.id,
                algorithm=SignatureAlgorithm.RS256,
                **given,
            )


# Key sets that are fetched


async def _discovering(world: World) -> Host:
    await world.identity.hosts.trust_key_set(
        ADMIN, world.key.id, issuer=ISSUER, algorithm=SignatureAlgorithm.ES256
    )
    return Host(world=world, secret="none")


def _published(host: Host, provider: HostileProvider) -> str:
    return signed(host.claims(iss=ISSUER), provider.key, "ES256", kid=provider.key.kid)


async def test_key_set_is_found_by_discovery_and_asked_for_once(
    world: World, provider: HostileProvider
) -> None:
    host = await _discovering(world)

    started = [await host.visit(_published(host, provider)) for _ in range(3)]

    assert len({each.profile.id for each in started}) == 1
    assert provider.calls == ["metadata", "jwks"]


async def test_key_that_came_later_is_asked_for(world: World, provider: HostileProvider) -> None:
    host = await _discovering(world)
    first = await host.visit(_published(host, provider))
    provider.rotate_key()
    world.clock.advance(timedelta(minutes=1))

    assert (await host.visit(_published(host, provider))).profile.id == first.profile.id


async def test_names_of_keys_that_nobody_has_do_not_make_us_ask_again_and_again(
    world: World, provider: HostileProvider
) -> None:
    host = await _discovering(world)

    for number in range(20):
        await assert_refused(host, signed(host.claims(iss=ISSUER), STRANGER, "ES256", kid=f"key-{number}"))

    assert provider.calls == ["metadata", "jwks"]


async def test_key_that_was_withdrawn_is_refused_within_ten_minutes(
    world: World, provider: HostileProvider
) -> None:
    host = await _discovering(world)
    withdrawn = provider.key
    await host.visit(_published(host, provider))
    provider.rotate_key()
    world.clock.advance(timedelta(minutes=10))

    with pytest.raises(IdentityTokenError, match="not in the key set"):
        await host.visit(signed(host.claims(iss=ISSUER), withdrawn, "ES256", kid=withdrawn.kid))


async def test_outage_of_the_key_set_is_bridged_for_an_hour(world: World, provider: HostileProvider) -> None:
    host = await _discovering(world)
    first = await host.visit(_published(host, provider))
    provider.mode = "jwks sends a crash"
    world.clock.advance(timedelta(minutes=59))
    bridged = await host.visit(_published(host, provider))

    world.clock.advance(timedelta(minutes=2))

    assert bridged.profile.id == first.profile.id
    with pytest.raises(IdentityTokenError, match="can't be fetched now"):
        await host.visit(_published(host, provider))


@pytest.mark.parametrize(
    "mode",
    [
        *("metadata of another issuer", "metadata with a port out of range", "jwks of nonsense"),
        *(f"{endpoint} never answers" for endpoint in ("metadata", "jwks")),
        *(
            f"{endpoint} sends {fault}"
            for endpoint in ("metadata", "jwks")
            for fault in (
                *("a page", "a page called JSON", "a list", "too much", "something packed"),
                *("brackets without end", "a redirect", "a crash", "nothing to find", "too many requests"),
            )
        ),
    ],
)
async def test_hostile_key_set_lets_nobody_in(world: World, provider: HostileProvider, mode: str) -> None:
    host = await _discovering(world)
    provider.mode = mode

    message = await assert_refused(host, _published(host, provider))

    assert "can't be fetched now" in message


@pytest.mark.parametrize(
    "address",
    [
        *(
            "https://127.0.0.1",
            "https://localhost",
            "https://[::1]",
            "https://0x7f000001",
            "https://2130706433",
        ),
        *("https://169.254.169.254", "https://10.0.0.1", "https://[::ffff:127.0.0.1]", "https://[fd00::1]"),
    ],
)
async def test_key_set_at_a_private_address_is_not_fetched(
    database: Database, clock: FakeClock, address: str
) -> None:
    async with sign_in_world(database, [], clock=clock, transport=GuardedTransport()) as world:
        await world.identity.hosts.trust_key_set(
            ADMIN, world.key.id, issuer=address, algorithm=SignatureAlgorithm.ES256
        )
        host = Host(world=world, secret="none")

        message = await assert_refused(host, signed(host.claims(iss=address), STRANGER, "ES256"))

    assert "can't be fetched now" in message


# Who may set it up


async def test_only_an_admin_says_what_a_host_signs_with(world: World, host: Host) -> None:
    hosts = world.identity.hosts
    (signer,) = await hosts.of(ADMIN, world.key.id)

    for viewer in (world.page, app_viewer(), person_viewer("prf_1")):
        with pytest.raises(ForbiddenError):
            await hosts.create_secret(viewer, world.key.id, timedelta())
        with pytest.raises(ForbiddenError):
            await hosts.trust_key_set(viewer, world.key.id, issuer=ISSUER, algorithm=SignatureAlgorithm.RS256)
        with pytest.raises(ForbiddenError):
            await hosts.end(viewer, signer.id)
        assert await hosts.of(viewer, world.key.id) == []


async def test_key_that_was_revoked_gets_no_secret(world: World) -> None:
    await world.access.revoke_key(ADMIN, world.key.id)

    with pytest.raises(NotFoundError):
        await world.identity.hosts.create_secret(ADMIN, world.key.id, timedelta())
