"""Audiences: defined once, named by conditions, followed by everything that names them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.profiles.model import AppAccess
from tests.api import SEEDER
from tests.factories.profiles import spec
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from server.audiences.model import Audience
    from tests.api import Api, Caller

SHOWN = "__typename ... on UserError { message } ... on AudienceSuccess { audience { id key version } }"
DEFINE = f"mutation ($input: DefineAudienceInput!) {{ defineAudience(input: $input) {{ {SHOWN} }} }}"
UPDATE = f"mutation ($input: UpdateAudienceInput!) {{ updateAudience(input: $input) {{ {SHOWN} }} }}"
ARCHIVE = f"mutation ($input: ArchiveAudienceInput!) {{ archiveAudience(input: $input) {{ {SHOWN} }} }}"
FOUND = """query ($filter: Condition!) {
  profiles(filter: $filter) { edges { node { id audiences { key } } } }
  profileCount(filter: $filter) { value }
}"""
LIST = """query ($all: Boolean!) { audiences(withArchived: $all) {
  edges { node { key condition version archivedAt } }
} }"""
NEXT = "{ nextQuestion { ask { question { key } } } }"
VISITORS = {"identified": False}


async def define(
    api: Api, key: str, condition: dict[str, Any], by: Caller | None = None, **more: object
) -> dict[str, Any]:
    given = {"input": {"key": key, "name": key.title(), "condition": condition, **more}}
    result: dict[str, Any] = (await api.data(DEFINE, given, by=by or api.admin))["defineAudience"]
    return result


async def update(api: Api, key: str, version: int, **edit: object) -> dict[str, Any]:
    given = {"input": {"key": key, "expectedVersion": version, **edit}}
    result: dict[str, Any] = (await api.data(UPDATE, given, by=api.admin))["updateAudience"]
    return result


async def archive(api: Api, key: str, version: int) -> dict[str, Any]:
    given = {"input": {"key": key, "expectedVersion": version}}
    result: dict[str, Any] = (await api.data(ARCHIVE, given, by=api.admin))["archiveAudience"]
    return result


async def found_in(api: Api, key: str) -> set[str]:
    found = await api.data(FOUND, {"filter": {"audience": key}}, by=api.admin)
    people = [each["node"] for each in found["profiles"]["edges"]]
    assert found["profileCount"]["value"] == len(people)
    assert all({"key": key} in each["audiences"] for each in people)
    return {each["id"] for each in people}


async def test_people_are_found_in_an_audience_and_show_it(api: Api) -> None:
    visitor, person = await api.person(), await api.signed_in()

    defined = await define(api, "visitors", VISITORS)
    await define(api, "others", {"not": {"audience": "visitors"}})

    assert defined["audience"]["version"] == 1
    assert await found_in(api, "visitors") == {visitor.profile_id}
    assert await found_in(api, "others") == {person.profile_id}


async def test_audience_may_rest_on_what_is_hidden_from_who_asks_for_it(api: Api) -> None:
    await api.services.attributes.define(SEEDER, replace(spec("risk"), app_access=AppAccess.NONE))
    risky = {"attribute": {"key": "risk", "operator": "MISSING"}}
    await define(api, "safe", risky)
    person, app = await api.person(), await api.app(Scope.PROFILES_READ)

    found = await api.data(FOUND, {"filter": {"audience": "safe"}}, by=app)
    refused = await api.execute(FOUND, {"filter": risky}, by=app)

    assert [each["node"]["id"] for each in found["profiles"]["edges"]] == [person.profile_id]
    assert "There is no attribute 'risk'" in refused["errors"][0]["message"]


async def test_audience_of_an_audience_follows_it(api: Api) -> None:
    visitor, person = await api.person(), await api.signed_in()
    await define(api, "inner", VISITORS)
    await define(api, "outer", {"all": [{"audience": "inner"}]})

    await update(api, "inner", 1, condition={"identified": True})

    assert await found_in(api, "outer") == {person.profile_id}
    assert visitor.profile_id not in await found_in(api, "outer")


async def test_question_set_follows_its_audience(api: Api) -> None:
    await define(api, "asked", {"identified": True})
    await api.publish("welcome", question_draft("job_title"), audience={"audience": "asked"})
    visitor = await api.person()

    before = await api.data(NEXT, by=visitor)
    await update(api, "asked", 1, condition=VISITORS)
    async with asyncio.timeout(10):
        while (await api.data(NEXT, by=visitor))["nextQuestion"]["ask"] is None:
            pass  # the change stream tells, as it tells other processes

    assert before["nextQuestion"]["ask"] is None


async def test_condition_is_shown_with_keys(api: Api) -> None:
    attribute = {"attribute": {"key": "job_title", "operator": "EXISTS"}}
    await define(api, "visitors", {"all": [attribute, VISITORS]})
    await define(api, "others", {"not": {"audience": "visitors"}})

    shown = (await api.data(LIST, {"all": False}, by=api.admin))["audiences"]["edges"]

    first, second = (each["node"]["condition"] for each in shown)
    assert first["all"][0]["attribute"]["key"] == "job_title"
    assert second == {"not": {"audience": "visitors"}}


async def test_circle_is_refused_with_its_path(api: Api) -> None:
    await define(api, "one", VISITORS)
    await define(api, "two", {"audience": "one"})
    await define(api, "three", {"not": {"audience": "two"}})

    refused = await update(api, "one", 1, condition={"any": [{"audience": "three"}]})
    itself = await update(api, "one", 1, condition={"audience": "one"})

    assert refused["message"] == "An audience can't be made of itself: one → three → two → one."
    assert itself["message"] == "An audience can't be made of itself: one → one."


async def test_circle_that_two_admins_made_at_once_holds_of_nobody(api: Api) -> None:
    person = await api.person()
    for key in ("one", "two"):
        await define(api, key, VISITORS)
    both = [
        update(api, "one", 1, condition={"audience": "two"}),
        update(api, "two", 1, condition={"audience": "one"}),
    ]
    store = api.services.stores.audiences
    await asyncio.gather(*both)
    await store.replace(await _pointing(api, "one", "two"))  # as if neither had seen the other
    await store.replace(await _pointing(api, "two", "one"))
    await api.services.attributes.catalogue.refresh()
    await api.services.audiences.known.refresh()

    shown = await api.data(
        "query ($id: ID!) { profile(by: {id: $id}) { audiences { key } } }",
        {"id": person.profile_id},
        by=api.admin,
    )

    assert shown["profile"]["audiences"] == []


async def test_archived_audience_is_not_named_any_more(api: Api) -> None:
    person = await api.person()
    await define(api, "inner", VISITORS)
    await define(api, "outer", {"audience": "inner"})

    await archive(api, "inner", 1)
    refused = await api.execute(FOUND, {"filter": {"audience": "inner"}}, by=api.admin)
    listed = [
        [
            each["node"]["key"]
            for each in (await api.data(LIST, {"all": all_}, by=api.admin))["audiences"]["edges"]
        ]
        for all_ in (False, True)
    ]

    assert "The audience 'inner' was archived" in refused["errors"][0]["message"]
    assert listed == [["outer"], ["inner", "outer"]]
    assert await found_in(api, "outer") == {person.profile_id}


async def test_version_that_is_out_of_date_changes_nothing(api: Api) -> None:
    await define(api, "visitors", VISITORS)
    await update(api, "visitors", 1, name="Strangers")

    late = [await update(api, "visitors", 1, name="Late"), await archive(api, "visitors", 1)]

    assert [each["__typename"] for each in late] == ["VersionConflictError"] * 2


@pytest.mark.parametrize(
    ("given", "typename", "message"),
    [
        ({"key": "No Key"}, "InvalidInputError", "A key is a small letter"),
        ({"name": " "}, "InvalidInputError", "The name of an audience has 1 to 200 characters"),
        ({"name": "a\0"}, "InvalidInputError", "The name of an audience"),
        ({"description": "d" * 2_001}, "InvalidInputError", "A description has up to"),
        ({"condition": {"audience": "nobody"}}, "InvalidInputError", "There is no audience 'nobody'"),
        ({"condition": {"login": {}}}, "InvalidInputError", "A count needs"),
        (
            {"condition": {"attribute": {"key": "nope", "operator": "EXISTS"}}},
            "UnknownAttributeError",
            "There is no attribute 'nope'",
        ),
        ({"key": "taken"}, "ConflictError", "There is an audience 'taken' already"),
    ],
)
async def test_audience_that_can_not_be_is_refused_with_one_sentence(
    api: Api, given: dict[str, Any], typename: str, message: str
) -> None:
    await define(api, "taken", VISITORS)
    wanted = {"key": "visitors", "name": "Visitors", "condition": VISITORS, **given}

    refused = (await api.data(DEFINE, {"input": wanted}, by=api.admin))["defineAudience"]

    assert refused["__typename"] == typename
    assert message in refused["message"]


async def test_only_admins_define_and_only_who_reads_configuration_sees(api: Api) -> None:
    app, reader = await api.app(Scope.PROFILES_READ), await api.app(Scope.CONFIGURATION_READ)

    refused = await define(api, "visitors", VISITORS, by=app)
    await define(api, "visitors", VISITORS)

    assert refused["__typename"] == "ForbiddenError"
    assert (await api.data(LIST, {"all": True}, by=app))["audiences"] is None
    assert len((await api.data(LIST, {"all": True}, by=reader))["audiences"]["edges"]) == 1


async def test_people_do_not_see_their_audiences(api: Api) -> None:
    await define(api, "visitors", VISITORS)
    person = await api.person()

    seen = await api.data("{ viewer { profile { audiences { key } } } }", by=person)

    assert seen["viewer"]["profile"]["audiences"] == []


async def _pointing(api: Api, key: str, other: str) -> Audience:
    """Return the next version of an audience, which names another."""
    known = {each.key: each for each in await api.services.stores.audiences.all()}
    return replace(
        known[key], condition={"audience": {"id": known[other].id}}, version=known[key].version + 1
    )
