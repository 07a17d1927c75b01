"""Claims over GraphQL: what a value rests on, and how apps, admins and people say things."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from server.access.model import Scope
from server.kit.relay import Relay
from server.profiles.model import AppAccess, AttributeType, PersonAccess, ProfileUpdate
from server.reactions import reactions
from server.worker import Worker
from tests.api import SEEDER
from tests.factories.profiles import LOOK_UP, claim, spec

if TYPE_CHECKING:
    from tests.api import Api, Caller, Person
    from tests.fakes import FakeClock

SET = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
  __typename ... on UserError { message } ... on SetAttributesSuccess { profile { traits } }
} }"""
CORRECT = """mutation ($input: CorrectAttributeInput!) { correctAttribute(input: $input) {
  __typename ... on UserError { message } ... on OwnProfileSuccess { profile { traits } }
} }"""
ATTRIBUTE = """query ($id: ID!, $key: String!) { profile(by: {id: $id}) { attribute(key: $key) {
  value source { kind key } observedAt reason { code text }
  freshness { ageSeconds expiresAt remaining }
  claims { id value source { kind } confidence isVerified expiresAt consent actor }
  suggestions { id value }
  history { edges { node { claim { value source { kind } } endedAt } } pageInfo { hasNextPage } }
} } }"""
SUGGESTION = """mutation ($input: SuggestionInput!) { %s(input: $input) {
  __typename ... on UserError { message } ... on OwnProfileSuccess { profile { traits } }
} }"""


async def said(api: Api, person: Person, *values: dict[str, Any], by: Caller | None = None) -> dict[str, Any]:
    """Let an app or the admin say things; return the result."""
    given = {"profile": {"id": person.profile_id}, "attributes": list(values)}
    result: dict[str, Any] = (await api.data(SET, {"input": given}, by=by or api.admin))["setAttributes"]
    return result


async def corrected(api: Api, person: Person, key: str, value: object) -> dict[str, Any]:
    given = {"input": {"key": key, "value": value}}
    result: dict[str, Any] = (await api.data(CORRECT, given, by=person))["correctAttribute"]
    return result


async def attribute(api: Api, person: Person, key: str = "job_title") -> dict[str, Any]:
    found = await api.data(ATTRIBUTE, {"id": person.profile_id, "key": key}, by=api.admin)
    shown: dict[str, Any] = found["profile"]["attribute"]
    return shown


async def look_up(api: Api, person: Person, value: str) -> None:
    """Let a look-up say a job title."""
    definition = (await api.services.attributes.catalogue.current()).get("job_title")
    told = claim(value, LOOK_UP, attribute_id=definition.id, observed_at=api.services.clock())
    assert await api.services.profiles.write(person.profile_id, ProfileUpdate(claims=(told,)))


async def drain(api: Api) -> None:
    """Let a worker do what is announced."""
    services = api.services
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    await Worker(name="ada", relay=relay, queue=services.queue, handlers=services.job_handlers).drain()


async def test_attribute_tells_everything_that_it_rests_on(api: Api, clock: FakeClock) -> None:
    person = await api.person()
    await look_up(api, person, "Countess")
    await said(api, person, {"key": "job_title", "value": "Lady"})
    clock.advance(timedelta(hours=1))
    end = (clock() + timedelta(hours=3)).isoformat()
    await said(api, person, {"key": "job_title", "value": "Analyst", "confidence": 0.5, "expiresAt": end})
    await drain(api)
    clock.advance(timedelta(hours=1))

    shown = await attribute(api, person)

    assert shown["value"] == "Analyst"
    assert shown["source"] == {"kind": "ADMIN", "key": None}
    assert shown["reason"]["code"] == "PRECEDENCE"
    assert shown["freshness"] | {"expiresAt": None} == {
        "ageSeconds": 3600,
        "expiresAt": None,
        "remaining": pytest.approx(2 / 3),
    }
    assert [(each["value"], each["confidence"]) for each in shown["claims"]] == [
        ("Analyst", 0.5),
        ("Countess", 1.0),
    ]
    assert shown["claims"][0]["actor"].startswith("key_")
    assert [edge["node"]["claim"]["value"] for edge in shown["history"]["edges"]] == ["Lady"]


async def test_null_takes_back_what_the_caller_said_and_nobody_else(api: Api) -> None:
    person, app = await api.person(), await api.app(Scope.PROFILES_READ, Scope.PROFILES_WRITE)
    await said(api, person, {"key": "job_title", "value": "Lady"}, {"key": "nickname", "value": "Ada"})
    await said(api, person, {"key": "job_title", "value": "Analyst"}, by=app)

    result = await said(api, person, {"key": "job_title", "value": None}, by=app)

    assert result["profile"]["traits"] == {"nickname": "Ada", "job_title": "Lady"}


