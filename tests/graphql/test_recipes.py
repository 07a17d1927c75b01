"""The recipes of docs/queries.md do what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from graphql import build_schema, parse, validate

from server.graphql.schema import print_schema
from server.profiles.model import ProfileUpdate
from tests.factories.profiles import APP, user
from tests.test_architecture import ROOT

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

    found = await api.data(block, by=api.admin)

    assert all(_is_something(value) for value in found.values()), found


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
