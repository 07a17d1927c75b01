"""Providers, accounts and sessions over GraphQL."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from server.identity.model import ProvedIdentity

if TYPE_CHECKING:
    import pytest

    from tests.api import Api, Person

CANARY = "canary-secret-of-a-provider-0123456789"
CONFIGURE = """mutation ($input: ConfigureProviderInput!) { configureProvider(input: $input) {
  __typename
  ... on ConfigureProviderSuccess { provider { key name icon claims { claim attribute label sync } } }
  ... on InvalidInputError { message field }
} }"""
LINK = """mutation ($input: LinkIdentityInput!) { linkIdentity(input: $input) {
  __typename
  ... on LinkIdentitySuccess { viewerToken resumeToken profile { id identities { value } } }
} }"""
UNLINK = "mutation ($input: UnlinkIdentityInput!) { unlinkIdentity(input: $input) { __typename } }"
REVOKE = "mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { __typename } }"


async def _configure(api: Api, **changed: object) -> dict[str, Any]:
    given = {
        "key": "git",
        "kind": "github",
        "name": "Git",
        "clientId": "x",
        "clientSecret": CANARY,
        **changed,
    }
    result: dict[str, Any] = (await api.data(CONFIGURE, {"input": given}, by=api.admin))["configureProvider"]
    return result


async def _link_code(api: Api, subject: str) -> dict[str, str]:
    """Let the demo's provider prove an account that is to be linked."""
    joining = api.services.identity.joining
    signed_in = await api.sign_in("helper")
    proved = ProvedIdentity(issuer="https://other.test", subject=subject, claims={"name": "Ada"})
    held = await api.services.database["sign_in_codes"].find_one_and_update(
        {"link": None}, {"$set": {"link": joining.sealed("demo", proved, ()), "profile_id": None}}
    )
    assert held is not None
    return signed_in


async def _sessions(api: Api, person: Person) -> list[dict[str, Any]]:
    found = await api.data("{ sessions { id isCurrent isIdentified origin } }", by=person)
    sessions: list[dict[str, Any]] = found["sessions"]
    return sessions


async def test_provider_is_listed_with_what_its_claims_are_for(api: Api) -> None:
    configured = await _configure(
        api, sync=[{"attribute": "name", "mode": "IMPORT"}], requested=["name", "email"]
    )

    listed = await api.data(
        "{ signInProviders { key name icon claims { claim attribute label sync purpose { key } } } }"
    )

    assert configured["provider"]["icon"] == "github"
    git = next(each for each in listed["signInProviders"] if each["key"] == "git")
    assert git["claims"] == [
        {"claim": "name", "attribute": "name", "label": "Name", "sync": "IMPORT", "purpose": None},
        {"claim": "email", "attribute": "email", "label": "E-mail", "sync": "FORCE", "purpose": None},
    ]


async def test_secret_of_a_provider_is_in_no_answer_log_or_document(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answers = [
        await _configure(api),
        await _configure(api, clientSecret=None, name="Renamed"),
        await _configure(api, clientSecret=None, clientId="another"),
        await api.execute(
            "{ signInProviders { key } auditLog { edges { node { act targets } } } }", by=api.admin
        ),
    ]

    assert answers[2]["field"] == "clientSecret"
    assert CANARY not in str(answers)
    assert CANARY not in caplog.text
    for name in await api.services.database.list_collection_names():
        assert CANARY not in str([each async for each in api.services.database[name].find()])


async def test_person_links_an_account_and_goes_on_with_a_new_token(api: Api) -> None:
    person = await api.signed_in("bob")

    linked = await api.data(LINK, {"input": {"signIn": await _link_code(api, "ada")}}, by=person)

    result = linked["linkIdentity"]
    assert result["__typename"] == "LinkIdentitySuccess"
    assert result["profile"]["id"] == person.profile_id
    assert {each["value"] for each in result["profile"]["identities"]} >= {"bob", "ada"}
    assert result["resumeToken"] != person.resume_token


async def test_last_account_stays(api: Api) -> None:
    person = await api.signed_in("bob")

    given = {"issuer": "https://id.test", "subject": "bob"}
    left = await api.data(UNLINK, {"input": given}, by=person)

    assert left["unlinkIdentity"]["__typename"] == "LastIdentityError"


async def test_person_sees_and_ends_their_sessions(api: Api) -> None:
    here, there = await api.signed_in("bob"), await api.signed_in("bob")
    seen = await _sessions(api, here)
    other = next(each for each in seen if not each["isCurrent"])

    ended = await api.data(REVOKE, {"input": {"id": other["id"]}}, by=here)

    assert [each["isIdentified"] for each in seen] == [True, True]
    assert ended["revokeSession"]["__typename"] == "RevokeSessionSuccess"
    assert (await api.person(resume_token=there.resume_token)).profile_id != there.profile_id
    done = await api.data(
        "mutation { signOutEverywhere { ... on SignOutEverywhereSuccess { ended } } }", by=here
    )
    assert done["signOutEverywhere"] == {"ended": 1}


async def test_linking_is_audited_and_a_visit_is_not(api: Api) -> None:
    person = await api.signed_in("bob")
    await api.data(LINK, {"input": {"signIn": await _link_code(api, "ada")}}, by=person)

    seen = await api.data(
        "{ auditLog { edges { node { act actorKind actor outcome targets } } } }", by=api.admin
    )

    (entry,) = [edge["node"] for edge in seen["auditLog"]["edges"]]
    assert (entry["act"], entry["actorKind"], entry["outcome"]) == (
        "linkIdentity",
        "PERSON",
        "LinkIdentitySuccess",
    )
    assert entry["actor"] == person.profile_id
    assert person.profile_id in entry["targets"]