async def test_person_corrects_themself_and_takes_it_back(api: Api) -> None:
    person = await api.person()
    await look_up(api, person, "Countess")

    corrected_to = await corrected(api, person, "job_title", "Analyst")
    taken_back = await corrected(api, person, "job_title", None)

    assert corrected_to["profile"]["traits"]["job_title"] == "Analyst"
    assert taken_back["profile"]["traits"]["job_title"] == "Countess"


async def test_look_up_against_a_persons_word_is_a_suggestion_to_accept(api: Api) -> None:
    person = await api.person()
    await corrected(api, person, "job_title", "Analyst")
    await look_up(api, person, "Countess")
    (suggestion,) = (await attribute(api, person))["suggestions"]

    given = {"input": {"suggestionId": suggestion["id"]}}
    accepted = (await api.data(SUGGESTION % "acceptSuggestion", given, by=person))["acceptSuggestion"]
    again = (await api.data(SUGGESTION % "acceptSuggestion", given, by=person))["acceptSuggestion"]

    assert accepted["profile"]["traits"]["job_title"] == "Countess"
    shown = await attribute(api, person)
    assert (shown["source"]["kind"], shown["suggestions"]) == ("PERSON", [])
    assert again["__typename"] == "NotFoundError"


async def test_dismissed_suggestion_comes_back_only_with_something_new(api: Api, clock: FakeClock) -> None:
    person, stranger = await api.person(), await api.person()
    await corrected(api, person, "job_title", "Analyst")
    await look_up(api, person, "Countess")
    (suggestion,) = (await attribute(api, person))["suggestions"]
    given = {"input": {"suggestionId": suggestion["id"]}}

    by_another = await api.data(SUGGESTION % "dismissSuggestion", given, by=stranger)
    dismissed = await api.data(SUGGESTION % "dismissSuggestion", given, by=person)
    clock.advance(timedelta(seconds=1))
    await look_up(api, person, "Countess")

    assert by_another["dismissSuggestion"]["__typename"] == "NotFoundError"
    assert dismissed["dismissSuggestion"]["__typename"] == "OwnProfileSuccess"
    assert (await attribute(api, person))["suggestions"] == []
    await look_up(api, person, "Baroness")
    assert [each["value"] for each in (await attribute(api, person))["suggestions"]] == ["Baroness"]


async def test_person_is_not_told_who_wrote_a_claim(api: Api) -> None:
    person = await api.person()
    await said(api, person, {"key": "job_title", "value": "Lady"})

    own = await api.data(
        '{ viewer { profile { attribute(key: "job_title") { claims { actor } } } } }', by=person
    )

    assert own["viewer"]["profile"]["attribute"]["claims"] == [{"actor": None}]


async def test_hidden_and_undeclared_look_the_same_to_people_and_apps(api: Api) -> None:
    await api.define("risk", person_access=PersonAccess.HIDDEN)
    await api.services.attributes.define(
        *_open_to_nobody("score")  # admins alone
    )
    person, app = await api.person(), await api.app(Scope.PROFILES_WRITE)

    hidden, unknown = [await corrected(api, person, key, "x") for key in ("risk", "nope")]
    closed, missing = [
        await said(api, person, {"key": key, "value": "x"}, by=app) for key in ("score", "nope_")
    ]

    assert hidden["message"].replace("risk", "nope") == unknown["message"]
    assert closed["message"].replace("score", "nope_") == missing["message"]
    assert {hidden["__typename"], closed["__typename"], missing["__typename"]} == {"UnknownAttributeError"}


async def test_what_people_may_only_see_they_do_not_write(api: Api) -> None:
    person = await api.person()

    refused = await corrected(api, person, "email", "ada@example.com")

    assert refused == {"__typename": "ForbiddenError", "message": "You may see 'email' but not write it."}


BAD_KEYS = ["nope", "", "a.b", "$set", "$", "a\0b", "attributes.$[]", "__proto__", "x" * 10_000, "Äpfel"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: repr(key)[:20])
async def test_key_that_is_not_declared_is_refused_in_one_sentence(api: Api, key: str) -> None:
    person = await api.person()

    refused = await said(api, person, {"key": key, "value": 1})

    assert refused["__typename"] == "UnknownAttributeError"
    assert len(refused["message"]) < 250


