"""From claims to values: what each means, and who vouches for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.identity.claims import claimed_values, merged
from server.identity.providers.building import rules_of
from server.settings import ProviderSettings

_ADDRESSES = st.sampled_from(["ada@a.example", "bob@b.example"])
_FLAGS = st.sampled_from([True, False, None, "true", "false", 1])
_DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "email": _ADDRESSES,
        "email_verified": _FLAGS,
        "phone_number": st.sampled_from(["+44", "+46"]),
        "phone_number_verified": _FLAGS,
        "name": st.text(max_size=3),
        "locale": st.none() | st.text(),
    },
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
_NAMES = ("name", "email", "email_verified", "locale", "address", "picture", "company", "upn")


_SETTINGS = ProviderSettings(
    key="idp", name="Test", client_id="x", claims={"company": "company_name", "upn": "email"}
)


def _values(claims: dict[str, Any], *, kind: str = "oidc", **extra: str) -> dict[str, tuple[object, bool]]:
    settings = ProviderSettings(key="idp", name="Test", client_id="x", kind=kind, claims=extra)
    values = claimed_values(claims, rules_of(settings))
    return {each.key: (each.value, each.is_verified) for each in values}


def test_standard_claims_keep_their_names() -> None:
    assert _values({"name": "Ada", "zoneinfo": "Europe/London", "sub": "1", "hd": "acme.example"}) == {
        "name": ("Ada", True),
        "zoneinfo": ("Europe/London", True),
    }


@pytest.mark.parametrize("flag", [False, None, "true", "false", 1, ["true"], "missing"])
def test_address_is_verified_by_the_literal_true_alone(flag: object) -> None:
    claims = {"email": "ada@acme.example"} | ({} if flag == "missing" else {"email_verified": flag})

    assert _values(claims)["email"] == ("ada@acme.example", False)
    assert _values({**claims, "email_verified": True})["email"] == ("ada@acme.example", True)


def test_apple_alone_may_say_true_as_a_string() -> None:
    claims = {"email": "ada@acme.example", "email_verified": "true"}

    assert _values(claims, kind="apple")["email"][1]
    assert not _values({**claims, "email_verified": "false"}, kind="apple")["email"][1]


def test_locale_of_two_parts_becomes_a_tag() -> None:
    assert _values({"locale": {"language": "en", "country": "GB"}}) == {"locale": ("en-GB", True)}


def test_address_is_kept_whole_and_in_parts() -> None:
    assert _values({"address": {"locality": "London", "country": "GB", "formatted": "…"}}) == {
        "address_city": ("London", True),
        "address_country": ("GB", True),
        "address": ({"locality": "London", "country": "GB", "formatted": "…"}, True),
    }


def test_extra_claim_fills_its_attribute_but_gives_way_to_the_standard_one() -> None:
    assert _values(
        {"company": "Acme", "nick": "A", "nickname": "Ada"}, company="company_name", nick="nickname"
    ) == {
        "company_name": ("Acme", True),
        "nickname": ("Ada", True),
    }


@given(st.dictionaries(st.sampled_from(_NAMES), _JSON))
def test_anything_json_can_hold_is_mapped_without_fail_and_each_key_once(claims: dict[str, Any]) -> None:
    values = claimed_values(claims, rules_of(_SETTINGS))

    assert len({each.key for each in values}) == len(values)
    assert all(each.value is not None for each in values)


@given(_DOCUMENTS, _DOCUMENTS)
def test_signed_document_wins(id_token: dict[str, Any], userinfo: dict[str, Any]) -> None:
    together = merged(id_token, userinfo)

    assert {name: together[name] for name in id_token if not name.endswith("_verified")} == {
        name: value for name, value in id_token.items() if not name.endswith("_verified")
    }


@given(_DOCUMENTS, _DOCUMENTS)
def test_merged_address_is_verified_only_where_one_document_vouched_for_it(
    id_token: dict[str, Any], userinfo: dict[str, Any]
) -> None:
    together = _values(merged(id_token, userinfo))

    for detail, flag in (("email", "email_verified"), ("phone_number", "phone_number_verified")):
        value, is_verified = together.get(detail, (None, False))
        vouched = [each.get(detail) for each in (id_token, userinfo) if each.get(flag) is True]
        same = id_token.get(detail) == userinfo.get(detail)
        assert (
            not is_verified or value in vouched or (same and True in (id_token.get(flag), userinfo.get(flag)))
        )


@given(_DOCUMENTS)
def test_document_merged_with_itself_or_nothing_says_the_same(claims: dict[str, Any]) -> None:
    assert _values(merged(claims, claims)) == _values(merged(claims, {})) == _values(claims)
