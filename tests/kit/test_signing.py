"""Secrets can't be guessed, and a tag says exactly what it was made for."""

from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.kit.signing import derived_key, is_same, new_secret, s256_challenge, secret_hash, tag

KEY = derived_key("a secret of at least thirty-two characters", "test")

clean = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
anything = st.text(st.characters())


def test_secret_names_its_kind_and_holds_256_bits() -> None:
    secret = new_secret("sk")

    assert secret.startswith("sk_")
    assert len(secret) == len("sk_") + 43
    assert secret != new_secret("sk")


@given(st.lists(clean, min_size=1))
def test_tag_is_the_first_half_of_an_hmac(parts: list[str]) -> None:
    whole = hmac.digest(KEY, "\0".join(parts).encode(), "sha256")

    assert tag(KEY, *parts) == base64.urlsafe_b64encode(whole[:16]).decode().rstrip("=")


@given(anything)
@example("\ud800")
def test_whatever_json_can_hold_has_a_hash(text: str) -> None:
    assert len(secret_hash(text)) == 64
    assert len(s256_challenge(text)) == 43


def test_hash_is_sha_256() -> None:
    assert secret_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_challenge_is_that_of_rfc_7636() -> None:
    # RFC 7636, appendix B.
    assert (
        s256_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_keys_of_two_purposes_or_two_secrets_differ() -> None:
    keys = {derived_key(secret, purpose) for secret in ("one", "two") for purpose in ("ask", "viewer-token")}

    assert len(keys) == 4


@given(clean, clean)
def test_tag_tells_where_its_parts_meet(left: str, right: str) -> None:
    together = tag(KEY, left + right)

    assert tag(KEY, left, right) != together
    assert tag(KEY, left, right) == tag(KEY, left, right)


@given(st.lists(clean, max_size=3), st.lists(clean, max_size=3))
def test_tags_of_different_parts_differ(one: list[str], other: list[str]) -> None:
    assert (tag(KEY, "of", *one) == tag(KEY, "of", *other)) == (one == other)


def test_tag_has_128_bits_that_fit_a_url() -> None:
    assert len(tag(KEY, "a")) == 22
    assert tag(KEY, "a") != tag(derived_key("another", "test"), "a")


@given(anything, anything)
@example("\ud800", "\udfff")
def test_same_means_equal_whatever_the_characters(left: str, right: str) -> None:
    assert is_same(left, left)
    assert is_same(left, right) == (left == right)


@pytest.mark.parametrize(("left", "right"), [("a", "a\0"), ("\u00e9", "e\u0301"), ("", " "), ("a", "A")])
def test_what_only_looks_alike_is_not_the_same(left: str, right: str) -> None:
    assert not is_same(left, right)
