"""What a request costs the database: asking is one read, answering one write, a page no read per item."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api import Api

NEXT = "{ nextQuestion { state ask { id question { prompt options { value } } } } }"
ANSWER = """mutation ($ask: ID!) { answerQuestion(input: {askId: $ask, value: "Countess"}) {
  ... on AnswerQuestionSuccess { outcome next { state ask { id question { prompt } } } }
} }"""
SETS = "{ questionSets { edges { node { key draft { questions { key attribute { key label } } } } } } }"
PROFILE = """query ($id: ID!) { profile(by: {id: $id}) {
  identities { value } attributes { key claims { value source { label } } definition { label } } traits
  enrichments { state enricher { name } } attribute(key: "job_title") { value }
} }"""


# What a process reads for itself when it hears that question sets changed, whenever that is; so does it with
# the rest of the configuration.
_RELOADS = ({"state": "published"}, {"_id": "shared"})


@asynccontextmanager
async def _statements(api: Api) -> AsyncIterator[list[str]]:
    """Fill a list with what the database does meanwhile, and whether it has to search a whole collection."""
    statements: list[str] = []
    database = api.services.database
    configuration = {each.collection for each in api.services.watched} - {"question_sets"}
    await database.command("profile", 2)
    yield statements
    await database.command("profile", 0)
    async for entry in database["system.profile"].find({"op": {"$ne": "getmore"}}).sort("ts", 1):
        collection = entry["ns"].partition(".")[2]
        if entry["command"].get("filter") in _RELOADS or _is_all_of(configuration, entry):
            continue
        if not collection.startswith("system.") and "profile" not in entry["command"]:
            search = " COLLSCAN" if "COLLSCAN" in entry.get("planSummary", "") else ""
            statements.append(f"{collection} {next(iter(entry['command']), '')}{search}")


def _is_all_of(collections: set[str], entry: dict[str, Any]) -> bool:
    """Whether a process reads one of these into memory: what a request needs of it goes by an id or a key."""
    command: dict[str, Any] = entry["command"]
    return command.get("find") in collections and not {"_id", "key"} & command.get("filter", {}).keys()


async def test_asking_is_one_read(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"))
    person = await api.person()

    async with _statements(api) as statements:
        await api.data(NEXT, by=person)

    assert statements == ["profiles find"]


async def test_answering_is_one_write_that_brings_the_next_question(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"), question_draft("company_name"), per_visit=2)
    person = await api.person()

    async with _statements(api) as statements:
        await api.data(ANSWER, {"ask": person.next["ask"]["id"]}, by=person)

    assert statements == ["profiles findAndModify"]


async def test_page_of_sets_is_one_read_whatever_is_shown_of_them(api: Api) -> None:
    for key in ("one", "two", "three"):
        await api.publish(key, question_draft("job_title"), question_draft("company_name"))

    async with _statements(api) as statements:
        await api.data(SETS, by=api.admin)

    assert [each.split()[0] for each in statements] == ["question_sets"]


async def test_profile_is_one_read_whatever_is_shown_of_it(api: Api) -> None:
    person = await api.signed_in(name="Ada", email="ada@example.com", email_verified=True)

    async with _statements(api) as statements:
        await api.data(PROFILE, {"id": person.profile_id}, by=api.admin)

    assert statements == ["profiles find"]
