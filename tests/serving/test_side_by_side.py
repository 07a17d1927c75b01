"""What a newer version writes more is nothing to an older one: both serve while processes are replaced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from server.app import create_app
from server.kit.relay import Relay
from server.reactions import reactions
from server.services import build_services
from server.worker import Worker
from tests.api import client_of, running_app
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from server.kit.mongo import Database, Document
    from server.services import Services
    from tests.api import Api
    from tests.fakes import FakeClock

NEWER = "written_by_a_newer_version"
ANSWER = """mutation ($ask: ID!, $value: JSON!) { answerQuestion(input: {askId: $ask, value: $value}) {
  ... on AnswerQuestionSuccess { outcome next { state ask { id question { key } } } }
  ... on UserError { message } } }"""
KNOWN = """{ viewer { profile { isIdentified visits logins traits identities { kind } events { name count }
  attributes { key value claims { value source { kind } } } consents { state } enrichments { state } } }
  nextQuestion { state ask { id question { key } } } }"""
CONFIGURED = """{ questionSets(first: 10) { edges { node { key version live { questions { key } } } } }
  attributeDefinitions(first: 100) { edges { node { key type } } }
  purposes(first: 10) { edges { node { key } } }
  apiKeys(first: 10) { edges { node { name } } } audiences(first: 10) { edges { node { key } } }
  answers(first: 10) { edges { node { outcome } } } auditLog(first: 20) { edges { node { act } } }
  profiles(first: 10) { edges { node { id traits } } } }"""
TRACK = """mutation ($id: ID!) {
  trackEvent(input: {profile: {id: $id}, name: "looked"}) { __typename } }"""
AUDIENCE = """mutation { defineAudience(input: {key: "known", name: "Known", condition: {attribute: {
  key: "job_title", operator: EQUALS, values: ["Countess"]}}}) { __typename } }"""


def _widened(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Return a document as a newer version might write it: more in everything that is not a list by name."""
    if isinstance(value, list):
        return [_widened(each) for each in value]
    if not isinstance(value, dict):
        return value
    wider = {name: _widened(each) for name, each in value.items()}
    is_by_name = all(isinstance(each, dict) for each in value.values())
    return wider if is_by_name else {**wider, NEWER: {"of": ["any", 1, {"kind": None}]}}


async def _widen(database: Database) -> set[str]:
    """Rewrite every document so; return of which collections there were any."""
    found = set()
    for name in await database.list_collection_names():
        async for document in database[name].find():
            found.add(name)
            wider: Document = {**_widened(document), "_id": document["_id"]}
            await database[name].replace_one({"_id": document["_id"]}, wider)
    return found


async def _work(services: Services) -> None:
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    await Worker(name="ada", relay=relay, queue=services.queue, handlers=services.job_handlers).drain()


async def test_documents_of_a_newer_version_are_read_and_written_like_our_own(
    api: Api, database: Database, clock: FakeClock
) -> None:
    await api.publish("welcome", question_draft("job_title"), question_draft("company_name"), per_visit=2)
    person = await api.signed_in(email="ada@shop.test", email_verified=True)
    first = {"ask": person.next["ask"]["id"], "value": "Countess"}
    await api.data(ANSWER, first, by=person)
    await api.data(TRACK, {"id": person.profile_id}, by=api.admin)
    await api.data(AUDIENCE, by=api.admin)
    await _work(api.services)
    known, configured = await api.data(KNOWN, by=person), await api.data(CONFIGURED, by=api.admin)

    widened = await _widen(database)
    services = build_services(
        api.services.settings, clock=clock
    )  # another process: nothing is known by heart
    app = create_app(services)
    async with running_app(app), client_of(app) as http:
        other = replace(api, services=services, http=http)
        assert await other.data(KNOWN, by=person) == known
        assert await other.data(CONFIGURED, by=api.admin) == configured
        second = {"ask": known["nextQuestion"]["ask"]["id"], "value": "Analytical Engines"}
        answered = await other.data(ANSWER, second, by=person)
        await _work(services)
        later = await other.data(KNOWN, by=person)

    assert answered["answerQuestion"]["outcome"] == "ANSWERED"
    assert later["viewer"]["profile"]["traits"]["company_name"] == "Analytical Engines"
    assert {
        "profiles",
        "question_sets",
        "attribute_definitions",
        "api_keys",
        "answers",
        "sessions",
    } <= widened


async def test_what_a_newer_version_wrote_outlives_the_writing_of_an_older_one(
    api: Api, database: Database
) -> None:
    await api.publish("welcome", question_draft("job_title"))
    person = await api.person()
    await _widen(database)

    await api.data(ANSWER, {"ask": person.next["ask"]["id"], "value": "Countess"}, by=person)

    document = await database["profiles"].find_one({"_id": person.profile_id})
    assert document is not None
    assert NEWER in document
