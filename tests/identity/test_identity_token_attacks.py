"""Identity tokens that are not the host's, not for us, not now or not for the first time let nobody in."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from server.access.errors import AuthenticationError
from server.access.model import KeyKind
from server.identity.errors import IdentityTokenError
from server.kit.jwts import MAX_TOKEN
from server.kit.signing import derived_key
from tests.factories.access import person_viewer
from tests.identity.host import Host, assert_refused, host_of, part, signed
from tests.identity.hostile_provider import CANARY
from tests.sign_in_world import ADMIN, ORIGIN, PUBLIC_URL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sign_in_world import World

OTHER = OctKey.import_key(b"another secret of at least thirty-two bytes")
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


def _key(host: Host) -> OctKey:
    return OctKey.import_key(host.secret.encode())


def _turned(token: str) -> str:
    text, _, signature = token.rpartition(".")
    return f"{text}.{signature[::-1]}"


def _with_payload(token: str, claims: object) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{part(claims)}.{signature}"


def _derived(purpose: str) -> OctKey:
    return OctKey.import_key(derived_key("made-up-secret-for-the-tests-0123456789", purpose))


def _reheaded(host: Host, header: dict[str, object]) -> str:
    """Sign honest claims under a header that joserfc itself would not write."""
    text = f"{part(header)}.{part(host.claims())}"
    signature = jws.JWSRegistry.algorithms["HS256"].sign(text.encode(), _key(host))
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _signed_as(host: Host, algorithm: str) -> str:
    return jws.serialize_compact(
        {"alg": algorithm}, json.dumps(host.claims()), _key(host), algorithms=[algorithm]
    )


def _nested(host: Host) -> str:
    deep = b'{"a":' + b"[" * 2_500 + b"]" * 2_500 + b"}"
    return jws.serialize_compact({"alg": "HS256"}, deep, _key(host))


FORGERIES: dict[str, Callable[[Host], str]] = {
    "alg none": lambda host: f"{part({'alg': 'none'})}.{part(host.claims())}.",
    "alg None": lambda host: f"{part({'alg': 'None'})}.{part(host.claims())}.",
    "no alg": lambda host: f"{part({})}.{host.token().partition('.')[2]}",
    "alg that is a list": lambda host: f"{part({'alg': ['HS256']})}.{host.token().partition('.')[2]}",
    "signature cut off": lambda host: host.token().rpartition(".")[0] + ".",
    "signature turned round": lambda host: _turned(host.token()),
    "another payload": lambda host: _with_payload(host.token(), host.claims(sub="u-1")),
    "another secret": lambda host: signed(host.claims(), OTHER),
    "secret without its prefix": lambda host: signed(
        host.claims(), OctKey.import_key(host.secret[4:].encode())
    ),
    "secret of the viewer tokens": lambda host: signed(host.claims(), _derived("viewer-token")),
    "secret of the identity secrets' seal": lambda host: signed(host.claims(), _derived("identity-secrets")),
    "hash that is stored": lambda host: signed(host.claims(), OctKey.import_key(b"0" * 64)),
    "key in the header": lambda host: signed(host.claims(), OTHER, jwk=OTHER.as_dict(private=True)),
    "key at an address": lambda host: signed(host.claims(), OTHER, jku="https://evil.test/jwks"),
    "certificate at an address": lambda host: signed(host.claims(), OTHER, x5u="https://evil.test/cert"),
    "key id with a path": lambda host: signed(host.claims(), OTHER, kid="../../../../dev/null"),
    "key id with a quote": lambda host: signed(host.claims(), OTHER, kid="' or '1'='1"),
    "extension nobody knows": lambda host: _reheaded(host, {"alg": "HS256", "crit": ["x"], "x": 1}),
    "unencoded payload": lambda host: _reheaded(host, {"alg": "HS256", "b64": False, "crit": ["b64"]}),
    "HS384": lambda host: _signed_as(host, "HS384"),
    "HS512": lambda host: _signed_as(host, "HS512"),
    "ES256 by a stranger": lambda host: signed(host.claims(), STRANGER, "ES256"),
    "encrypted": lambda host: jwe.encrypt_compact(
        {"alg": "dir", "enc": "A256GCM"}, json.dumps(host.claims()), OctKey.generate_key(256)
    ),
    "payload that is a list": lambda host: signed([host.claims()], _key(host)),
    "payload that is a text": lambda host: signed("u-42", _key(host)),
    "payload nested without end": _nested,
    "twice the signature": lambda host: host.token() + "." + host.token().rpartition(".")[2],
    "endless": lambda host: host.token(padding="x" * MAX_TOKEN),
    "nothing": lambda _: "",
    "a word": lambda _: CANARY,
    "dots": lambda _: "....",
    "half a character": lambda _: "\ud800.\ud800.\ud800",
}

CLAIMS: dict[str, Callable[[int], dict[str, Any]]] = {
    "no audience": lambda _: {"aud": ...},
    "another audience": lambda _: {"aud": "https://evil.test"},
    "audience with a slash more": lambda _: {"aud": f"{PUBLIC_URL}/"},
    "audience with a stranger": lambda _: {"aud": [PUBLIC_URL, "https://evil.test"]},
    "audience that is true": lambda _: {"aud": True},
    "audience of viewer tokens": lambda _: {"aud": "acquaint:viewer"},
    "no subject": lambda _: {"sub": ...},
    "empty subject": lambda _: {"sub": ""},
    "blank subject": lambda _: {"sub": " "},
    "subject with a blank behind": lambda _: {"sub": "u-42 "},
    "subject that is a number": lambda _: {"sub": 42},
    "subject that is a list": lambda _: {"sub": ["u-42"]},
    "subject that is an operator": lambda _: {"sub": {"$ne": None}},
    "subject with a NUL": lambda _: {"sub": "u-42\0"},
    "endless subject": lambda _: {"sub": "u" * 256},
    "no id": lambda _: {"jti": ...},
    "empty id": lambda _: {"jti": ""},
    "id that is a number": lambda _: {"jti": 7},
    "endless id": lambda _: {"jti": "j" * 256},
    "no expiry": lambda _: {"exp": ...},
    "expiry that is a word": lambda _: {"exp": "tomorrow"},
    "expiry that is true": lambda _: {"exp": True},
    "expiry that is null": lambda _: {"exp": None},
    "expiry without end": lambda _: {"exp": 1e300},
    "expiry that is no number": lambda _: {"exp": float("nan")},
    "expiry at infinity": lambda _: {"exp": float("inf")},
    "expiry in eleven minutes": lambda now: {"exp": now + 660},
    "expiry in a year": lambda now: {"exp": now + 31_536_000},
    "expired": lambda now: {"iat": now - 400, "exp": now - 61},
    "no beginning": lambda _: {"iat": ...},
    "beginning that is a word": lambda _: {"iat": "now"},
    "issued in the future": lambda now: {"iat": now + 61, "exp": now + 300},
    "issued before time": lambda _: {"iat": -1},
    "long ago and good until now": lambda now: {"iat": now - 3_600, "exp": now + 60},
    "not valid yet": lambda now: {"nbf": now + 61},
    "not valid from a word on": lambda _: {"nbf": "later"},
    "attributes that are a list": lambda _: {"attributes": ["job_title"]},
    "attributes that are a text": lambda _: {"attributes": "job_title"},
    "too many attributes": lambda _: {"attributes": {f"a{n}": n for n in range(101)}},
}


@pytest.mark.parametrize("attack", FORGERIES)
async def test_forged_token_lets_nobody_in(host: Host, attack: str) -> None:
    await assert_refused(host, FORGERIES[attack](host))


@pytest.mark.parametrize("attack", CLAIMS)
async def test_token_that_says_the_wrong_thing_lets_nobody_in(host: Host, attack: str) -> None:
    changed = CLAIMS[attack](int(host.world.clock().timestamp()))

    await assert_refused(host, host.token(**changed))


async def test_clocks_may_be_a_minute_apart(host: Host) -> None:
    now = int(host.world.clock().timestamp())

    ahead = await host.visit(host.token(iat=now + 60, exp=now + 300))
    behind = await host.visit(host.token(iat=now - 359, exp=now - 59))

    assert ahead.profile.id == behind.profile.id


async def test_token_is_good_once(host: Host) -> None:
    token = host.token()
    await host.visit(token)

    with pytest.raises(IdentityTokenError, match="was used before"):
        await host.visit(token)


async def test_token_that_is_used_in_two_windows_at_once_is_good_in_one(host: Host) -> None:
    token = host.token()

    outcomes = await asyncio.gather(*(host.visit(token) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(each, IdentityTokenError) for each in outcomes) == 7


async def test_id_of_a_token_is_used_however_else_it_changes(host: Host) -> None:
    await host.visit(host.token(jti="once"))

    with pytest.raises(IdentityTokenError, match="was used before"):
        await host.visit(host.token(jti="once", sub="u-43"))


async def test_refused_token_is_not_used_up(host: Host) -> None:
    with pytest.raises(IdentityTokenError):
        await host.visit(host.token(jti="once", aud="https://evil.test"))

    assert (await host.visit(host.token(jti="once"))).profile.is_identified


# One kind of token in the place of another


async def test_identity_token_is_no_viewer_token(world: World, host: Host) -> None:
    more = {"iss": PUBLIC_URL, "sid": "ses_1", "key": world.key.id, "origin": ORIGIN, "identified": True}

    for token in (host.token(), host.token(**more, aud="acquaint:viewer")):
        with pytest.raises(AuthenticationError):
            await world.access.identify(token, ORIGIN)


async def test_viewer_token_is_no_identity_token(world: World, host: Host) -> None:
    viewer = person_viewer("prf_1", key_id=world.key.id, origin=ORIGIN)

    await assert_refused(host, world.access.viewer_token(viewer).token)


async def test_secret_of_another_key_signs_for_its_own_pages_alone(world: World, host: Host) -> None:
    blog = await world.access.create_key(ADMIN, kind=KeyKind.PUBLISHABLE, name="Blog", origins=(ORIGIN,))
    theirs = await world.identity.hosts.create_secret(ADMIN, blog.key.id, timedelta())

    await assert_refused(host, signed(host.claims(), OctKey.import_key(theirs.secret.encode())))
