"""Viewer tokens: fifteen minutes, one person, one key, one origin, one use, and made by this server alone."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.access.errors import AuthenticationError, TokenExpiredError
from server.access.model import VIEWER_TOKEN_LIFETIME
from server.access.tokens import ViewerTokens
from server.kit.signing import derived_key
from tests.core import ISSUER, SECRET
from tests.factories.access import person_viewer
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

VIEWER = person_viewer("prf_1", is_identified=True)
KEY = derived_key(SECRET, "viewer-token")
HEADER = {"alg": "HS256", "typ": "JWT"}


def tokens(clock: FakeClock, *, secret: str = SECRET, issuer: str = ISSUER) -> ViewerTokens:
    return ViewerTokens(secret=secret, issuer=issuer, clock=clock)


def claims(clock: FakeClock, **overrides: object) -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "aud": "acquaint:viewer",
        "sub": "prf_1",
        "exp": int(clock().timestamp()) + 60,
        "sid": "ses_1",
        "key": "key_1",
        "origin": "https://www.example.com",
        "identified": True,
        **overrides,
    }


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(header: Mapping[str, object], payload: object, *, key: bytes = KEY, digest: str = "sha256") -> str:
    signing_input = f"{part(header)}.{part(payload)}"
    signature = hmac.digest(key, signing_input.encode(), digest)
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def assert_refused(tokens: ViewerTokens, token: str) -> None:
    with pytest.raises(AuthenticationError, match="no viewer token of this server") as raised:
        tokens.read(token)
    assert raised.value.code == "TOKEN_INVALID"


@pytest.mark.parametrize("is_identified", [True, False])
def test_token_is_read_as_it_was_issued(clock: FakeClock, is_identified: bool) -> None:  # noqa: FBT001
    viewer = person_viewer("prf_1", is_identified=is_identified)

    issued = tokens(clock).issue(viewer)

    assert tokens(clock).read(issued.token) == viewer
    assert issued.expires_at == clock() + VIEWER_TOKEN_LIFETIME


def test_hand_made_token_of_these_tests_is_good_unless_something_is_changed(clock: FakeClock) -> None:
    assert tokens(clock).read(signed(HEADER, claims(clock))).profile_id == "prf_1"


def test_token_ends_after_fifteen_minutes(clock: FakeClock) -> None:
    token = tokens(clock).issue(VIEWER).token
    clock.advance(timedelta(minutes=15, seconds=-1))
    still_good = tokens(clock).read(token)

    clock.advance(timedelta(seconds=1))

    assert still_good == VIEWER
    with pytest.raises(TokenExpiredError, match="call startVisit with the resume token") as raised:
        tokens(clock).read(token)
    assert raised.value.code == "TOKEN_EXPIRED"


def test_end_that_is_told_is_the_end_that_counts(clock: FakeClock) -> None:
    clock.advance(timedelta(milliseconds=999))
    issued = tokens(clock).issue(VIEWER)

    clock.now = issued.expires_at

    with pytest.raises(TokenExpiredError):
        tokens(clock).read(issued.token)


def test_expired_token_of_another_server_is_invalid_and_not_expired(clock: FakeClock) -> None:
    token = tokens(clock, secret="another secret of thirty-two characters").issue(VIEWER).token
    clock.advance(timedelta(days=1))

    assert_refused(tokens(clock), token)


def test_token_of_another_secret_or_issuer_is_refused(clock: FakeClock) -> None:
    assert_refused(tokens(clock), tokens(clock, secret="x" * 32).issue(VIEWER).token)
    assert_refused(tokens(clock), tokens(clock, issuer="https://evil.example").issue(VIEWER).token)


def test_key_derived_for_another_use_signs_no_viewer_token(clock: FakeClock) -> None:
    for key in (derived_key(SECRET, "ask"), SECRET.encode(), b"", KEY.hex().encode()):
        assert_refused(tokens(clock), signed(HEADER, claims(clock), key=key))


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "sid", "key", "origin", "identified"])
def test_token_without_one_of_its_claims_is_refused(clock: FakeClock, name: str) -> None:
    incomplete = {key: value for key, value in claims(clock).items() if key != name}

    assert_refused(tokens(clock), signed(HEADER, incomplete))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aud", "acquaint:session"),
        ("aud", ["acquaint:session"]),
        ("aud", None),
        ("iss", "https://evil.example"),
        ("iss", ISSUER + "/"),
        ("iss", [ISSUER]),
        ("sub", 1),
        ("sub", None),
        ("sub", ["prf_1"]),
        ("exp", "tomorrow"),
        ("exp", None),
        ("exp", [2**40]),
        ("exp", True),
        ("nbf", 2**40),
    ],
)
def test_token_with_a_claim_for_somebody_else_is_refused(clock: FakeClock, name: str, value: object) -> None:
    assert_refused(tokens(clock), signed(HEADER, claims(clock, **{name: value})))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS256 ", "hs256"])
def test_unsigned_token_is_refused(clock: FakeClock, algorithm: str) -> None:
    unsigned = f"{part({'alg': algorithm})}.{part(claims(clock))}."

    assert_refused(tokens(clock), unsigned)
    assert_refused(tokens(clock), signed({"alg": algorithm}, claims(clock)))


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("HS384", "sha384"), ("HS512", "sha512"), ("RS256", "sha256"), ("ES256", "sha256")],
)
def test_header_does_not_choose_the_algorithm(clock: FakeClock, algorithm: str, digest: str) -> None:
    assert_refused(tokens(clock), signed({"alg": algorithm}, claims(clock), digest=digest))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "crit": ["exp"]},
        {"alg": "HS256", "b64": False, "crit": ["b64"]},
        {"alg": ["HS256"]},
        {"alg": None},
        {},
        {"alg": "dir", "enc": "A256GCM"},
    ],
)
def test_header_that_asks_for_more_is_refused(clock: FakeClock, header: dict[str, object]) -> None:
    assert_refused(tokens(clock), signed(header, claims(clock)))


def test_key_in_the_header_is_not_the_key(clock: FakeClock) -> None:
    own = {"kty": "oct", "k": base64.urlsafe_b64encode(b"x" * 32).rstrip(b"=").decode()}

    assert_refused(tokens(clock), signed({**HEADER, "jwk": own}, claims(clock), key=b"x" * 32))


@pytest.mark.parametrize("payload", [None, [], "text", 1, [["iss", ISSUER]]])
def test_payload_that_is_no_object_is_refused(clock: FakeClock, payload: object) -> None:
    assert_refused(tokens(clock), signed(HEADER, payload))


def test_changed_token_is_refused_wherever_it_was_changed(clock: FakeClock) -> None:
    header, payload, signature = signed(HEADER, claims(clock)).split(".")
    other = part(claims(clock, sub="prf_2"))

    assert_refused(tokens(clock), f"{header}.{other}.{signature}")
    assert_refused(tokens(clock), f"{header}.{payload}.{signature[:-2]}")
    assert_refused(tokens(clock), f"{header}.{payload}.{signature[::-1]}")
    assert_refused(tokens(clock), f"{header}.{payload}.")
    assert_refused(tokens(clock), f"{header}.{payload}")
    assert_refused(tokens(clock), f"{header}.{payload}.{signature}.{signature}")


@given(st.text(st.characters()))
@example("")
@example("..")
@example("\ud800.\ud800.\ud800")
@example("e30.e30.\0")
@example("W" * 1_000_000)
@example(base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".e30.e30")
@example("....")
def test_garbage_is_refused(text: str) -> None:
    assert_refused(tokens(FakeClock()), text)
