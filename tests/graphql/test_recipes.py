"""The recipes of docs/queries.md do what they say, and MongoDB reads an index for each."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from graphql import build_schema, parse, validate

from server.app import create_app
from server.graphql.schema import print_schema
from server.profiles.model import ProfileUpdate
from tests.factories.profiles import APP, user
from tests.plans import plans_of
from tests.test_architecture import ROOT
from tests.web.sockets import connected, served

if TYPE_CHECKING:
    from tests.api import Api

PAGE = (ROOT / "docs" / "queries.md").read_text()
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE, flags=re.DOTALL)
QUERIES = [block for block in BLOCKS if block.startswith("query")]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("{")[0].strip())
def test_recipe_is_valid(block: str) -> None:
    assert validate(build_schema(print_schema()), parse(block)) == []


def test_there_are_ten_recipes_for_reading() -> None:
    numbered = re.findall(r"^## (\d+)\. ", PAGE, flags=re.MULTILINE)

    assert numbered == [str(number) for number in range(1, 11)]
    assert len(QUERIES) == 9  # and one subscription, which has tests of its own


@pytest.mark.parametrize("block", QUERIES, ids=lambda block: block.split("(")[0].split("{")[0].strip())
async def test_recipe_finds_whom_it_is_about(api: Api, block: str) -> None:
    await _ada(api)
    await api.data(block, by=api.admin)  # what is read once and then kept

    async with plans_of(api) as plans:
        found = await api.data(block, by=api.admin)

    assert all(_is_something(value) for value in found.values()), found
    assert plans
    assert [plan for plan in plans if "COLLSCAN" in plan] == []


async def test_live_recipe_tells_of_a_change(api: Api) -> None:
    (live,) = [block for block in BLOCKS if block.startswith("subscription")]
    ada = await api.services.profiles.recognise(user("ada"))

    async with served(create_app(api.services)) as address, connected(address, api.admin) as client:
        await client.subscribe(live)
        hearing = asyncio.ensure_future(client.receive())
        while not (await asyncio.wait({hearing}, timeout=0.1))[0]:
            await api.services.profiles.write(ada.id, ProfileUpdate())

    assert hearing.result()["payload"]["data"]["profilesChanged"]["profileId"] == ada.id


async def test_recipes_for_writing_succeed_in_their_order(api: Api) -> None:
    write, declare, ask, look_up = [block for block in BLOCKS if block.startswith("mutation")]

    results = [await api.data(block, by=api.admin) for block in (write, declare)]
    created = (await api.data(ask.partition("mutation Publish")[0], by=api.admin))["createQuestionSet"]
    publish = "mutation Publish" + ask.partition("mutation Publish")[2]
    given = {key: created["questionSet"][key] for key in ("id", "version")}
    results.append(await api.data(publish, given, by=api.admin))
    results.append(await api.data(look_up, by=api.admin))

    assert [result for each in results for result in each.values() if "message" in result or not result] == []


async def _ada(api: Api) -> None:
    ada = await api.signed_in(email="ada@example.com", email_verified=True, name="Ada Lovelace")
    profiles = api.services.profiles
    known = {"company_size": "11-50", "birthdate": "1815-12-10", "industry": "software"}
    for profile_id in (ada.profile_id, (await profiles.recognise(user("u-42"))).id):
        claims = await profiles.claims(known, APP)
        await profiles.write(profile_id, ProfileUpdate(claims=claims))


def _is_something(value: Any) -> bool:  # noqa: ANN401 - a part of a response
    if isinstance(value, dict) and "edges" in value:
        return bool(value["edges"])
    if isinstance(value, dict) and "isExact" in value:
        return bool(value["isExact"])
    return all(value) if isinstance(value, list) else value is not None
