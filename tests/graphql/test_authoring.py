"""What admins do: attributes, question sets from draft to archive, and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api import ORIGIN, Caller
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api

SET = """
  id key version state revision hasUnpublishedChanges
  draft { name questions { id key prompt } } live { name }
"""
_CONFLICT = "... on VersionConflictError { currentVersion }"
FACTS = {
    "create": "... on InvalidInputError { field } ... on UnknownAttributeError { key }",
    "update": _CONFLICT,
    "publish": f"{_CONFLICT} ... on UnpublishableError {{ questionKey }}",
    "archive": _CONFLICT,
}
JOB = {"key": "job", "kind": "TEXT", "attribute": "job_title", "prompt": "What do you do?"}


async def _change(api: Api, name: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - an input
    """Create, update, publish or archive a set; return the set, or the error with its type."""
    kind = "QuestionSetVersion" if name in {"publish", "archive"} else f"{name.title()}QuestionSet"
    field = f"{name}QuestionSet"
    operation = f"""mutation ($input: {kind}Input!) {{ {field}(input: $input) {{
      __typename ... on QuestionSetSuccess {{ questionSet {{ {SET} }} }}
      {FACTS[name]}
    }} }}"""
    result: dict[str, Any] = (await api.data(operation, {"input": given}, by=api.admin))[field]
    changed: dict[str, Any] = result.get("questionSet") or result
    return changed


async def test_set_goes_from_draft_over_published_to_archived_and_back(api: Api) -> None:
    created = await _change(api, "create", key="work", content={"name": "Work", "questions": [JOB]})
    published = await _change(api, "publish", id=created["id"], expectedVersion=1)
    archived = await _change(api, "archive", id=created["id"], expectedVersion=2)
    again = await _change(api, "publish", id=created["id"], expectedVersion=3)

    states = [
        (each["state"], each["version"], each["revision"]) for each in (created, published, archived, again)
    ]
    assert states == [("DRAFT", 1, 0), ("PUBLISHED", 2, 1), ("ARCHIVED", 3, 1), ("PUBLISHED", 4, 2)]
    assert created["live"] is None
    assert published["live"] == {"name": "Work"}


async def test_draft_of_a_published_set_changes_nothing_before_it_is_published(api: Api) -> None:
    created = await _change(api, "create", key="work", content={"name": "Work", "questions": [JOB]})
    await _change(api, "publish", id=created["id"], expectedVersion=1)

    changed = {**JOB, "prompt": "And what do you do?"}
    updated = await _change(
        api, "update", id=created["id"], expectedVersion=2, content={"name": "Job", "questions": [changed]}
    )
    live = await api.person()
    await _change(api, "publish", id=created["id"], expectedVersion=3)

    assert updated["hasUnpublishedChanges"] is True
    assert (updated["draft"]["name"], updated["live"]["name"]) == ("Job", "Work")
    assert updated["draft"]["questions"][0]["id"] == created["draft"]["questions"][0]["id"]
    assert live.next["ask"]["question"] == {"key": "job"}


async def test_publishing_what_is_live_changes_nothing(api: Api) -> None:
    published = await api.publish("welcome", question_draft("job_title"))

    again = await _change(api, "publish", id=published.id, expectedVersion=published.version)

    assert (again["version"], again["revision"]) == (published.version, published.revision)


@pytest.mark.parametrize("name", ["update", "publish", "archive"])
async def test_of_two_authors_the_slower_reads_anew(api: Api, name: str) -> None:
    created = await _change(api, "create", key="work", content={"name": "Work", "questions": [JOB]})
    await _change(api, "publish", id=created["id"], expectedVersion=1)

    content = {"content": {"name": "Job"}} if name == "update" else {}
    refused = await _change(api, name, id=created["id"], expectedVersion=1, **content)

    assert refused["__typename"] == "VersionConflictError"
    assert refused["currentVersion"] == 2


@pytest.mark.parametrize("name", ["update", "publish", "archive"])
async def test_set_that_does_not_exist_is_not_found(api: Api, name: str) -> None:
    content = {"content": {"name": "Job"}} if name == "update" else {}

    refused = [
        await _change(api, name, id=each, expectedVersion=1, **content) for each in ("", "set_none", "\0")
    ]

    assert [each["__typename"] for each in refused] == ["NotFoundError"] * 3


async def test_set_is_created_once(api: Api) -> None:
    await _change(api, "create", key="work", content={"name": "Work"})

    refused = await _change(api, "create", key="work", content={"name": "Work"})

    assert refused["__typename"] == "ConflictError"


@pytest.mark.parametrize(
    ("content", "error", "fact"),
    [
        ({"name": ""}, "InvalidInputError", {"field": "name"}),
        ({"name": "Work", "placements": []}, "InvalidInputError", {"field": "placements"}),
        ({"name": "Work", "perVisit": 0}, "InvalidInputError", {"field": "perVisit"}),
        ({"name": "Work", "questions": [JOB, JOB]}, "InvalidInputError", {"field": "questions"}),
        (
            {"name": "Work", "questions": [{**JOB, "attribute": "nope"}]},
            "UnknownAttributeError",
            {"key": "nope"},
        ),
    ],
)
async def test_content_that_is_wrong_is_told_where(
    api: Api, content: dict[str, Any], error: str, fact: dict[str, Any]
) -> None:
    refused = await _change(api, "create", key="work", content=content)

    assert refused["__typename"] == error
    assert fact.items() <= refused.items()


@pytest.mark.parametrize(
    ("questions", "question_key"),
    [
        ([], None),
        ([{**JOB, "kind": "NUMBER"}], "job"),
        ([{**JOB, "attribute": "email"}], "job"),
        ([JOB, {**JOB, "key": "job_again"}], "job_again"),
    ],
)
async def test_set_that_cannot_be_asked_from_is_not_published(
    api: Api, questions: list[dict[str, Any]], question_key: str | None
) -> None:
    created = await _change(api, "create", key="work", content={"name": "Work", "questions": questions})

    refused = await _change(api, "publish", id=created["id"], expectedVersion=1)

    assert refused["__typename"] == "UnpublishableError"
    assert refused["questionKey"] == question_key


async def test_attribute_is_declared_once_and_asked_for_at_once(api: Api) -> None:
    operation = """mutation ($input: DefineAttributeInput!) { defineAttribute(input: $input) {
      __typename ... on AttributeSuccess { definition { id key options { value } } }
    } }"""
    given = {
        "key": "favourite_colour",
        "type": "ENUM",
        "label": "Colour",
        "options": [{"value": "red", "label": "Red"}],
        "personAccess": "READWRITE",
    }

    defined = (await api.data(operation, {"input": given}, by=api.admin))["defineAttribute"]
    again = (await api.data(operation, {"input": given}, by=api.admin))["defineAttribute"]
    question = {**JOB, "kind": "SINGLE_CHOICE", "attribute": "favourite_colour"}
    created = await _change(api, "create", key="colour", content={"name": "Colour", "questions": [question]})

    assert defined["definition"]["options"] == [{"value": "red"}]
    assert again["__typename"] == "ConflictError"
    assert (await _change(api, "publish", id=created["id"], expectedVersion=1))["state"] == "PUBLISHED"


CREATE_KEY = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  __typename
  ... on CreateApiKeySuccess { token key { id kind token hint scopes origins revokedAt } }
  ... on InvalidInputError { field }
} }"""
REVOKE_KEY = """mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
  __typename ... on RevokeApiKeySuccess { key { revokedAt } }
} }"""


