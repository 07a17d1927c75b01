"""What the product is for, as it was asked for: each story from sign-in to what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import AttributeType, ProfileUpdate
from server.questions.model import QuestionKind, Trigger
from tests.factories.profiles import DEMO
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api, Person

NEXT = "query ($in: String!) { nextQuestion(placement: $in) { state ask { id question { key } } } }"
ANSWER = """mutation ($id: ID!, $value: JSON!) { answerQuestion(input: {askId: $id, value: $value}) {
  __typename ... on AnswerQuestionSuccess { next { state ask { id question { key } } } } } }"""
SKIP = """mutation ($id: ID!) { skipQuestion(input: {askId: $id}) {
  __typename ... on SkipQuestionSuccess { next { state ask { id question { key } } } } } }"""

TRACK = "mutation ($name: String!) { trackEvent(input: {name: $name}) { __typename } }"


async def _next(api: Api, person: Person, placement: str = "home") -> str | None:
    found = (await api.data(NEXT, {"in": placement}, by=person))["nextQuestion"]["ask"]
    return None if found is None else str(found["question"]["key"])


async def _answer_all(api: Api, person: Person) -> list[str]:
    """Answer until nothing more is asked; return what was asked."""
    asked, ask = [], person.next["ask"]
    while ask is not None:
        asked.append(ask["question"]["key"])
        answered = await api.data(ANSWER, {"id": ask["id"], "value": "an answer"}, by=person)
        ask = answered["answerQuestion"]["next"]["ask"]
    return asked


async def test_three_sign_ins_three_groups_of_questions(api: Api) -> None:
    groups = (("name", "nickname"), ("company_name", "job_title"), ("goal",))
    for number, keys in enumerate(groups, 1):
        asked = [question_draft(key) for key in keys]
        await api.publish(f"group_{number}", *asked, from_login=number, per_visit=2, priority=10 - number)

    found = [await _answer_all(api, await api.signed_in("ada")) for _ in range(4)]

    assert found == [["name", "nickname"], ["company_name", "job_title"], ["goal"], []]


async def test_at_purchase_ask_for_the_address(api: Api) -> None:
    await api.define("home_address", AttributeType.ADDRESS)
    address = question_draft("home_address", QuestionKind.ADDRESS)
    await api.publish("purchase", address, trigger=Trigger(after_event="Order Completed"))
    person = await api.person()

    before = person.next["ask"]
    await api.data(TRACK, {"name": "Order Completed"}, by=person)

    assert (before, await _next(api, person)) == (None, "home_address")


async def test_at_the_check_out_ask_for_the_address(api: Api) -> None:
    await api.define("home_address", AttributeType.ADDRESS)
    address = question_draft("home_address", QuestionKind.ADDRESS)
    await api.publish("purchase", address, placements=("checkout",))
    person = await api.person()

    at_home = person.next["ask"]
    at_purchase = await _next(api, person, "checkout")

    assert (at_home, at_purchase) == (None, "home_address")


async def test_do_not_ask_what_linkedin_already_said(api: Api) -> None:
    await api.publish("work", question_draft("company_name"), question_draft("goal"), per_visit=2)
    person = await api.person()
    said = await api.services.profiles.claims({"company_name": "Northwind"}, DEMO)

    await api.services.profiles.write(person.profile_id, ProfileUpdate(claims=said))

    assert await _next(api, person) == "goal"


async def test_some_pass_others_answer(api: Api) -> None:
    await api.publish("work", question_draft("company_name"), question_draft("goal"), per_visit=2)
    passing, answering = await api.person(), await api.person()

    skipped = await api.data(SKIP, {"id": passing.next["ask"]["id"]}, by=passing)
    answered = await _answer_all(api, answering)
    back = await api.person(resume_token=passing.resume_token, signIn=await api.sign_in("eve"))

    assert skipped["skipQuestion"]["next"]["ask"]["question"]["key"] == "goal"
    assert answered == ["company_name", "goal"]
    assert back.next["ask"]["question"]["key"] == "company_name"
