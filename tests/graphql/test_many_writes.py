"""Writing to several profiles at once: each is written or refused by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.access.model import Scope

if TYPE_CHECKING:
    from tests.api import Api

SET_MANY = """mutation ($writes: [SetAttributesInput!]!) { setManyAttributes(input: {writes: $writes}) {
  __typename
  ... on UserError { message }
  ... on SetManyAttributesSuccess { outcomes { index result {
    __typename ... on UserError { message } ... on SetAttributesSuccess { profile { traits } }
  } } }
} }"""


def write(user_id: str, value: object) -> dict[str, Any]:
    return {
        "profile": {"userId": user_id},
        "createIfMissing": True,
        "attributes": [{"key": "given_name", "value": value}],
    }


async def test_one_bad_write_keeps_no_good_one_back(api: Api) -> None:
    app = await api.app(Scope.PROFILES_READ, Scope.PROFILES_WRITE)
    writes = [write("u-1", "Ada"), write("u-2", 7), write("u-3", "Eve")]

    data = await api.data(SET_MANY, {"writes": writes}, by=app)

    outcomes = data["setManyAttributes"]["outcomes"]
    assert [each["index"] for each in outcomes] == [0, 1, 2]
    assert [each["result"]["__typename"] for each in outcomes] == [
        "SetAttributesSuccess",
        "InvalidValueError",
        "SetAttributesSuccess",
    ]
    assert outcomes[2]["result"]["profile"]["traits"] == {"given_name": "Eve"}


async def test_more_than_a_hundred_writes_are_refused_whole(api: Api) -> None:
    app = await api.app(Scope.PROFILES_WRITE)

    data = await api.data(SET_MANY, {"writes": [write(f"u-{n}", "Ada") for n in range(101)]}, by=app)

    assert data["setManyAttributes"]["__typename"] == "InvalidInputError"
    assert await api.services.database["profiles"].count_documents({}) == 0


async def test_writing_many_needs_the_scope(api: Api) -> None:
    app = await api.app(Scope.PROFILES_READ)

    data = await api.data(SET_MANY, {"writes": [write("u-1", "Ada")]}, by=app)

    assert data["setManyAttributes"]["__typename"] == "ForbiddenError"
