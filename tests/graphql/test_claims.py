"""Claims over GraphQL: what a value rests on, and how apps, admins and people say things."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.kit.relay import Relay
from server.profiles.model import AppAccess, PersonAccess, ProfileUpdate
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
  claims { id value source { kind key } confidence isVerified expiresAt consent actor }
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


async def test_each_app_speaks_in_its_own_name_and_keeps_it_with_another_key(api: Api) -> None:
    person = await api.person()
    crm, shop, crm_again = [
        await api.app(Scope.PROFILES_WRITE, Scope.PROFILES_READ, name=name)
        for name in ("Our CRM", "Shop", "our  CRM!")
    ]
    await said(api, person, {"key": "job_title", "value": "Lady"}, by=crm)

    await said(api, person, {"key": "job_title", "value": "Analyst", "confidence": 0.5}, by=shop)
    both = await attribute(api, person)
    await said(api, person, {"key": "job_title", "value": "Countess"}, by=crm_again)
    changed = await attribute(api, person)

    assert [(each["value"], each["source"]) for each in both["claims"]] == [
        ("Lady", {"kind": "APP", "key": "our_crm"}),
        ("Analyst", {"kind": "APP", "key": "shop"}),
    ]
    assert [each["value"] for each in changed["claims"]] == ["Countess", "Analyst"]


async def test_history_outlives_what_is_known(api: Api, clock: FakeClock) -> None:
    person, app = await api.person(), await api.app(Scope.PROFILES_WRITE, Scope.PROFILES_READ)
    await said(api, person, {"key": "job_title", "value": "Lady"}, by=app)
    clock.advance(timedelta(seconds=1))
    await said(api, person, {"key": "job_title", "value": None}, by=app)
    await drain(api)

    shown = await attribute(api, person)
    never = await attribute(api, person, "nickname")

    assert [edge["node"]["claim"]["value"] for edge in shown["history"]["edges"]] == ["Lady"]
    assert (shown["value"], shown["source"], shown["reason"], shown["freshness"]) == (None,) * 4
    assert (shown["claims"], shown["suggestions"]) == ([], [])
    assert (never["value"], never["history"]["edges"]) == (None, [])


async def test_what_may_not_be_seen_has_no_history_either(api: Api) -> None:
    await api.define("risk", person_access=PersonAccess.HIDDEN)
    person = await api.person()
    await said(api, person, {"key": "risk", "value": "high"})

    own = await api.data(
        """{ viewer { profile {
          risk: attribute(key: "risk") { key } none: attribute(key: "nope") { key } } } }""",
        by=person,
    )

    assert own["viewer"]["profile"] == {"risk": None, "none": None}


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
    assert (await attribute(api, person))["value"] is None


def _open_to_nobody(key: str) -> tuple[Any, Any]:
    return SEEDER, spec(key, app_access=AppAccess.NONE, person_access=PersonAccess.HIDDEN)
