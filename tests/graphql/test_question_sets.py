"""Question sets question by question, copied, carried over and tried, all through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api

SET = "questionSet { id key version state draft { name questions { id key prompt } } }"
JOB = {"key": "job", "kind": "TEXT", "attribute": "job_title", "prompt": "What do you do?"}
COMPANY = {"key": "company", "kind": "TEXT", "attribute": "company_name", "prompt": "Where?"}
GOAL = {"key": "goal", "kind": "TEXT", "attribute": "goal", "prompt": "What for?"}
# What each change needs besides the set and its version.
CHANGES: dict[str, dict[str, Any]] = {
    "addQuestion": {"question": COMPANY},
    "updateQuestion": {"question": {**JOB, "prompt": "Your job?"}},
    "removeQuestion": {"key": "job"},
    "reorderQuestions": {"keys": ["goal", "job"]},
    "revertQuestionSet": {},
}


async def change(api: Api, name: str, **given: object) -> dict[str, Any]:
    """Do something to a set; return the set, or the error with its type."""
    kind = f"{name[0].upper()}{name[1:]}Input" if name != "revertQuestionSet" else "QuestionSetVersionInput"
    conflict = "... on VersionConflictError { currentVersion }" if name in CHANGES else ""
    operation = f"""mutation ($input: {kind}!) {{ {name}(input: $input) {{
      __typename ... on QuestionSetSuccess {{ {SET} }} ... on UserError {{ message }} {conflict} }} }}"""
    result: dict[str, Any] = (await api.data(operation, {"input": given}, by=api.admin))[name]
    changed: dict[str, Any] = result.get("questionSet") or result
    return changed


async def created(api: Api) -> dict[str, Any]:
    """Return a draft that asks for a job and a goal."""
    content = {"name": "Work", "questions": [JOB, GOAL]}
    return await change(api, "createQuestionSet", key="work", content=content)


def keys(of: dict[str, Any]) -> list[str]:
    return [each["key"] for each in of["draft"]["questions"]]


async def test_draft_is_changed_question_by_question(api: Api) -> None:
    work = await created(api)
    job, goal = work["draft"]["questions"]

    added = await change(api, "addQuestion", id=work["id"], expectedVersion=1, question=COMPANY, after="job")
    reworded = {**JOB, "prompt": "Your job?"}
    updated = await change(api, "updateQuestion", id=work["id"], expectedVersion=2, question=reworded)
    order = ["goal", "company", "job"]
    ordered = await change(api, "reorderQuestions", id=work["id"], expectedVersion=3, keys=order)
    removed = await change(api, "removeQuestion", id=work["id"], expectedVersion=4, key="company")

    assert keys(added) == ["job", "company", "goal"]
    assert updated["draft"]["questions"][0] == {**job, "prompt": "Your job?"}
    assert keys(ordered) == order
    assert removed["draft"]["questions"] == [goal, {**job, "prompt": "Your job?"}]
    assert removed["version"] == 5


@pytest.mark.parametrize("name", CHANGES)
async def test_of_two_authors_the_slower_reads_anew(api: Api, name: str) -> None:
    work = await created(api)
    await change(api, "removeQuestion", id=work["id"], expectedVersion=1, key="goal")

    refused = await change(api, name, id=work["id"], expectedVersion=1, **CHANGES[name])

    assert (refused["__typename"], refused["currentVersion"]) == ("VersionConflictError", 2)


@pytest.mark.parametrize("name", CHANGES)
async def test_set_that_does_not_exist_is_not_found(api: Api, name: str) -> None:
    refused = await change(api, name, id="set_none", expectedVersion=1, **CHANGES[name])

    assert refused["__typename"] == "NotFoundError"


@pytest.mark.parametrize(
    ("name", "given", "error", "words"),
    [
        ("addQuestion", {"question": JOB}, "InvalidInputError", "a key of its own"),
        ("addQuestion", {"question": COMPANY, "after": "nope"}, "InvalidInputError", "no question 'nope'"),
        ("addQuestion", {"question": {**COMPANY, "attribute": "nope"}}, "UnknownAttributeError", "nope"),
        ("updateQuestion", {"question": COMPANY}, "InvalidInputError", "no question 'company'"),
        ("updateQuestion", {"question": {**JOB, "prompt": ""}}, "InvalidInputError", "`prompt`"),
        ("removeQuestion", {"key": "nope"}, "InvalidInputError", "no question 'nope'"),
        ("reorderQuestions", {"keys": ["job"]}, "InvalidInputError", "job, goal"),
        ("reorderQuestions", {"keys": ["job", "job"]}, "InvalidInputError", "job, goal"),
        ("reorderQuestions", {"keys": ["job", "goal", "x"]}, "InvalidInputError", "job, goal"),
        ("revertQuestionSet", {}, "InvalidInputError", "never published"),
    ],
)
async def test_change_that_can_not_be_is_refused_with_a_sentence(
    api: Api, name: str, given: dict[str, Any], error: str, words: str
) -> None:
    work = await created(api)

    refused = await change(api, name, id=work["id"], expectedVersion=1, **given)

    assert refused["__typename"] == error
    assert words in refused["message"]


async def test_draft_goes_back_to_what_is_live(api: Api) -> None:
    published = await api.publish("work", question_draft("job_title"))
    added = await change(
        api, "addQuestion", id=published.id, expectedVersion=published.version, question=GOAL
    )

    reverted = await change(api, "revertQuestionSet", id=published.id, expectedVersion=added["version"])

    assert (keys(added), keys(reverted)) == (["job_title", "goal"], ["job_title"])


async def test_copy_has_questions_of_its_own(api: Api) -> None:
    work = await created(api)

    copy = await change(api, "duplicateQuestionSet", id=work["id"], key="copy")
    again = await change(api, "duplicateQuestionSet", id=work["id"], key="copy")
    missing = await change(api, "duplicateQuestionSet", id="set_none", key="other")

    assert (copy["key"], copy["state"], copy["version"], keys(copy)) == ("copy", "DRAFT", 1, ["job", "goal"])
    ids = {question["id"] for each in (work, copy) for question in each["draft"]["questions"]}
    assert len(ids) == 4
    assert (again["__typename"], missing["__typename"]) == ("ConflictError", "NotFoundError")


EXPORT = """mutation ($id: ID!) { exportQuestionSet(input: {id: $id}) {
  __typename ... on ExportQuestionSetSuccess { document } } }"""


async def test_set_is_written_down_and_read_again(api: Api) -> None:
    work = await created(api)

    exported = (await api.data(EXPORT, {"id": work["id"]}, by=api.admin))["exportQuestionSet"]
    imported = await change(api, "importQuestionSet", document=exported["document"], key="again")
    again = (await api.data(EXPORT, {"id": imported["id"]}, by=api.admin))["exportQuestionSet"]
    refused = await change(api, "importQuestionSet", document={**exported["document"], "name": 7}, key="x")

    assert again["document"] == {**exported["document"], "key": "again"}
    assert refused["__typename"] == "InvalidInputError"
    assert "document.name" in refused["message"]


@pytest.mark.parametrize("starter", ["b2b_onboarding", "b2c_shop", "developer_tool", "newsletter"])
async def test_starter_set_is_imported_published_and_asked_in_two_languages(api: Api, starter: str) -> None:
    operation = """mutation ($input: QuestionSetVersionInput!) { publishQuestionSet(input: $input) {
      __typename } }"""

    imported = await change(api, "importQuestionSet", starter=starter)
    given = {"id": imported["id"], "expectedVersion": 1}
    published = (await api.data(operation, {"input": given}, by=api.admin))["publishQuestionSet"]
    document = (await api.data(EXPORT, {"id": imported["id"]}, by=api.admin))["exportQuestionSet"]["document"]

    assert published["__typename"] == "QuestionSetSuccess"
    assert document["key"] == starter
    for question in document["questions"]:
        assert question["prompt"] != question["translations"]["de"]["prompt"]


async def test_unknown_starter_set_is_not_found(api: Api) -> None:
    refused = await change(api, "importQuestionSet", starter="nope")

    assert refused["__typename"] == "NotFoundError"


BUDGET = """mutation ($input: SetQuestionBudgetInput!) { setQuestionBudget(input: $input) {
  __typename ... on SetQuestionBudgetSuccess { budget { version perVisit perDay perWeek ageing } }
  ... on VersionConflictError { currentVersion } ... on InvalidInputError { field } } }"""


async def test_budget_bounds_what_one_person_is_asked_over_all_sets(api: Api) -> None:
    await api.publish("work", question_draft("job_title"))
    await api.publish("more", question_draft("company_name"))

    async def set_budget(**given: object) -> dict[str, Any]:
        result: dict[str, Any] = (await api.data(BUDGET, {"input": given}, by=api.admin))["setQuestionBudget"]
        return result

    written = await set_budget(expectedVersion=0, perVisit=1)
    late = await set_budget(expectedVersion=0, perVisit=5)
    wrong = await set_budget(expectedVersion=1, perDay=0)
    read = await api.data("{ questionBudget { version perVisit } }", by=api.admin)
    person = await api.person()
    skip = (
        "mutation ($id: ID!) { skipQuestion(input: {askId: $id}) { ... on AskHandled { next { state } } } }"
    )
    skipped = await api.data(skip, {"id": person.next["ask"]["id"]}, by=person)

    assert written["budget"] == {"version": 1, "perVisit": 1, "perDay": None, "perWeek": None, "ageing": 1}
    assert late == {"__typename": "VersionConflictError", "currentVersion": 1}
    assert wrong == {"__typename": "InvalidInputError", "field": "perDay"}
    assert read == {"questionBudget": {"version": 1, "perVisit": 1}}
    assert skipped["skipQuestion"]["next"] == {"state": "RESTING"}


async def test_everything_that_an_author_may_say_is_kept(api: Api) -> None:
    question = {
        **JOB,
        "help": "In a word.",
        "why": "To show what fits.",
        "submitLabel": "That's it",
        "skipLabel": "Later",
        "declineLabel": "Rather not",
        "translations": [{"language": "de", "prompt": "Was tust du?", "skipLabel": "Sp\u00e4ter"}],
        "rest": {"days": 2},
        "mostAsks": 3,
        "branches": [{"to": "end", "when": {"identified": True}}],
    }
    experiment = {
        "key": "words",
        "variants": [{"key": "a"}, {"key": "b", "prompts": [{"question": "job", "prompt": "Job?"}]}],
    }
    content = {
        "name": "Work",
        "questions": [question, GOAL],
        "audience": {"visit": {"atLeast": 2}},
        "trigger": {"fromVisit": 2, "startsAt": "2026-03-01T00:00:00Z", "afterEvent": "Signed Up"},
        "perDay": 2,
        "perWeek": 5,
        "reask": [{"outcome": "DECLINED", "after": {"days": 30}}, {"outcome": "SKIPPED", "never": True}],
        "patienceSeconds": 4,
        "experiment": experiment,
    }

    made = await change(api, "createQuestionSet", key="work", content=content)
    found = (await api.data(EXPORT, {"id": made["id"]}, by=api.admin))["exportQuestionSet"]["document"]

    assert found["reask"]["declined"]["after"] == 30 * 86_400
    assert found["reask"]["skipped"]["after"] is None
    assert (found["patience"], found["per_day"], found["per_week"]) == (4, 2, 5)
    assert found["trigger"] == {
        "from_visit": 2,
        "starts_at": "2026-03-01T00:00:00Z",
        "after_event": "Signed Up",
    }
    assert found["audience"]["visit"]["at_least"] == 2
    assert [each["key"] for each in found["experiment"]["variants"]] == ["a", "b"]
    (asked, _) = found["questions"]
    assert (asked["rest"], asked["most_asks"]) == (2 * 86_400, 3)
    assert asked["translations"]["de"] == {"prompt": "Was tust du?", "skip_label": "Sp\u00e4ter"}
    assert asked["branches"] == [{"to": "end", "when": {"identified": True}}]


async def test_only_admins_change_sets(api: Api) -> None:
    app = await api.app(Scope.CONFIGURATION_READ, Scope.PROFILES_READ, Scope.PROFILES_WRITE)
    work = await created(api)
    operation = """mutation ($id: ID!) {
      removeQuestion(input: {id: $id, expectedVersion: 1, key: "job"}) { __typename }
      duplicateQuestionSet(input: {id: $id, key: "copy"}) { __typename }
      setQuestionBudget(input: {expectedVersion: 0}) { __typename }
      importQuestionSet(input: {starter: "newsletter"}) { __typename } }"""

    refused = await api.data(operation, {"id": work["id"]}, by=app)

    assert {each["__typename"] for each in refused.values()} == {"ForbiddenError"}


PUBLISH = (
    """mutation ($input: QuestionSetVersionInput!) { publishQuestionSet(input: $input) { __typename } }"""
)
EXITS = """{ nextQuestion { ask { question { key isSkippable exits } following { question { exits } } } } }"""


async def test_set_says_which_ways_out_its_questions_offer(api: Api) -> None:
    must = {**GOAL, "isSkippable": False}
    content = {"name": "Work", "questions": [JOB, must], "perVisit": 2, "exits": ["DECLINE", "SKIP", "SKIP"]}
    work = await change(api, "createQuestionSet", key="work", content=content)
    await _publish(api, work)

    asked = (await api.data(EXITS, by=await api.person()))["nextQuestion"]["ask"]

    assert asked["question"] == {"key": "job", "isSkippable": True, "exits": ["DECLINE", "SKIP"]}
    assert asked["following"] == {"question": {"exits": []}}


async def test_set_that_says_nothing_of_ways_out_offers_all(api: Api) -> None:
    work = await created(api)
    await _publish(api, work)

    asked = (await api.data(EXITS, by=await api.person()))["nextQuestion"]["ask"]

    assert asked["question"]["exits"] == ["SKIP", "DECLINE", "NOT_APPLICABLE", "CLOSE"]


async def _publish(api: Api, work: dict[str, Any]) -> None:
    given = {"id": work["id"], "expectedVersion": work["version"]}
    published = await api.data(PUBLISH, {"input": given}, by=api.admin)
    assert published["publishQuestionSet"] == {"__typename": "QuestionSetSuccess"}
