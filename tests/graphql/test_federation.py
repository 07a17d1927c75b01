"""As a subgraph: a gateway asks about profiles by their ids, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from tests.api import NOBODY
from tests.factories.profiles import user
from tests.plans import plans_of

if TYPE_CHECKING:
    from server.profiles.model import Profile
    from tests.api import Api

ENTITIES = """query ($of: [_Any!]!) {
  _entities(representations: $of) { __typename ... on Profile { id visits } }
}"""


async def _made(api: Api, *names: str) -> list[Profile]:
    return [await api.services.profiles.recognise(user(name)) for name in names]


def _of(*ids: str) -> dict[str, Any]:
    return {"of": [{"__typename": "Profile", "id": each} for each in ids]}


async def test_profiles_come_in_the_order_of_the_question_and_null_for_whom_there_is_not(api: Api) -> None:
    one, other = await _made(api, "one", "other")
    app = await api.app(Scope.PROFILES_READ)

    data = await api.data(ENTITIES, _of(other.id, "prf_nobody", one.id, other.id), by=app)

    shown = {each.id: {"__typename": "Profile", "id": each.id, "visits": 0} for each in (one, other)}
    assert data == {"_entities": [shown[other.id], None, shown[one.id], shown[other.id]]}


async def test_profiles_are_looked_up_together(api: Api) -> None:
    made = await _made(api, *(f"u-{number}" for number in range(20)))
    app = await api.app(Scope.PROFILES_READ)

    async with plans_of(api) as plans:
        await api.data(ENTITIES, _of(*(each.id for each in made)), by=app)

    assert len(plans) == 1


async def test_whoever_may_not_see_a_profile_is_told_of_none(api: Api) -> None:
    (one,) = await _made(api, "one")
    stranger = await api.person()

    for caller in (NOBODY, api.page, stranger):
        assert await api.data(ENTITIES, _of(one.id), by=caller) == {"_entities": [None]}
    own = await api.data(ENTITIES, _of(stranger.profile_id), by=stranger)
    assert own["_entities"][0]["id"] == stranger.profile_id


@pytest.mark.parametrize(
    "representation",
    [
        *({}, {"__typename": "Profile"}, {"id": "prf_1"}, {"__typename": "Visit", "id": "1"}, "prf_1", 7, []),
        {"__typename": "Profile", "id": 7},
        {"__typename": None, "id": "prf_1"},
    ],
)
async def test_representation_that_is_none_gets_one_sentence(api: Api, representation: object) -> None:
    body = await api.execute(ENTITIES, {"of": [representation]}, by=api.admin)

    (error,) = body["errors"]
    assert (
        error["message"] == 'A representation is an object such as {"__typename": "Profile", "id": "prf_…"}.'
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_more_than_a_hundred_are_refused(api: Api) -> None:
    body = await api.execute(ENTITIES, _of(*["prf_1"] * 101), by=api.admin)

    assert body["errors"][0]["message"] == "`representations` names at most 100 profiles at once."


async def test_schema_is_told_to_admins_alone(api: Api) -> None:
    told = await api.data("{ _service { sdl } }", by=api.admin)
    kept = await api.data("{ _service { sdl } }", by=await api.app(Scope.PROFILES_READ))

    assert 'type Profile implements Node @key(fields: "id")' in told["_service"]["sdl"]
    assert kept == {"_service": {"sdl": None}}
