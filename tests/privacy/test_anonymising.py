"""Making a person anonymous: who they were is gone, that they were there still counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from server.profiles.definitions import PersonalData
from server.profiles.model import AttributeType, PersonAccess, ProfileUpdate
from server.questions.model import QuestionKind
from tests.api import SEEDER
from tests.factories.profiles import options, spec
from tests.factories.questions import question_draft
from tests.privacy.world import (
    ANSWER,
    account,
    everything,
    mentions,
    prepare,
    request_of,
    set_attributes,
    tell,
    work_and_settle,
)

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock

ANONYMISE = """mutation ($input: AnonymisePersonInput!) { anonymisePerson(input: $input) {
  __typename ... on PrivacyRequestSuccess { request { id } } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with attributes that say nothing of a person."""
    await prepare(api)
    for given in (
        spec("plan", person_access=PersonAccess.READONLY),
        spec("size", AttributeType.ENUM, options=options("small", "large")),
        spec("wish", AttributeType.TEXT),
    ):
        await api.services.attributes.define(SEEDER, replace(given, personal_data=PersonalData.NONE))
    return api


async def anonymise(town: Api, clock: FakeClock, profile_id: str) -> str:
    given = {"input": {"profile": {"id": profile_id}}}
    result = (await town.data(ANONYMISE, given, by=town.admin))["anonymisePerson"]
    await work_and_settle(town, clock)
    request_id: str = result["request"]["id"]
    return request_id


async def test_nothing_tells_any_more_who_it_was(town: Api, clock: FakeClock) -> None:
    told = await tell(town)

    request_id = await anonymise(town, clock, told.id)

    assert await mentions(town, "lovelace") == set()
    assert await town.services.profiles.find_by_identity(account("lovelace")) is None
    assert (await request_of(town, request_id)).settled_at is not None


async def test_what_says_nothing_of_a_person_stays(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    await set_attributes(town, {"id": told.id}, plan="team")
    before = (await everything(town))["answers"]

    await anonymise(town, clock, told.id)

    profile = await town.services.profiles.find(told.id)
    assert profile is not None
    known = await town.services.profiles.known_attributes(profile)
    after = (await everything(town))["answers"]
    assert {key: attribute.value for key, attribute in known.items()} == {"plan": "team"}
    assert (profile.identities, profile.logins > 0, profile.visits > 0) == ((), True, True)
    assert [each["outcome"] for each in after] == [each["outcome"] for each in before]
    assert {(each["value"], each["page"]) for each in after} == {(None, None)}


async def test_what_people_may_type_as_they_like_goes_and_what_they_choose_stays(
    town: Api, clock: FakeClock
) -> None:
    told = await tell(town)
    await town.publish(
        "feedback",
        question_draft("wish", QuestionKind.LONG_TEXT),
        question_draft("size", QuestionKind.SINGLE_CHOICE),
        per_visit=9,
    )
    for value in ("Call lovelace back", "small"):
        asked = (await town.data("{ nextQuestion { ask { id } } }", by=told.page))["nextQuestion"]["ask"]
        await town.data(ANSWER, {"input": {"askId": asked["id"], "value": value}}, by=told.page)

    await anonymise(town, clock, told.id)

    profile = await town.services.profiles.find(told.id)
    assert profile is not None
    known = await town.services.profiles.known_attributes(profile)
    assert {key: attribute.value for key, attribute in known.items()} == {"size": "small"}
    assert {each["value"] for each in (await everything(town))["answers"]} == {None, "small"}
    assert await mentions(town, "lovelace") == set()


async def test_nothing_is_left_by_which_a_value_could_be_guessed(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    dismissed = ProfileUpdate(part={"dismissals": {"att_1_0123456789abcdef01234567": clock()}})
    await town.services.profiles.write(told.id, dismissed)

    await anonymise(town, clock, told.id)

    profile = await town.services.profiles.find(told.id)
    assert profile is not None
    assert profile.dismissals == {}


async def test_who_signs_in_again_is_somebody_new(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    await anonymise(town, clock, told.id)

    back = await town.signed_in("lovelace")
    resumed = await town.person(resume_token=told.page.resume_token)

    assert back.profile_id not in told.ids
    assert resumed.profile_id not in told.ids
