"""Erasing a person: everywhere, whatever is interrupted, and nothing brings them back unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.privacy.holdings import HOLDINGS
from server.privacy.model import RequestId, RequestState
from server.profiles.model import ProfileId
from tests.api import ISSUER, SEEDER
from tests.privacy.world import (
    ERASE,
    EXPORT,
    account,
    everything,
    mentions,
    prepare,
    request_of,
    set_attributes,
    tell,
    work,
    work_and_settle,
)

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock

# What may still hold an id of an erased person: see the table of holdings for the reasons.
SURVIVORS = {"audit_log", "privacy_requests", "revocations"}


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with a purpose, an attribute that needs it, and questions."""
    await prepare(api)
    return api


async def erase(town: Api, profile: dict[str, str]) -> str:
    result = (await town.data(ERASE, {"input": {"profile": profile}}, by=town.admin))["erasePerson"]
    assert result["__typename"] == "PrivacyRequestSuccess", result
    request_id: str = result["request"]["id"]
    return request_id


async def test_every_collection_has_an_owner(town: Api) -> None:
    await tell(town)

    names = set(await town.services.database.list_collection_names())

    assert names - {each.collection for each in HOLDINGS} == set()


async def test_story_reaches_every_collection_that_holds_something_of_people(town: Api) -> None:
    told = await tell(town)

    assert await mentions(town, *told.ids) == {each.collection for each in HOLDINGS if each.person}


async def test_erased_person_is_nowhere(town: Api, clock: FakeClock) -> None:
    told = await tell(town, "lovelace")

    request_id = await erase(town, {"id": told.id})
    await work_and_settle(town, clock)

    request = await request_of(town, request_id)
    assert (request.state, request.settled_at is not None) == (RequestState.DONE, True)
    assert await mentions(town, *told.ids) == SURVIVORS
    assert await mentions(town, "lovelace") == set()


async def test_others_stay_as_they_are(town: Api, clock: FakeClock) -> None:
    ada, bob = await tell(town, "lovelace"), await tell(town, "babbage")
    before = await mentions(town, *bob.ids, "babbage")

    await erase(town, {"id": ada.id})
    await work_and_settle(town, clock)

    assert await mentions(town, *bob.ids, "babbage") == before
    assert await town.services.profiles.find_living(bob.id) is not None


async def test_any_id_of_the_person_stands_for_all(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    (former, *_) = told.ids - {told.id}

    await erase(town, {"id": former})
    await work_and_settle(town, clock)

    assert await mentions(town, *told.ids) == SURVIVORS


async def test_page_of_an_erased_person_goes_on_as_a_stranger(town: Api) -> None:
    told = await tell(town)
    await erase(town, {"id": told.id})
    await work(town)

    refused = await town.post("{ nextQuestion { state } }", by=told.page)
    again = await town.person(resume_token=told.page.resume_token)

    assert refused.json()["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"
    assert again.profile_id not in told.ids


async def test_asking_twice_is_one_erasure(town: Api, clock: FakeClock) -> None:
    told = await tell(town)

    first = await erase(town, {"id": told.id})
    second = await erase(town, {"userId": "user-lovelace"})
    await work_and_settle(town, clock)
    third = await erase(town, {"id": told.id})

    assert first == second == third


async def test_erasure_that_failed_when_the_profile_was_gone_goes_on_where_it_ended(
    town: Api, clock: FakeClock
) -> None:
    told, services = await tell(town), town.services
    first = RequestId(await erase(town, {"id": told.id}))
    profile = await services.profiles.find_living(told.id)
    assert profile is not None
    await services.stores.privacy.add_profiles(first, await services.profiles.lineage(profile.id))
    assert await services.profiles.erasure.remove(profile, first)
    await services.database["jobs"].delete_many({"_id": f"job_{first}"})
    await services.stores.privacy.finish(first, RequestState.FAILED, clock())

    second = await erase(town, {"id": told.id})
    await work_and_settle(town, clock)

    assert await mentions(town, *told.ids) == SURVIVORS
    assert await erase(town, {"id": told.id}) == second


@pytest.mark.parametrize(
    "whom",
    [
        {"userId": "user-lovelace"},
        {"email": "lovelace@lovelace-works.com"},
        {"identity": {"issuer": ISSUER, "subject": "lovelace"}},
    ],
)
async def test_write_does_not_bring_an_erased_person_back(town: Api, whom: dict[str, Any]) -> None:
    told = await tell(town)
    await erase(town, {"id": told.id})
    await work(town)

    result = await set_attributes(town, whom, job_title="Countess")

    assert result["__typename"] == "PersonErasedError"
    assert (await everything(town))["profiles"] == []


async def test_sign_in_does_not_bring_an_erased_person_back(town: Api) -> None:
    told = await tell(town)
    await erase(town, {"id": told.id})
    await work(town)

    with pytest.raises(Exception, match="erased"):
        await town.signed_in("lovelace")

    assert await town.services.profiles.find_by_identity(account("lovelace")) is None


async def test_readmitted_person_may_return_by_any_identity(town: Api) -> None:
    told = await tell(town)
    await erase(town, {"id": told.id})
    await work(town)
    readmit = "mutation ($input: ReadmitPersonInput!) { readmitPerson(input: $input) { __typename } }"

    given = {"input": {"profile": {"userId": "user-lovelace"}}}
    let = [(await town.data(readmit, given, by=town.admin))["readmitPerson"]["__typename"] for _ in range(2)]

    back = await town.signed_in("lovelace")
    assert let == ["ReadmitPersonSuccess", "NotFoundError"]
    assert back.profile_id not in told.ids


async def test_tombstone_tells_nobody_who_it_was(town: Api) -> None:
    told = await tell(town)
    await erase(town, {"id": told.id})
    await work(town)

    tombstones = (await everything(town))["erased_identities"]

    assert len(tombstones) >= 3  # account, user id, address
    assert {frozenset(each) for each in tombstones} == {frozenset({"_id", "request_id", "at"})}
    assert await mentions(town, "lovelace") == set()


async def test_export_of_an_erased_person_is_gone_and_none_can_be_made(town: Api) -> None:
    told = await tell(town)
    await erase(town, {"id": told.id})
    await work(town)

    given = {"input": {"profile": {"id": told.id}}}
    result = (await town.data(EXPORT, given, by=town.admin))["exportPerson"]["__typename"]

    assert result == "NotFoundError"
    assert (await everything(town))["export_chunks"] == []


async def test_who_is_merged_meanwhile_is_erased_all_the_same(town: Api, clock: FakeClock) -> None:
    ada, bob = await tell(town, "lovelace"), await tell(town, "babbage")
    await erase(town, {"id": ada.id})

    await town.services.uniting.merge(SEEDER, [ada.id, bob.id])
    await work_and_settle(town, clock)

    assert await mentions(town, *ada.ids, *bob.ids) == SURVIVORS
    assert await mentions(town, "lovelace", "babbage") == set()


async def test_visitor_of_long_ago_is_not_a_person_to_keep_away(town: Api) -> None:
    visitor = await town.person()
    await erase(town, {"id": visitor.profile_id})
    await work(town)

    assert (await everything(town)).get("erased_identities", []) == []
    assert await town.services.profiles.find(ProfileId(visitor.profile_id)) is None
