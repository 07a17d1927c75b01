"""Every kind of question as a page meets it, and what else than an answer may become of an ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.consent.model import PurposeSpec
from server.profiles.model import AttributeType, ConfirmPolicy, ProfileUpdate
from server.questions.model import Choice, QuestionKind, RatingStyle
from tests.api import SEEDER
from tests.factories.profiles import DEMO, options
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from server.profiles.model import AttributeDefinition
    from tests.api import Api, Person

K, T = QuestionKind, AttributeType
ASK = """ask { id question { key kind hasOther ratingStyle minimum maximum minChoices maxChoices
  options { value label picture } confirm { value text source } consent { purpose text textVersion } } }"""
ANSWER = f"""mutation ($id: ID!, $value: JSON!) {{ answerQuestion(input: {{askId: $id, value: $value}}) {{
  __typename ... on AnswerQuestionSuccess {{ value next {{ state {ASK} }} }}
  ... on UserError {{ message }} }} }}"""
NEXT = f"{{ nextQuestion {{ state {ASK} }} }}"
CHOICES = (Choice(value="red"), Choice(value="green", picture="https://shop.test/green.png"))
LONDON = {"locality": "London", "country": "GB"}

# How it is asked for, a value that fits, and values that don't.
KINDS: dict[QuestionKind, tuple[AttributeType, dict[str, Any], object, list[object]]] = {
    K.LONG_TEXT: (T.TEXT, {}, "To learn.\nAnd more.", [7, "", "x" * 100_000]),
    K.RATING: (T.INTEGER, {"scale": 5, "rating_style": RatingStyle.EMOJI}, 5, [0, 6, 2.5, "5", True]),
    K.NPS: (T.INTEGER, {}, 0, [-1, 11, "9"]),
    K.SINGLE_CHOICE: (T.STRING, {"options": CHOICES, "has_other": True}, "teal", ["", 7, ["red"]]),
    K.PICTURE_CHOICE: (T.ENUM, {"options": CHOICES}, "green", ["teal", ["red"]]),
    K.MULTI_CHOICE: (T.MULTI_ENUM, {"min_choices": 2}, ["red", "green"], [["red"], ["red", "red"], "red"]),
    K.RANKING: (T.MULTI_ENUM, {}, ["green", "red"], [["red"], ["red", "red"], []]),
    K.EMAIL: (T.EMAIL, {}, "ada@example.com", ["ada", "", "a@b@c"]),
    K.PHONE: (T.PHONE, {}, "+441632960961", ["12", "call me"]),
    K.URL: (T.URL, {}, "https://example.com/ada", ["javascript:alert(1)", "example", ""]),
    K.COUNTRY: (T.COUNTRY, {}, "GB", ["XX", "Britain", ""]),
    K.ADDRESS: (T.ADDRESS, {}, LONDON, ["London", {}, {"planet": "Earth"}]),
}


async def answer(api: Api, person: Person, ask: str, value: object) -> dict[str, Any]:
    data = await api.data(ANSWER, {"id": ask, "value": value}, by=person)
    answered: dict[str, Any] = data["answerQuestion"]
    return answered


async def asked(api: Api, person: Person) -> dict[str, Any]:
    """Return the ask that is handed out now."""
    found: dict[str, Any] = (await api.data(NEXT, by=person))["nextQuestion"]["ask"]
    return found


async def values(api: Api, person: Person) -> dict[str, object]:
    query = "{ viewer { profile { attributes { key value } } } }"
    known = (await api.data(query, by=person))["viewer"]["profile"]["attributes"]
    return {each["key"]: each["value"] for each in known}


@pytest.mark.parametrize("kind", KINDS)
async def test_kind_takes_what_fits_and_refuses_the_rest_with_a_sentence(
    api: Api, kind: QuestionKind
) -> None:
    type_, more, right, wrong = KINDS[kind]
    has_options = type_ in {T.ENUM, T.MULTI_ENUM}
    await api.define("thing", type_, options=options("red", "green") if has_options else ())
    await api.publish("things", question_draft("thing", kind, **more))
    person = await api.person()
    ask = (await asked(api, person))["id"]

    refused = [await answer(api, person, ask, value) for value in wrong]
    nothing = await values(api, person)
    taken = await answer(api, person, ask, right)

    assert [each["__typename"] for each in refused] == ["InvalidAnswerError"] * len(wrong)
    assert all(each["message"].startswith("Thing ") for each in refused)
    assert nothing == {}
    assert taken["value"] == right
    assert await values(api, person) == {"thing": right}


async def test_page_is_told_how_to_draw_a_question(api: Api) -> None:
    await api.define("mood", T.INTEGER)
    await api.define("colour", T.ENUM, options=options("red", "green"))
    mood = question_draft("mood", K.RATING, scale=4, rating_style=RatingStyle.EMOJI)
    await api.publish(
        "things", mood, question_draft("colour", K.PICTURE_CHOICE, options=CHOICES), per_visit=2
    )
    person = await api.person()

    first = await asked(api, person)
    second = (await answer(api, person, first["id"], 4))["next"]["ask"]["question"]

    drawn = first["question"]
    assert (drawn["ratingStyle"], drawn["minimum"], drawn["maximum"]) == ("EMOJI", 1, 4)
    assert [each["picture"] for each in second["options"]] == [None, "https://shop.test/green.png"]


# CONSENT


@pytest.fixture
async def clinic(api: Api) -> Api:
    """The API with a set that asks for leave before it asks for what needs it."""
    await api.services.consents.define(
        SEEDER, PurposeSpec(key="care", name="Care", description="To care.", text="May we know?")
    )
    allergy = await api.define("allergy")
    await api.services.attributes.update(
        SEEDER, allergy.id, allergy.version, lambda known: replace(known, purpose="care")
    )
    await api.publish("care", question_draft("allergy"), per_visit=3, asks_consent_first=True)
    return api


async def test_leave_is_asked_for_first_and_then_what_needs_it(clinic: Api) -> None:
    person = await clinic.person()
    ask = await asked(clinic, person)

    refused = await answer(clinic, person, ask["id"], "yes")
    given = await answer(clinic, person, ask["id"], True)  # noqa: FBT003 - the answer
    again = await answer(clinic, person, ask["id"], False)  # noqa: FBT003 - the answer
    consents = "{ viewer { profile { consents { purpose { key } state source } } } }"
    said = (await clinic.data(consents, by=person))["viewer"]["profile"]["consents"]

    assert ask["question"]["kind"] == "CONSENT"
    assert ask["question"]["consent"] == {"purpose": "care", "text": "May we know?", "textVersion": 1}
    assert refused["__typename"] == "InvalidAnswerError"
    assert given["next"]["ask"]["question"]["key"] == "allergy"
    assert again == given
    assert ("care", "GRANTED", "PERSON") in [
        (each["purpose"]["key"], each["state"], each["source"]) for each in said
    ]


async def test_who_says_no_is_asked_neither_again_nor_for_what_needed_it(clinic: Api) -> None:
    person = await clinic.person()
    ask = await asked(clinic, person)

    denied = await answer(clinic, person, ask["id"], False)  # noqa: FBT003 - the answer
    again = await clinic.person(resume_token=person.resume_token)

    assert denied["next"] == {"state": "DONE", "ask": None}
    assert again.next["ask"] is None


# CONFIRM


async def claimed(api: Api, policy: ConfirmPolicy, *, is_verified: bool = False) -> Person:
    """Return somebody of whom a provider says where they work; nothing is published yet."""
    known: AttributeDefinition = (await api.services.profiles.catalogue.current()).get("company_name")
    await api.services.attributes.update(
        SEEDER, known.id, known.version, lambda definition: replace(definition, confirm=policy)
    )
    person = await api.person()
    said = await api.services.profiles.claims({"company_name": "Acme"}, DEMO, is_verified=is_verified)
    await api.services.profiles.write(person.profile_id, ProfileUpdate(claims=said))
    return person


CONFIRM = question_draft(
    "still", K.CONFIRM, attribute_key="company_name", prompt="Still at {company_name|x}?"
)
BLANK = question_draft("company_name", prompt="Where do you work?")


async def test_value_is_shown_with_who_claims_it_and_may_be_right(api: Api) -> None:
    person = await claimed(api, ConfirmPolicy.UNVERIFIED)
    await api.publish("work", CONFIRM, BLANK, per_visit=3)
    ask = await asked(api, person)

    right = await answer(api, person, ask["id"], {"verdict": "right", "value": "Acme"})

    assert ask["question"]["confirm"] == {"value": "Acme", "text": "Acme", "source": DEMO.slug}
    assert (right["value"], right["next"]["state"]) == ("Acme", "DONE")


async def test_value_that_is_wrong_is_asked_for_blank(api: Api) -> None:
    person = await claimed(api, ConfirmPolicy.UNVERIFIED)
    await api.publish("work", CONFIRM, BLANK, per_visit=3)
    ask = await asked(api, person)

    wrong = await answer(api, person, ask["id"], {"verdict": "wrong"})
    again = await answer(api, person, ask["id"], {"verdict": "right", "value": "Acme"})
    blank = wrong["next"]["ask"]
    answered = await answer(api, person, blank["id"], "Fernhill")

    assert wrong["value"] == {"verdict": "wrong"}
    assert again == wrong
    assert blank["question"]["key"] == "company_name"
    assert answered["next"]["state"] == "DONE"
    assert (await values(api, person))["company_name"] == "Fernhill"


@pytest.mark.parametrize("value", ["Acme", {}, {"verdict": "maybe"}, {"verdict": "right"}, ["right"], True])
async def test_confirming_takes_a_verdict(api: Api, value: object) -> None:
    person = await claimed(api, ConfirmPolicy.UNVERIFIED)
    await api.publish("work", CONFIRM)
    ask = await asked(api, person)

    refused = await answer(api, person, ask["id"], value)
    edited = await answer(api, person, ask["id"], {"verdict": "edit", "value": "Fernhill"})

    assert refused["__typename"] == "InvalidAnswerError"
    assert "verdict" in refused["message"]
    assert edited["value"] == "Fernhill"


@pytest.mark.parametrize(
    ("policy", "is_verified", "is_asked"),
    [
        (ConfirmPolicy.ALWAYS, True, True),
        (ConfirmPolicy.UNVERIFIED, True, False),
        (ConfirmPolicy.UNVERIFIED, False, True),
    ],
)
async def test_definition_says_which_claims_are_confirmed(
    api: Api, policy: ConfirmPolicy, *, is_verified: bool, is_asked: bool
) -> None:
    person = await claimed(api, policy, is_verified=is_verified)

    await api.publish("work", CONFIRM)

    assert (await asked(api, person) is not None) == is_asked


# What else may become of an ask

PASS = """mutation ($id: ID!) {{ {name}(input: {{askId: $id{more}}}) {{
  __typename ... on AskHandled {{ outcome isReplay next {{ state until }} }}
  ... on UserError {{ message }} }} }}"""


@pytest.mark.parametrize(
    ("name", "more", "outcome", "state", "is_timed"),
    [
        ("skipQuestion", "", "SKIPPED", "RESTING", True),
        ("declineQuestion", "", "DECLINED", "DONE", False),
        ("declineQuestion", ", isNotApplicable: true", "NOT_APPLICABLE", "RESTING", True),
        ("dismissQuestion", "", "DISMISSED", "RESTING", True),
    ],
)
async def test_ask_is_passed_on_once(
    api: Api, name: str, more: str, outcome: str, state: str, *, is_timed: bool
) -> None:
    await api.publish("work", question_draft("job_title"))
    person = await api.person()
    operation, given = PASS.format(name=name, more=more), {"id": person.next["ask"]["id"]}

    first = (await api.data(operation, given, by=person))[name]
    again = (await api.data(operation, given, by=person))[name]

    assert (first["outcome"], first["isReplay"], first["next"]["state"]) == (outcome, False, state)
    assert (first["next"]["until"] is not None) == is_timed
    assert again == {**first, "isReplay": True}


async def test_ask_that_was_seen_is_reported_once(api: Api) -> None:
    await api.publish("work", question_draft("job_title"))
    person = await api.person()
    operation = """mutation ($id: ID!, $page: String) {
      reportShown(input: {askId: $id, report: {page: $page, device: PHONE}}) {
        __typename ... on ReportShownSuccess { isReplay } ... on InvalidInputError { field } } }"""
    given = {"id": person.next["ask"]["id"], "page": "https://shop.test/"}

    found = [(await api.data(operation, given, by=person))["reportShown"] for _ in range(2)]
    long = await api.data(operation, {**given, "page": "x" * 501}, by=person)

    assert [each["isReplay"] for each in found] == [False, True]
    assert long["reportShown"] == {"__typename": "InvalidInputError", "field": "page"}


async def test_verdict_that_was_put_right_is_wrong_no_more(api: Api) -> None:
    person = await claimed(api, ConfirmPolicy.UNVERIFIED)
    await api.publish("work", CONFIRM)
    ask = (await asked(api, person))["id"]
    operation = """mutation ($id: ID!, $value: JSON!) { correctAnswer(input: {askId: $id, value: $value}) {
      __typename } }"""

    await answer(api, person, ask, {"verdict": "wrong"})
    right = {"verdict": "edit", "value": "Fernhill"}
    corrected = await api.data(operation, {"id": ask, "value": right}, by=person)
    again = await answer(api, person, ask, {"verdict": "wrong"})

    assert corrected["correctAnswer"] == {"__typename": "CorrectAnswerSuccess"}
    assert again["value"] == "Fernhill"


async def test_person_puts_an_answer_right(api: Api) -> None:
    await api.publish("work", question_draft("job_title"))
    person = await api.person()
    ask = person.next["ask"]["id"]
    operation = """mutation ($id: ID!, $value: JSON!) { correctAnswer(input: {askId: $id, value: $value}) {
      __typename ... on CorrectAnswerSuccess { value } } }"""

    early = await api.data(operation, {"id": ask, "value": "Analyst"}, by=person)
    await answer(api, person, ask, "Countess")
    corrected = await api.data(operation, {"id": ask, "value": "Analyst"}, by=person)
    wrong = await api.data(operation, {"id": ask, "value": 7}, by=person)

    assert early["correctAnswer"] == {"__typename": "UnknownAskError"}
    assert corrected["correctAnswer"] == {"__typename": "CorrectAnswerSuccess", "value": "Analyst"}
    assert wrong["correctAnswer"] == {"__typename": "InvalidAnswerError"}
    assert await values(api, person) == {"job_title": "Analyst"}
