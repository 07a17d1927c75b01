"""Identity tokens over GraphQL: a host is set up, its user arrives, and liars are told what is wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from joserfc.jwk import OctKey

from tests.api import PUBLIC_URL
from tests.identity.host import part, signed

if TYPE_CHECKING:
    from tests.api import Api

CREATE = """mutation ($input: CreateIdentitySecretInput!) { createIdentitySecret(input: $input) {
  ... on CreateIdentitySecretSuccess { secret signer { id hint algorithm issuer endsAt } }
} }"""
END = "mutation ($input: EndIdentitySignerInput!) { endIdentitySigner(input: $input) { __typename } }"
SIGNERS = "query ($id: ID!) { node(id: $id) { ... on ApiKey { identitySigners { id hint endsAt } } } }"
ARRIVE = """mutation ($input: StartVisitInput!) { startVisit(input: $input) {
  __typename
  ... on StartVisitSuccess { viewerToken leftOut profile { traits identities { kind value } } }
  ... on UserError { message }
} }"""


async def _secret(api: Api) -> dict[str, Any]:
    key = await api.services.access.publishable_key(api.page.token or "")
    made: dict[str, Any] = (await api.data(CREATE, {"input": {"key": key.id}}, by=api.admin))[
        "createIdentitySecret"
    ]
    return made


def _claims(api: Api, number: int, **more: object) -> dict[str, Any]:
    now = int(api.services.clock().timestamp())
    # MongoDB forgets used tokens by a clock of its own, which the tests' stands far behind.
    return {
        "aud": PUBLIC_URL,
        "sub": "u-42",
        "jti": f"{time.time()}-{number}",
        "iat": now,
        "exp": now + 60,
        **more,
    }


async def _arrive(api: Api, token: str) -> dict[str, Any]:
    arrived: dict[str, Any] = await api.data(ARRIVE, {"input": {"identityToken": token}}, by=api.page)
    return arrived["startVisit"]  # type: ignore[no-any-return] # a response


async def test_user_of_a_host_arrives(api: Api) -> None:
    made = await _secret(api)
    claims = _claims(api, 1, attributes={"job_title": "Countess", "none": 1})

    arrived = await _arrive(api, signed(claims, OctKey.import_key(made["secret"].encode())))

    assert arrived["profile"]["identities"] == [{"kind": "USER_ID", "value": "u-42"}]
    assert arrived["profile"]["traits"] == {"job_title": "Countess"}
    assert arrived["leftOut"] == ["none"]
    assert made["signer"]["hint"] == made["secret"][-4:]


async def test_secret_is_shown_once_and_its_end_is_seen(api: Api) -> None:
    made = await _secret(api)
    key = await api.services.access.publishable_key(api.page.token or "")

    await api.data(END, {"input": {"id": made["signer"]["id"]}}, by=api.admin)

    seen = await api.execute(SIGNERS, {"id": key.id}, by=api.admin)
    assert made["secret"] not in str(seen)
    assert [each["endsAt"] is None for each in seen["data"]["node"]["identitySigners"]] == [False]


async def test_liars_are_told_which_check_failed_and_nothing_breaks(api: Api) -> None:
    made = await _secret(api)
    secret, other = OctKey.import_key(made["secret"].encode()), OctKey.generate_key(256)
    lies = {
        "`alg`": f"{part({'alg': 'none'})}.{part(_claims(api, 2))}.",
        "by none of the keys": signed(_claims(api, 3), other),
        "`aud`": signed(_claims(api, 4, aud="https://evil.test"), secret),
        "`sub`": signed(_claims(api, 5, sub=7), secret),
        "`jti`": signed(_claims(api, 6, jti=None), secret),
        "seconds after `iat`": signed(_claims(api, 7, exp=2**33), secret),
        "`exp`": signed(_claims(api, 8, exp="tomorrow"), secret),
        "no signed JWT": "<script>",
        "longer than": "x" * 100_000,
    }

    told = {about: await _arrive(api, token) for about, token in lies.items()}

    assert {each["__typename"] for each in told.values()} == {"IdentityTokenError"}
    assert [about for about, each in told.items() if about not in each["message"]] == []