BAD_VALUES = {
    "too large an integer": ("size", b"9223372036854775808"),
    "a number of 10,000 digits": ("size", b"9" * 10_000),
    "no number": ("size", b'"three"'),
    "a fraction": ("size", b"1.5"),
    "a huge number": ("size", b"1e400"),
    "NUL": ("job_title", b'"a\\u0000b"'),
    "a statement": ("job_title", b'{"$ne": null}'),
    "a list": ("job_title", b'["a"]'),
    "no address": ("address", b'{"planet": "Earth"}'),
    "an address in an address": ("address", b'{"country": {"$gt": ""}}'),
    "no country": ("address_country", b'"Atlantis"'),
    "no phone": ("phone_number", b'"12"'),
    "no zone": ("zoneinfo", b'"Mars/Olympus"'),
}


@pytest.mark.parametrize("bad", BAD_VALUES)
async def test_bad_value_is_refused_in_one_sentence(api: Api, bad: str) -> None:
    await api.define("size", AttributeType.INTEGER)
    person = await api.person()
    key, value = BAD_VALUES[bad]

    response = await _raw(api, person, key, value)
    body = response.json()

    if response.status_code == httpx.codes.OK and "data" in body:
        result = body["data"]["setAttributes"]
        assert result["__typename"] == "InvalidValueError"
        message = result["message"]
    else:
        (error,) = body["errors"]
        message = error["message"]
    assert len(message) < 300
    assert "requestId" not in response.text


async def test_lone_surrogate_is_no_json(api: Api) -> None:
    response = await _raw(api, await api.person(), "job_title", b'"\\ud800"')

    assert response.status_code == httpx.codes.BAD_REQUEST
    assert response.json()["errors"][0]["message"] == "The body is not JSON in UTF-8."


async def test_value_of_two_megabytes_ends_at_the_door(api: Api) -> None:
    response = await _raw(api, await api.person(), "job_title", b'"' + b"x" * 2_000_000 + b'"')

    assert response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    "circumstances",
    [
        {"confidence": 1.5},
        {"confidence": -1},
        {"observedAt": "2999-01-01T00:00:00Z"},
        {"expiresAt": "2000-01-01T00:00:00Z"},
    ],
    ids=str,
)
async def test_circumstances_that_cannot_be_are_refused(api: Api, circumstances: dict[str, Any]) -> None:
    refused = await said(api, await api.person(), {"key": "job_title", "value": "x", **circumstances})

    assert refused["__typename"] == "InvalidInputError"


async def test_withdrawal_is_shown_to_who_asked_for_it(api: Api, clock: FakeClock) -> None:
    person = await api.person()
    await look_up(api, person, "Countess")
    clock.advance(timedelta(seconds=1))
    asked = await api.data(
        """mutation ($input: WithdrawSourceInput!) { withdrawSource(input: $input) {
          ... on WithdrawSourceSuccess { withdrawal { id state profilesTotal source { kind key } } } } }""",
        {"input": {"kind": "ENRICHER", "key": "email_domain"}},
        by=api.admin,
    )
    withdrawal = asked["withdrawSource"]["withdrawal"]
    await drain(api)

    shown = await api.data(
        """query ($id: ID!) {
          sourceWithdrawal(id: $id) { state profilesTotal profilesDone claimsDone finishedAt requestedBy }
          node(id: $id) { id } }""",
        {"id": withdrawal["id"]},
        by=api.admin,
    )

    assert withdrawal["state"] == "RUNNING"
    assert shown["node"] == {"id": withdrawal["id"]}
    assert shown["sourceWithdrawal"]["finishedAt"] is not None
    assert shown["sourceWithdrawal"]["requestedBy"].startswith("key_")
    counts = {key: shown["sourceWithdrawal"][key] for key in ("state", "profilesTotal", "claimsDone")}
    assert counts == {"state": "DONE", "profilesTotal": 1, "claimsDone": 1}
    assert await attribute(api, person) is None


async def _raw(api: Api, person: Person, key: str, value: bytes) -> httpx.Response:
    """Send a value as these bytes: what Python's own encoder would not write."""
    given = {"profile": {"id": person.profile_id}, "attributes": [{"key": key, "value": "VALUE"}]}
    body = orjson.dumps({"query": SET, "variables": {"input": given}}).replace(b'"VALUE"', value)
    headers = {**api.admin.headers, "Content-Type": "application/json"}
    return await api.http.post("/graphql", content=body, headers=headers)


def _open_to_nobody(key: str) -> tuple[Any, Any]:
    return SEEDER, spec(key, app_access=AppAccess.NONE, person_access=PersonAccess.HIDDEN)
