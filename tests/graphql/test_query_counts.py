"""What is reached from a list costs no query for each item: MongoDB's own profiler counts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from server.access.limit_store import COLLECTION as LIMITS
from server.access.store import USES
from tests.factories.profiles import user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api import Api

NODE = """id traits identities { value } attributes { key claims { value source { label } } }
  enrichments { state enricher { name } }"""
PAGE = f"query ($first: Int) {{ profiles(first: $first) {{ edges {{ node {{ {NODE} }} }} }} }}"
BY = f"query ($by: [ProfileLookup!]!) {{ profilesBy(by: $by) {{ {NODE} }} }}"
MANY = 40


@asynccontextmanager
async def _counted(api: Api) -> AsyncIterator[list[str]]:
    """Collect the operations of requests on the API's database meanwhile."""
    database = api.services.database
    beside = {LIMITS, USES, "system.profile", *(each.collection for each in api.services.watched)}
    others = [f"{database.name}.{name}" for name in beside]
    operations: list[str] = []
    await database.command({"profile": 2})
    try:
        yield operations
    finally:
        await database.command({"profile": 0})
        found = database["system.profile"].find({"ns": {"$nin": others}})
        operations += [
            each["op"] async for each in found if each["op"] != "command" or "find" in each["command"]
        ]
        await database["system.profile"].drop()


@pytest.fixture
async def people(api: Api) -> list[str]:
    """Forty people with an address each, known by a user id or by a sign-in."""
    made = [(await api.services.profiles.recognise(user(f"u-{number}"))).id for number in range(MANY - 5)]
    signed_in = [
        (await api.signed_in(f"s-{number}", email=f"s{number}@example.com", email_verified=True)).profile_id
        for number in range(5)
    ]
    return [*made, *signed_in]


@pytest.mark.parametrize("first", [1, MANY])
async def test_page_is_one_query_however_long(api: Api, people: list[str], first: int) -> None:
    await api.data(PAGE, {"first": 1}, by=api.admin)  # what is read once and then kept

    async with _counted(api) as operations:
        found = await api.data(PAGE, {"first": first}, by=api.admin)

    assert len(found["profiles"]["edges"]) == first
    assert operations == ["query"]


async def test_lookups_are_two_queries_however_many(api: Api, people: list[str]) -> None:
    by = [{"id": each} for each in people[:20]] + [{"userId": f"u-{number}"} for number in range(20)]
    await api.data(BY, {"by": by[:1]}, by=api.admin)

    async with _counted(api) as operations:
        found = await api.data(BY, {"by": by}, by=api.admin)

    assert None not in found["profilesBy"]
    assert operations == ["query", "query"]


@pytest.mark.parametrize("count", [1, 12])
async def test_aliased_lookups_are_one_query_however_many(api: Api, people: list[str], count: int) -> None:
    fields = [
        f'p{number}: profile(by: {{ id: "{each}" }}) {{ {NODE} }}' for number, each in enumerate(people)
    ]
    query = f'{{ {" ".join(fields[:count])} nobody: profile(by: {{ id: "prf_none" }}) {{ id }} }}'
    await api.data(query, by=api.admin)

    async with _counted(api) as operations:
        found = await api.data(query, by=api.admin)

    assert [each and each["id"] for each in found.values()] == [*people[:count], None]
    assert operations == ["query"]


async def test_aliased_lookups_of_a_person_show_nobody_else(api: Api, people: list[str]) -> None:
    person = await api.person()
    query = """query ($own: ID!, $other: ID!) {
      own: profile(by: { id: $own }) { id } other: profile(by: { id: $other }) { id } }"""

    found = await api.data(query, {"own": person.profile_id, "other": people[0]}, by=person)

    assert found == {"own": {"id": person.profile_id}, "other": None}
