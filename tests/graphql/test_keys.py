"""API keys over GraphQL: made, listed, rotated."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.api import Caller

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock

CREATE = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  ... on CreateApiKeySuccess { token key { id hint expiresAt } }
  ... on InvalidInputError { message field }
} }"""
ROTATE = """mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) {
  ... on RotateApiKeySuccess { token key { id hint overlapsUntil } }
  ... on UserError { message }
} }"""
TRUST = "mutation ($input: TrustTokenIssuerInput!) { trustTokenIssuer(input: $input) { __typename } }"
KEYS = "{ apiKeys(first: 100) { edges { node { id name hint lastUsedAt expiresAt revokedAt } } } }"


async def _made(api: Api, **more: object) -> dict[str, Any]:
    given = {"kind": "SECRET", "name": "CRM", "scopes": ["PROFILES_READ"], **more}
    made: dict[str, Any] = (await api.data(CREATE, {"input": given}, by=api.admin))["createApiKey"]
    return made


async def test_rotated_key_works_with_both_tokens_and_is_listed_once(api: Api) -> None:
    made = await _made(api)
    given = {"id": made["key"]["id"], "overlapSeconds": 3_600}

    rotated = (await api.data(ROTATE, {"input": given}, by=api.admin))["rotateApiKey"]

    for token in (made["token"], rotated["token"]):
        seen = await api.data("{ viewer { kind } }", by=Caller(token=token))
        assert seen == {"viewer": {"kind": "APP"}}
    listed = [edge["node"] for edge in (await api.data(KEYS, by=api.admin))["apiKeys"]["edges"]]
    assert [each["hint"] for each in listed if each["name"] == "CRM"] == [rotated["token"][-4:]]
    assert made["token"] not in str(listed)
    assert rotated["key"]["overlapsUntil"] is not None


async def test_list_of_keys_tells_when_each_was_used(api: Api) -> None:
    made, unused = await _made(api), await _made(api, name="Spare")
    await api.data("{ viewer { kind } }", by=Caller(token=made["token"]))

    listed = [edge["node"] for edge in (await api.data(KEYS, by=api.admin))["apiKeys"]["edges"]]

    used = {each["id"]: each["lastUsedAt"] for each in listed}
    assert used[made["key"]["id"]] is not None
    assert used[unused["key"]["id"]] is None


async def test_key_that_expired_is_answered_with_401(api: Api, clock: FakeClock) -> None:
    refused = await _made(api, expiresAt=clock().isoformat())
    made = await _made(api, expiresAt=(clock() + timedelta(hours=1)).isoformat())
    clock.advance(timedelta(hours=1))

    response = await api.post("{ viewer { kind } }", by=Caller(token=made["token"]))

    assert refused["field"] == "expiresAt"
    assert response.status_code == httpx.codes.UNAUTHORIZED
    assert response.json()["errors"][0]["extensions"]["code"] == "KEY_INVALID"


async def test_app_comes_with_a_token_of_an_issuer_that_is_trusted(api: Api, clock: FakeClock) -> None:
    key = RSAKey.generate_key(2048, auto_kid=True)
    given = {
        "name": "Login",
        "issuer": "https://id.example.com",
        "audience": "acquaint",
        "jwks": {"keys": [key.as_dict(private=False)]},
        "scopes": [{"value": "read", "scopes": ["PROFILES_READ"]}],
    }
    await api.data(TRUST, {"input": given}, by=api.admin)
    now = int(clock().timestamp())
    claims = {
        "iss": given["issuer"],
        "aud": "acquaint",
        "sub": "crm",
        "iat": now,
        "exp": now + 60,
        "scope": "read",
    }
    good, bad = (
        jwt.encode({"alg": "RS256", "kid": key.kid}, {**claims, "aud": audience}, key)
        for audience in ("acquaint", "another")
    )

    read = await api.data("{ viewer { kind scopes } profileCount { value } }", by=Caller(token=good))
    refused = await api.post("{ viewer { kind } }", by=Caller(token=bad))

    assert read == {"viewer": {"kind": "APP", "scopes": ["PROFILES_READ"]}, "profileCount": {"value": 0}}
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert "`aud`" in refused.json()["errors"][0]["message"]
