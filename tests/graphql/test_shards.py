"""The hot path asks by `_id` alone, the key by which everything would be sharded: one shard answers it.

There is no `mongos` here to say so; what is looked at is what MongoDB was asked, and which bounds it read.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.privacy.holdings import HOLDINGS
from tests.factories.profiles import user
from tests.factories.questions import question_draft
from tests.privacy.world import prepare, tell, work
from tests.test_growth_docs import SHARDED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database, Document
    from tests.api import Api
    from tests.fakes import FakeClock

NEXT = "{ nextQuestion { state ask { id question { prompt } } } }"
ANSWER = """mutation ($ask: ID!) { answerQuestion(input: {askId: $ask, value: "Countess"}) {
  ... on AnswerQuestionSuccess { outcome next { state } } } }"""
SKIP = """mutation ($ask: ID!) { skipQuestion(input: {askId: $ask}) {
  ... on SkipQuestionSuccess { outcome next { state } } } }"""
OF_PEOPLE = {each.collection for each in HOLDINGS if each.person}


@asynccontextmanager
async def _statements(api: Api) -> AsyncIterator[list[tuple[str, Document]]]:
    """Collect the filters that collections of people are asked with meanwhile."""
    database = api.services.database
    asked: list[tuple[str, Document]] = []
    await database.command({"profile": 2})
    try:
        yield asked
    finally:
        await database.command({"profile": 0})
        async for entry in database["system.profile"].find({"op": {"$ne": "getmore"}}):
            collection, command = entry["ns"].partition(".")[2], entry["command"]
            if collection in OF_PEOPLE and "insert" not in command:
                asked.append((collection, command.get("filter") or command.get("query") or command.get("q")))


async def _bounds(database: Database, collection: str, criteria: Document) -> list[str]:
    """Return what of `_id` MongoDB would read for this filter, as its explain says."""
    told = await database.command({"explain": {"find": collection, "filter": criteria}})
    stage: dict[str, Any] = told["queryPlanner"]["winningPlan"]
    while "inputStage" in stage:
        stage = stage["inputStage"]
    if stage["stage"] == "IDHACK":
        return ["one"]
    bounds: list[str] = stage.get("indexBounds", {}).get("_id", ["everything"])
    return bounds


async def _are_on_one_shard(api: Api, asked: list[tuple[str, Document]]) -> bool:
    for collection, criteria in asked:
        bounds = await _bounds(api.services.database, collection, criteria)
        if len(bounds) != 1 or not _is_point(bounds[0]):
            return False
    return bool(asked)


def _is_point(bounds: str) -> bool:
    """Whether it is `one`, or of the form `["a", "a"]`."""
    low, _, high = bounds.strip("[]()").partition(", ")
    return bounds == "one" or low == high


async def test_asking_and_answering_read_and_write_one_shard(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"), question_draft("company_name"), per_visit=2)
    person = await api.person()

    async with _statements(api) as asked:
        await api.data(NEXT, by=person)
        await api.data(ANSWER, {"ask": person.next["ask"]["id"]}, by=person)
        following = (await api.data(NEXT, by=person))["nextQuestion"]["ask"]["id"]
        await api.data(SKIP, {"ask": following}, by=person)

    assert {collection for collection, _ in asked} == {"profiles"}
    assert len(asked) == 4
    assert await _are_on_one_shard(api, asked)


async def test_coming_back_reads_and_writes_by_id_alone(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"))
    person = await api.person()

    async with _statements(api) as asked:
        await api.person(resume_token=person.resume_token)

    assert {"profiles", "sessions"} <= {collection for collection, _ in asked}
    assert await _are_on_one_shard(api, asked)


async def test_somebody_who_is_known_is_recognised_by_two_reads_by_id(api: Api) -> None:
    known = await api.services.profiles.recognise(user("u-1"))

    async with _statements(api) as asked:
        found = await api.services.profiles.recognise(user("u-1"))

    assert found == known
    assert [collection for collection, _ in asked] == ["identities", "profiles"]
    assert await _are_on_one_shard(api, asked)


async def test_who_signs_in_again_is_written_to_by_id_alone(api: Api) -> None:
    await api.signed_in("ada", email="ada@example.com", email_verified=True)

    async with _statements(api) as asked:
        await api.sign_in("ada", email="ada@example.com", email_verified=True)

    assert {"identities", "profiles", "accounts"} <= {collection for collection, _ in asked}
    assert await _are_on_one_shard(api, [each for each in asked if each[0] in {"identities", "profiles"}])


async def test_every_write_of_one_document_names_it(api: Api, clock: FakeClock) -> None:
    """MongoDB 6 refuses others where the collection is sharded, and tells so only there."""
    database = api.services.database
    await prepare(api)
    await database.create_collection("system.profile", capped=True, size=64 * 2**20)
    await database.command({"profile": 2})

    told = await tell(api)
    clock.advance(timedelta(hours=2))
    await api.person(resume_token=told.page.resume_token)
    await work(api)
    await database.command({"profile": 0})

    asked = [
        (entry["ns"].partition(".")[2], _of_one(entry)) async for entry in database["system.profile"].find()
    ]
    writes = [each for each in asked if each[0] in SHARDED and each[1] is not None]
    assert {"profiles", "identities", "answers", "sessions", "accounts"} <= {each for each, _ in writes}
    assert [each for each in writes if "_id" not in (each[1] or ())] == []


def _of_one(entry: Document) -> Document | None:
    """Return the filter of a write of one document; None for every other operation."""
    command: Document = entry["command"]
    is_of_one = command.get("multi") is False or command.get("limit") == 1 or "findAndModify" in command
    return command.get("q") or command.get("query") if is_of_one else None


async def test_filter_by_anything_else_is_told_apart(api: Api) -> None:
    await api.person()

    assert not await _are_on_one_shard(api, [("profiles", {"identity_keys": "user_id|u-1"})])
    assert not await _are_on_one_shard(api, [("profiles", {"_id": {"$gt": "prf_"}})])
    assert not await _are_on_one_shard(api, [])
