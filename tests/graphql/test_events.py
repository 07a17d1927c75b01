"""Events over GraphQL: told by people and apps, counted once, found by filters."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.access.model import Scope
from server.profiles.tallies import MAX_EVENTS
from tests.privacy.world import work

if TYPE_CHECKING:
    from tests.api import Api, Caller, Person
    from tests.fakes import FakeClock

TRACK = """mutation ($input: TrackEventInput!) { trackEvent(input: $input) {
  __typename ... on UserError { message } ... on TrackEventSuccess { isReplay profile { id } }
} }"""
MANY = """mutation ($events: [TrackEventInput!]!) { trackEvents(input: {events: $events}) {
  __typename ... on UserError { message }
  ... on TrackEventsSuccess { outcomes { index result {
    __typename ... on UserError { message } ... on TrackEventSuccess { isReplay }
  } } }
} }"""
COUNTS = "query ($id: ID!) { profile(by: {id: $id}) { events { name count firstAt lastAt } } }"
FOUND = """query ($filter: Condition!) {
  profiles(filter: $filter) { edges { node { id } } } profileCount(filter: $filter) { value }
}"""


async def track(api: Api, by: Caller, name: str = "Order Completed", **more: object) -> dict[str, Any]:
    result: dict[str, Any] = (await api.data(TRACK, {"input": {"name": name, **more}}, by=by))["trackEvent"]
    return result


async def counts(api: Api, person: Person) -> dict[str, int]:
    found = (await api.data(COUNTS, {"id": person.profile_id}, by=api.admin))["profile"]["events"]
    return {each["name"]: each["count"] for each in found}


async def found_by(api: Api, **condition: object) -> set[str]:
    found = await api.data(FOUND, {"filter": {"event": condition}}, by=api.admin)
    ids = {each["node"]["id"] for each in found["profiles"]["edges"]}
    assert found["profileCount"]["value"] == len(ids)
    return ids


async def test_person_tells_what_they_did(api: Api) -> None:
    person = await api.person()

    told = await track(api, person, properties={"total": 12.5})

    assert (told["__typename"], told["isReplay"]) == ("TrackEventSuccess", False)
    assert await counts(api, person) == {"Order Completed": 1}


async def test_event_is_logged_with_what_was_told_of_it(api: Api) -> None:
    person = await api.person()
    await track(api, person, properties={"total": 12.5})
    await work(api)
    await work(api)

    logged = await api.services.database["events"].find().to_list(2)

    assert [(each["profile_id"], each["name"], each["properties"]) for each in logged] == [
        (person.profile_id, "Order Completed", {"total": 12.5})
    ]


async def test_event_with_a_key_counts_once_however_often_and_whenever_it_is_sent(
    api: Api, clock: FakeClock
) -> None:
    person = await api.person()

    at_once = await asyncio.gather(*(track(api, person, idempotencyKey="order-1") for _ in range(5)))
    await work(api)
    for number in range(120):  # more than a profile remembers by their ids
        clock.advance(timedelta(seconds=1))  # nobody may say so much at once
        await track(api, person, idempotencyKey=f"other-{number}")
    again = await track(api, person, idempotencyKey="order-1")

    assert sorted(each["isReplay"] for each in at_once) == [False, True, True, True, True]
    assert again["isReplay"] is True
    assert await counts(api, person) == {"Order Completed": 121}


async def test_key_of_one_person_is_not_another_s(api: Api) -> None:
    ada, bob = await api.person(), await api.person()

    told = [await track(api, each, idempotencyKey="order-1") for each in (ada, bob)]

    assert [each["isReplay"] for each in told] == [False, False]


async def test_late_event_finds_its_place(api: Api, clock: FakeClock) -> None:
    person = await api.person()
    await track(api, person)
    long_ago = clock() - timedelta(days=40)

    await track(api, person, occurredAt=long_ago.isoformat())
    (found,) = (await api.data(COUNTS, {"id": person.profile_id}, by=api.admin))["profile"]["events"]

    assert found["firstAt"].startswith(f"{long_ago:%Y-%m-%dT%H:%M}")
    assert found["lastAt"].startswith(f"{clock():%Y-%m-%dT%H:%M}")


async def test_who_did_something_is_found_by_how_often_and_when(api: Api, clock: FakeClock) -> None:
    buyer, regular, visitor = [await api.person() for _ in range(3)]
    await track(api, buyer, occurredAt=(clock() - timedelta(days=10)).isoformat())
    for _ in range(3):
        await track(api, regular)
    name, week = "Order Completed", {"days": 7}

    assert await found_by(api, name=name) == {buyer.profile_id, regular.profile_id}
    assert await found_by(api, name=name, atLeast=2) == {regular.profile_id}
    assert await found_by(api, name=name, within=week) == {regular.profile_id}
    assert await found_by(api, name=name, atMost=0) == {visitor.profile_id}
    assert await found_by(api, name=name, atMost=0, within=week) == {visitor.profile_id, buyer.profile_id}
    assert await found_by(api, name=name, atLeast=1, atMost=2) == {buyer.profile_id}


async def test_app_tells_of_whom_it_names(api: Api) -> None:
    app = await api.app(Scope.PROFILES_WRITE, Scope.PROFILES_READ)

    unknown = await track(api, app, profile={"userId": "u-1"})
    made = await track(api, app, profile={"userId": "u-1"}, createIfMissing=True)

    assert (unknown["__typename"], made["__typename"]) == ("NotFoundError", "TrackEventSuccess")


async def test_app_needs_the_scope(api: Api) -> None:
    person = await api.person()
    app = await api.app(Scope.PROFILES_READ)

    told = await track(api, app, profile={"id": person.profile_id})

    assert told["__typename"] == "ForbiddenError"


async def test_person_tells_of_nobody_else(api: Api) -> None:
    ada, bob = await api.person(), await api.person()

    told = await track(api, ada, profile={"id": bob.profile_id})

    assert told["__typename"] == "ForbiddenError"
    assert await counts(api, bob) == {}


async def test_people_do_not_see_what_is_counted_of_them(api: Api) -> None:
    person = await api.person()
    await track(api, person)

    seen = await api.data("{ viewer { profile { events { name } } } }", by=person)

    assert seen["viewer"]["profile"]["events"] == []


async def test_of_many_events_each_counts_or_is_refused_by_itself(api: Api) -> None:
    person = await api.person()
    whose = {"id": person.profile_id}
    events = [
        {"name": "Order Completed", "profile": whose},
        {"name": "", "profile": whose},
        {"name": "Order Completed", "profile": {"userId": "nobody"}},
    ]

    told = (await api.data(MANY, {"events": events}, by=api.admin))["trackEvents"]
    too_many = (await api.data(MANY, {"events": events[:1] * 101}, by=api.admin))["trackEvents"]

    assert [each["result"]["__typename"] for each in told["outcomes"]] == [
        "TrackEventSuccess",
        "InvalidInputError",
        "NotFoundError",
    ]
    assert too_many["message"] == "One call tells of 100 events at most."
    assert await counts(api, person) == {"Order Completed": 1}


async def test_profile_counts_a_hundred_different_events_and_says_so(api: Api) -> None:
    person = await api.person()
    events = [{"name": f"Event {n}", "profile": {"id": person.profile_id}} for n in range(MAX_EVENTS)]
    await api.data(MANY, {"events": events}, by=api.admin)

    refused = await track(api, person, "One too many")
    known = await track(api, person, "Event 7")

    assert "counts 100 different events already" in refused["message"]
    assert known["__typename"] == "TrackEventSuccess"


async def test_what_a_visitor_did_is_the_person_s_after_the_sign_in(api: Api) -> None:
    visitor = await api.person()
    await track(api, visitor)

    person = await api.signed_in(resume_token=visitor.resume_token)

    assert await counts(api, person) == {"Order Completed": 1}


async def test_split_gives_back_what_was_counted(api: Api) -> None:
    for user, often in (("u-1", 2), ("u-2", 3)):
        for _ in range(often):
            await track(api, api.admin, profile={"userId": user}, createIfMissing=True)
    ids = [await _id(api, user) for user in ("u-1", "u-2")]
    merge = "mutation ($ids: [ID!]!) { mergeProfiles(input: {profiles: $ids}) { __typename } }"
    split = "mutation ($id: ID!) { splitProfile(input: {id: $id}) { __typename } }"

    await api.data(merge, {"ids": ids}, by=api.admin)
    merged = await _count(api, ids[0])
    await track(api, api.admin, profile={"userId": "u-2"})
    await api.data(split, {"id": ids[1]}, by=api.admin)

    assert merged == 5
    assert [await _count(api, each) for each in ids] == [3, 3]


async def _id(api: Api, user: str) -> str:
    found = await api.data(
        "query ($u: String!) { profile(by: {userId: $u}) { id } }", {"u": user}, by=api.admin
    )
    return str(found["profile"]["id"])


async def _count(api: Api, profile_id: str) -> int:
    found = await api.data(COUNTS, {"id": profile_id}, by=api.admin)
    return sum(each["count"] for each in found["profile"]["events"])
