"""What came of questions, why they are asked and what a draft would do, as an admin reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.kit.relay import Relay
from server.questions.model import Experiment, Ordering, Variant
from server.reactions import reactions
from tests.api import SEEDER
from tests.factories.questions import question_draft, set_draft

if TYPE_CHECKING:
    from tests.api import Api, Person

ANSWER = """mutation ($id: ID!, $value: JSON!) { answerQuestion(input: {askId: $id, value: $value,
  report: {page: "https://shop.test/a?b", device: PHONE, milliseconds: 3000}}) { __typename } }"""
SKIP = "mutation ($id: ID!) { skipQuestion(input: {askId: $id}) { __typename } }"
NEXT = "{ nextQuestion { ask { id question { key prompt } } } }"


async def relayed(api: Api) -> None:
    services = api.services
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    while await relay.deliver():
        pass


async def prompt_of(api: Api, person: Person) -> str | None:
    """Return what the person is asked now."""
    ask = (await api.data(NEXT, by=person))["nextQuestion"]["ask"]
    return None if ask is None else str(ask["question"]["prompt"])


async def test_results_tell_how_often_and_how_questions_were_answered(api: Api) -> None:
    published = await api.publish("work", question_draft("job_title"), question_draft("company_name"))
    for value in ("Countess", None, "Engineer"):
        person = await api.person()
        given = {"id": person.next["ask"]["id"], "value": value}
        await (
            api.data(SKIP, {"id": given["id"]}, by=person)
            if value is None
            else api.data(ANSWER, given, by=person)
        )
    await relayed(api)

    query = """query ($set: ID!) {
      whole: questionStats(set: $set) { asked seen answered skipped rate rateLow medianSeconds dropOff }
      parts: questionStats(set: $set, by: LANGUAGE) { part answered }
      answers(set: $set, first: 2) { pageInfo { hasNextPage endCursor }
        edges { node { outcome value page device language placement revision milliseconds } } } }"""
    found = await api.data(query, {"set": published.id}, by=api.admin)

    first, second = found["whole"]
    assert (first["asked"], first["seen"], first["answered"], first["skipped"]) == (3, 3, 2, 1)
    assert first["rate"] == pytest.approx(2 / 3)
    assert 0 < first["rateLow"] < first["rate"]
    assert first["medianSeconds"] == pytest.approx(3, rel=0.1)
    assert (second["asked"], second["dropOff"]) == (0, 1.0)
    assert found["parts"] == [{"part": "en", "answered": 2}]
    assert found["answers"]["pageInfo"]["hasNextPage"] is True
    assert found["answers"]["edges"][0]["node"] == {
        "outcome": "ANSWERED",
        "value": "Countess",
        "page": "https://shop.test/a",
        "device": "PHONE",
        "language": "en",
        "placement": "home",
        "revision": 1,
        "milliseconds": 3000,
    }


async def test_variant_of_prompt_order_and_pace_stays_with_its_person_and_is_compared(api: Api) -> None:
    variants = (
        Variant(key="a"),
        Variant(key="b", prompts={"company_name": "Who pays you?"}, order=("company_name",), per_visit=1),
    )
    published = await api.publish(
        "work",
        question_draft("job_title", prompt="What do you do?"),
        question_draft("company_name", prompt="Where do you work?"),
        per_visit=2,
        experiment=Experiment(key="words", variants=variants),
    )
    asked: list[tuple[str | None, str | None, bool]] = []
    for _ in range(16):
        person = await api.person()
        first, again = await prompt_of(api, person), await prompt_of(api, person)
        await api.data(ANSWER, {"id": person.next["ask"]["id"], "value": "Something"}, by=person)
        asked.append((first, again, await prompt_of(api, person) is not None))
    await relayed(api)

    query = """query ($set: ID!) { experimentResults(set: $set) { key arms { arm people answered rate }
      comparisons { arm against pValue isLikelyReal statement } } }"""
    found = (await api.data(query, {"set": published.id}, by=api.admin))["experimentResults"]

    in_a = ("What do you do?", "What do you do?", True)
    in_b = ("Who pays you?", "Who pays you?", False)
    assert set(asked) == {in_a, in_b}
    assert [(each["arm"], each["people"]) for each in found["arms"]] == [
        ("a", asked.count(in_a)),
        ("b", asked.count(in_b)),
    ]
    (comparison,) = found["comparisons"]
    assert (comparison["arm"], comparison["against"], comparison["isLikelyReal"]) == ("b", "a", False)
    assert comparison["statement"].startswith("Too early to tell")


async def test_every_verdict_is_explained_in_words(api: Api) -> None:
    await api.publish(
        "work", question_draft("goal"), question_draft("job_title"), per_visit=2, ordering=Ordering.ADAPTIVE
    )
    await api.publish("later", question_draft("name"), from_login=3)
    await api.publish("away", question_draft("company_name"), placements=("checkout",))
    person = await api.person()
    query = """query ($id: ID!) { explainNextQuestion(profile: {id: $id}) { state until
      verdicts { setKey questionKey gate words opensAt score } } }"""

    found = (await api.data(query, {"id": person.profile_id}, by=api.admin))["explainNextQuestion"]
    nobody = await api.data(query, {"id": "prf_none"}, by=api.admin)

    assert found["state"] == "READY"
    told = {each["questionKey"]: each for each in found["verdicts"]}
    asked = found["verdicts"][0]
    assert (asked["gate"], asked["words"]) == (None, "It is asked now.")
    assert asked["score"] > 0
    assert {told[key]["gate"] for key in ("goal", "job_title")} == {None}
    assert (told["name"]["gate"], told["company_name"]["gate"]) == ("TRIGGER", "PLACEMENT")
    assert all(each["words"].endswith(".") for each in found["verdicts"])
    assert nobody == {"explainNextQuestion": None}


async def test_draft_is_tried_on_the_people_there_are(api: Api) -> None:
    await api.publish("live", question_draft("goal"))
    for _ in range(3):
        await api.person()
    draft = set_draft(question_draft("goal"), question_draft("job_title"))
    created = await api.services.authoring.create(SEEDER, "trial", draft)
    query = """query ($id: ID!, $sample: Int!) { simulateQuestionSet(id: $id, sample: $sample) {
      profiles reached askedNow expectedFill firstAsked { questionKey profiles }
      collisions { setKey profiles attributeKeys } } }"""

    found = (await api.data(query, {"id": created.id, "sample": 2}, by=api.admin))["simulateQuestionSet"]
    body = await api.execute(query, {"id": created.id, "sample": 501}, by=api.admin)

    assert 0 < found.pop("expectedFill") <= 1
    assert found == {
        "profiles": 2,
        "reached": 2,
        "askedNow": 2,
        "firstAsked": [{"questionKey": "goal", "profiles": 2}],
        "collisions": [{"setKey": "live", "profiles": 2, "attributeKeys": ["goal"]}],
    }
    assert "between 1 and 500" in body["errors"][0]["message"]


async def test_results_are_not_for_everybody(api: Api) -> None:
    published = await api.publish("work", question_draft("job_title"))
    person, app = await api.person(), await api.app(Scope.PROFILES_WRITE)
    query = """query ($set: ID!, $who: ID!) { questionStats(set: $set) { asked }
      answers(set: $set) { edges { node { id } } } experimentResults(set: $set) { key }
      simulateQuestionSet(id: $set) { profiles }
      explainNextQuestion(profile: {id: $who}) { state } questionBudget { version } }"""
    given: dict[str, Any] = {"set": published.id, "who": person.profile_id}

    found = [await api.data(query, given, by=viewer) for viewer in (person, app)]

    assert all(value is None for each in found for value in each.values())