async def _create_key(api: Api, **given: object) -> dict[str, Any]:
    result: dict[str, Any] = (await api.data(CREATE_KEY, {"input": given}, by=api.admin))["createApiKey"]
    return result


async def test_secret_of_a_key_is_told_once(api: Api) -> None:
    made = await _create_key(api, kind="SECRET", name="App", scopes=["PROFILES_READ"])

    stored = [document async for document in api.services.database["api_keys"].find({})]
    seen = await api.data("{ viewer { kind scopes } }", by=Caller(token=made["token"]))

    assert made["token"].startswith("sk_")
    assert made["key"]["token"] is None
    assert made["key"]["hint"] == made["token"][-4:]
    assert made["token"] not in str(stored)
    assert seen == {"viewer": {"kind": "APP", "scopes": ["PROFILES_READ"]}}


async def test_publishable_key_begins_visits_on_its_origins(api: Api) -> None:
    made = await _create_key(api, kind="PUBLISHABLE", name="Blog", origins=["https://blog.test"])
    operation = "mutation { startVisit(input: {}) { __typename } }"

    there = await api.post(operation, by=Caller(token=made["token"], origin="https://blog.test"))
    elsewhere = await api.post(operation, by=Caller(token=made["token"], origin=ORIGIN))

    assert there.json() == {"data": {"startVisit": {"__typename": "StartVisitSuccess"}}}
    assert elsewhere.status_code == 403


async def test_revoked_key_opens_nothing(api: Api) -> None:
    made = await _create_key(api, kind="SECRET", name="App", scopes=["PROFILES_READ"])
    given = {"input": {"id": made["key"]["id"]}}

    revoked = (await api.data(REVOKE_KEY, given, by=api.admin))["revokeApiKey"]
    again = (await api.data(REVOKE_KEY, given, by=api.admin))["revokeApiKey"]
    refused = await api.post("{ viewer { kind } }", by=Caller(token=made["token"]))

    assert revoked["key"]["revokedAt"] is not None
    assert again == revoked
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"] == {"code": "KEY_INVALID"}


@pytest.mark.parametrize("key_id", ["", "key_none", "\0"])
async def test_key_that_does_not_exist_is_not_found(api: Api, key_id: str) -> None:
    revoked = await api.data(REVOKE_KEY, {"input": {"id": key_id}}, by=api.admin)

    assert revoked["revokeApiKey"]["__typename"] == "NotFoundError"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "SECRET", "name": "App"}, "scopes"),
        ({"kind": "SECRET", "name": "App", "scopes": ["ADMIN"], "origins": [ORIGIN]}, "origins"),
        ({"kind": "SECRET", "name": " ", "scopes": ["ADMIN"]}, "name"),
        ({"kind": "PUBLISHABLE", "name": "Page"}, "origins"),
        ({"kind": "PUBLISHABLE", "name": "Page", "origins": ["*"]}, "origins"),
        ({"kind": "PUBLISHABLE", "name": "Page", "origins": [f"{ORIGIN}/"]}, "origins"),
        ({"kind": "PUBLISHABLE", "name": "Page", "origins": ["null"]}, "origins"),
        ({"kind": "PUBLISHABLE", "name": "Page", "origins": [ORIGIN], "scopes": ["PROFILES_READ"]}, "scopes"),
    ],
)
async def test_key_that_would_open_too_much_or_nothing_is_not_made(
    api: Api, given: dict[str, Any], field: str
) -> None:
    refused = await _create_key(api, **given)

    assert refused == {"__typename": "InvalidInputError", "field": field}
