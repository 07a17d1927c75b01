"""Answers as they come from the outside: late, twice, at once, wrong, somebody else's."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import VIEWER_TOKEN_LIFETIME
from server.graphql.context import Context
from server.graphql.executor.run import Run
from server.profiles.asking import Askable
from server.profiles.model import AttributeType, Profile
from server.questions.model import QuestionKind
from tests.api import SEEDER, Caller
from tests.factories.profiles import options
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api, Person
    from tests.fakes import FakeClock

ANSWER = """mutation ($input: AnswerQuestionInput!) { answerQuestion(input: $input) {
  __typename
  ... on AnswerQuestionSuccess { outcome value isReplay notice next { state ask { question { key } } } }
  ... on UserError { message }
} }"""
SKIP = """mutation ($input: SkipQuestionInput!) { skipQuestion(input: $input) {
  __typename
  ... on SkipQuestionSuccess { outcome isReplay next { state until } }
  ... on UserError { message }
} }"""
NEXT = "{ nextQuestion { state until ask { id question { key kind options { value label } maxLength } } } }"
KNOWN = "{ viewer { profile { attributes { key value source { kind } claims { value source { kind } } } } } }"

# The type of the attribute, a value that fits, and values that don't.
KINDS: dict[QuestionKind, tuple[AttributeType, object, list[object]]] = {
    QuestionKind.TEXT: (AttributeType.STRING, "Countess", [7, True, [], {}, "", " ", "\0"]),
    QuestionKind.NUMBER: (AttributeType.INTEGER, 38, ["38", True, 38.5, 2**53, 1e300, [38]]),
    QuestionKind.BOOLEAN: (AttributeType.BOOLEAN, False, ["false", 0, 1, []]),
    QuestionKind.DATE: (AttributeType.DATE, "1815-12-10", ["1815-02-30", "10.12.1815", 1815, ""]),
    QuestionKind.SINGLE_CHOICE: (AttributeType.ENUM, "red", ["blue", "Red", 0, ["red"], ""]),
    QuestionKind.MULTI_CHOICE: (AttributeType.MULTI_ENUM, ["red"], ["red", [], ["red", "red"], [["red"]]]),
}


async def _answer(api: Api, person: Caller, ask: str, value: object) -> dict[str, Any]:
    data = await api.data(ANSWER, {"input": {"askId": ask, "value": value}}, by=person)
    answered: dict[str, Any] = data["answerQuestion"]
    return answered


async def _known(api: Api, person: Person) -> dict[str, Any]:
    """Return what is known and who said it, by key."""
    attributes = (await api.data(KNOWN, by=person))["viewer"]["profile"]["attributes"]
    return {
        each["key"]: [(claim["source"]["kind"], claim["value"]) for claim in each["claims"]]
        for each in attributes
    }


@pytest.fixture
async def person(api: Api) -> Person:
    """Somebody who is asked for their job title, and after it for their company."""
    await api.publish("welcome", question_draft("job_title"), question_draft("company_name"), per_visit=2)
    return await api.person()


def _ask(person: Person) -> str:
    ask_id: str = person.next["ask"]["id"]
    return ask_id


async def test_answer_is_a_claim_of_the_person_and_brings_the_next_question(api: Api, person: Person) -> None:
    answered = await _answer(api, person, _ask(person), " Countess ")

    assert answered == {
        "__typename": "AnswerQuestionSuccess",
        "outcome": "ANSWERED",
        "value": "Countess",
        "isReplay": False,
        "notice": None,
        "next": {"state": "READY", "ask": {"question": {"key": "company_name"}}},
    }
    assert await _known(api, person) == {"job_title": [("PERSON", "Countess")]}


@pytest.mark.parametrize("kind", KINDS)
async def test_answer_has_to_fit_its_question(api: Api, kind: QuestionKind) -> None:
    attribute_type, right, wrong = KINDS[kind]
    has_options = attribute_type in {AttributeType.ENUM, AttributeType.MULTI_ENUM}
    await api.define("thing", attribute_type, options=options("red", "green") if has_options else ())
    await api.publish("things", question_draft("thing", kind))
    person = await api.person()

    refused = [await _answer(api, person, _ask(person), value) for value in wrong]
    nothing = await _known(api, person)
    taken = await _answer(api, person, _ask(person), right)

    assert {each["__typename"] for each in refused} == {"InvalidAnswerError"}
    assert all(each["message"].startswith("Thing ") for each in refused)
    assert nothing == {}
    assert taken["value"] == right


async def test_answer_can_not_be_nothing(api: Api, person: Person) -> None:
    body = await api.execute(ANSWER, {"input": {"askId": _ask(person), "value": None}}, by=person)

    assert "data" not in body
    assert await _known(api, person) == {}


async def test_text_over_the_limit_is_told_and_not_cut(api: Api, person: Person) -> None:
    refused = await _answer(api, person, _ask(person), "x" * 100_000)

    assert refused["__typename"] == "InvalidAnswerError"
    assert refused["message"] == "Job title must have 1 to 2048 characters; it has 100000."
    assert await _known(api, person) == {}


async def test_answer_larger_than_a_request_may_be_is_refused_unread(api: Api, person: Person) -> None:
    given = {"input": {"askId": _ask(person), "value": "x" * 1_000_000}}

    response = await api.post(ANSWER, given, by=person)

    assert response.status_code == 413
    assert response.json()["errors"][0]["message"] == "The body is larger than 262144 bytes."
    assert await _known(api, person) == {}


@pytest.mark.parametrize("mutation", [ANSWER, SKIP])
async def test_ask_that_was_never_handed_out_is_unknown(api: Api, person: Person, mutation: str) -> None:
    honest = _ask(person)
    asks = ["", "ask_", honest[:-1], honest + "x", honest.replace("ask_", "qst_"), "x" * 100_000, "\0"]

    results = []
    for ask in asks:
        given = {"askId": ask} | ({"value": "Countess"} if mutation == ANSWER else {})
        (result,) = (await api.data(mutation, {"input": given}, by=person)).values()
        results.append(result["__typename"])

    assert results == ["UnknownAskError"] * len(asks)
    assert await _known(api, person) == {}


async def test_ask_of_somebody_else_is_unknown(api: Api, person: Person) -> None:
    other = await api.person()

    refused = await _answer(api, other, _ask(person), "Countess")

    assert refused["__typename"] == "UnknownAskError"
    assert await _known(api, other) == await _known(api, person) == {}


async def test_answer_sent_twice_counts_once(api: Api, person: Person) -> None:
    first = await _answer(api, person, _ask(person), "Countess")
    again = await _answer(api, person, _ask(person), "Countess")
    changed = await _answer(api, person, _ask(person), "Analyst")

    assert again == changed == {**first, "isReplay": True}
    assert await _known(api, person) == {"job_title": [("PERSON", "Countess")]}


async def test_of_answers_that_race_one_counts_and_the_others_learn_which(api: Api, person: Person) -> None:
    answers = await asyncio.gather(
        *(_answer(api, person, _ask(person), f"Countess {number}") for number in range(8))
    )

    (winner,) = [each["value"] for each in answers if not each["isReplay"]]
    assert {each["value"] for each in answers} == {winner}
    assert await _known(api, person) == {"job_title": [("PERSON", winner)]}


async def test_answer_and_skip_that_race_leave_one_outcome(api: Api, person: Person) -> None:
    given = {"input": {"askId": _ask(person)}}

    answered, skipped = await asyncio.gather(
        _answer(api, person, _ask(person), "Countess"), api.data(SKIP, given, by=person)
    )

    outcomes = [answered, skipped["skipQuestion"]]
    known = await _known(api, person)
    assert [each["isReplay"] for each in outcomes].count(False) in {
        1,
        2,
    }  # a skip may be followed by an answer
    assert answered["outcome"] == "ANSWERED"
    assert known == {"job_title": [("PERSON", "Countess")]}


async def test_skipped_question_comes_back_with_the_next_visit(api: Api, clock: FakeClock) -> None:
    await api.publish("welcome", question_draft("job_title"))
    person = await api.person()

    skipped = await api.data(SKIP, {"input": {"askId": _ask(person)}}, by=person)
    clock.advance(timedelta(minutes=31))
    later = await api.person(resume_token=person.resume_token)

    assert skipped["skipQuestion"]["outcome"] == "SKIPPED"
    assert skipped["skipQuestion"]["next"]["state"] == "RESTING"
    assert later.next["ask"]["question"] == {"key": "job_title"}
    assert _ask(later) != _ask(person)


async def test_answer_to_an_archived_question_is_kept(api: Api) -> None:
    published = await api.publish("welcome", question_draft("job_title"))
    person = await api.person()
    await api.services.authoring.archive(SEEDER, published.id, published.version)

    answered = await _answer(api, person, _ask(person), "Countess")

    assert answered["outcome"] == "ANSWERED"
    assert answered["notice"] == "This question is no longer asked; the answer was kept."
    assert answered["next"] == {"state": "DONE", "ask": None}
    assert await _known(api, person) == {"job_title": [("PERSON", "Countess")]}


async def test_nobody_is_asked_from_an_archived_set(api: Api, person: Person) -> None:
    (published,) = (await api.services.questions.live.current()).ordered
    question_set = published.question_set
    await api.services.authoring.archive(SEEDER, question_set.id, question_set.version)

    assert await api.data(NEXT, by=person) == {"nextQuestion": {"state": "DONE", "until": None, "ask": None}}


async def test_published_set_is_asked_from_at_once(api: Api) -> None:
    person = await api.person()
    await api.publish("welcome", question_draft("industry", QuestionKind.SINGLE_CHOICE))

    question = (await api.data(NEXT, by=person))["nextQuestion"]["ask"]["question"]

    assert question["kind"] == "SINGLE_CHOICE"
    assert {"value": "software", "label": "Software"} in question["options"]


async def test_what_somebody_else_said_is_not_asked_for(api: Api) -> None:
    await api.publish("welcome", question_draft("name"))

    person = await api.signed_in(name="Ada Lovelace")

    assert person.next == {"state": "DONE", "ask": None}


async def test_expired_token_keeps_nothing_and_says_what_to_do(
    api: Api, person: Person, clock: FakeClock
) -> None:
    clock.advance(VIEWER_TOKEN_LIFETIME + timedelta(seconds=1))

    given = {"input": {"askId": _ask(person), "value": "Countess"}}
    response = await api.post(ANSWER, given, by=person)
    renewed = await api.person(resume_token=person.resume_token)
    answered = await _answer(api, renewed, _ask(person), "Countess")

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "TOKEN_EXPIRED"}
    assert answered["isReplay"] is False


async def test_answer_from_another_origin_is_refused(api: Api, person: Person) -> None:
    given = {"input": {"askId": _ask(person), "value": "Countess"}}

    response = await api.post(ANSWER, given, by=Caller(token=person.token, origin="https://evil.test"))

    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"] == {"code": "ORIGIN_NOT_ALLOWED"}
    assert await _known(api, person) == {}


async def test_question_may_be_left_open_over_a_sign_in(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"))
    stranger = await api.person()

    person = await api.signed_in(resume_token=stranger.resume_token)
    refused = await _answer(api, person, _ask(stranger), "Countess")
    answered = await _answer(api, person, _ask(person), "Countess")

    assert refused["__typename"] == "UnknownAskError"
    assert answered["outcome"] == "ANSWERED"


async def test_what_a_stranger_said_is_known_of_the_person_who_signs_in(api: Api, person: Person) -> None:
    await _answer(api, person, _ask(person), "Countess")

    signed_in = await api.signed_in(resume_token=person.resume_token, name="Ada")

    assert await _known(api, signed_in) == {
        "job_title": [("PERSON", "Countess")],
        "name": [("IDENTITY", "Ada")],
    }
    assert signed_in.next["ask"]["question"] == {"key": "company_name"}


async def test_question_and_answer_leave_nothing_to_the_garbage_collector(api: Api, person: Person) -> None:
    await api.data(NEXT, by=person)
    gc.collect()
    gc.disable()

    try:
        await api.data(NEXT, by=person)
        await _answer(api, person, _ask(person), "Countess")
        left = [each for each in gc.get_objects() if type(each) in {Askable, Context, Profile, Run}]
    finally:
        gc.enable()

    assert left == []
