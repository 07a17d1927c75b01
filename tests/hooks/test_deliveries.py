"""What happened reaches hooks: signed, in time, again where it failed, and not where it may not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook

from server.consent.model import ConsentState
from server.hooks.model import SCHEDULE
from tests.hooks.receiver import answer
from tests.hooks.world import act, create, deliveries, hook
from tests.privacy.world import NEWS, consent, prepare, set_attributes, work, work_and_settle

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock
    from tests.hooks.receiver import Receiver


async def test_what_happens_is_told_to_whom_it_is_for(api: Api, receiver: Receiver) -> None:
    await create(api, receiver.url, "USER_CREATED", "USER_AUTHENTICATED", "EVENT_TRACKED")
    person = await api.signed_in("ada", name="Ada")
    await api.data('mutation { trackEvent(input: { name: "Order" }) { __typename } }', by=person)

    await work(api)

    assert sorted(receiver.types) == ["event.tracked", "user.authenticated", "user.created"]
    told = next(each.json for each in receiver.requests if each.json["type"] == "event.tracked")
    assert told["data"]["name"] == "Order"
    assert told["data"]["profile"]["id"] == person.profile_id


async def test_attempts_are_counted_by_how_the_server_answered(api: Api, receiver: Receiver) -> None:
    await create(api, receiver.url, "USER_CREATED")
    await api.signed_in("ada")

    await work(api)

    told = api.services.instruments.text().decode()
    assert 'acquaint_hook_attempts_total{response="success"} 1.0' in told


async def test_message_is_signed_as_standard_webhooks_say(
    api: Api, receiver: Receiver, clock: FakeClock
) -> None:
    made = await create(api, receiver.url, "USER_CREATED")
    await api.person()
    await work(api)

    (received,) = receiver.requests

    assert received.is_signed_by(made["secret"])
    assert not received.is_signed_by("whsec_" + "A" * 44)
    at = clock()
    signed = Webhook(made["secret"]).sign(received.headers["webhook-id"], at, received.body.decode())
    assert signed == received.headers["webhook-signature"]
    assert received.headers["webhook-timestamp"] == str(int(at.timestamp()))


async def test_no_value_is_told_that_the_hook_does_not_name(api: Api, receiver: Receiver) -> None:
    await create(api, receiver.url, "PROFILE_UPDATED", reads=["company_name"])
    await set_attributes(api, {"userId": "u-1"}, company_name="Fernhill", given_name="Lovelace")

    await work(api)

    (told,) = [each.json["data"] for each in receiver.requests]
    assert told["profile"]["attributes"] == {"company_name": "Fernhill"}
    assert sorted(told["attributes"]) == ["company_name", "given_name"]
    assert b"Lovelace" not in receiver.requests[0].body


async def test_values_that_rest_on_a_consent_are_told_while_it_lasts(api: Api, receiver: Receiver) -> None:
    await prepare(api)
    await create(api, receiver.url, "CONSENT_CHANGED", reads=["topic"])
    person = await api.person()
    await consent(api, person, ConsentState.GRANTED)
    await set_attributes(api, {"id": person.profile_id}, topic="Looms")
    await work(api)
    await consent(api, person, ConsentState.WITHDRAWN)
    await work(api)

    told = [each.json["data"] for each in receiver.requests]

    assert [(each["state"], each["profile"]["attributes"]) for each in told] == [
        ("granted", {"topic": "Looms"}),
        ("withdrawn", {}),
    ]


async def test_hook_with_a_purpose_hears_of_those_who_allow_it(api: Api, receiver: Receiver) -> None:
    await prepare(api)
    await create(api, receiver.url, "EVENT_TRACKED", purpose=NEWS)
    allowing, silent = await api.person(), await api.person()
    await consent(api, allowing, ConsentState.GRANTED)
    for person in (allowing, silent):
        await api.data('mutation { trackEvent(input: { name: "Order" }) { __typename } }', by=person)

    await work(api)

    assert [each.json["data"]["profile"]["id"] for each in receiver.requests] == [allowing.profile_id]
    assert sorted(each["state"] for each in await deliveries(api)) == ["DELIVERED", "DROPPED"]


async def test_failed_delivery_comes_back_by_the_schedule_until_it_gets_through(
    api: Api, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [answer(500), answer(302, location="https://elsewhere.test"), answer(200)]
    await create(api, receiver.url, "USER_CREATED")
    await api.person()

    states = []
    for wait in (timedelta(), SCHEDULE[0] * 1.1, SCHEDULE[1] * 1.1):
        clock.advance(wait)
        await work(api)
        states.append((await deliveries(api))[0])

    assert [(each["state"], each["response"], each["status"]) for each in states] == [
        ("PENDING", "REFUSED", 500),
        ("PENDING", "REDIRECT", 302),
        ("DELIVERED", "SUCCESS", 200),
    ]
    assert [each["nextAttemptAt"] is None for each in states] == [False, False, True]
    assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1
    assert len({each.body for each in receiver.requests}) == 1


async def test_server_that_asks_for_time_is_given_it(api: Api, receiver: Receiver, clock: FakeClock) -> None:
    receiver.answers = [answer(429, retry_after="3600"), answer(204)]
    await create(api, receiver.url, "USER_CREATED")
    await api.person()
    await work(api)

    for wait in (timedelta(minutes=59), timedelta(minutes=2)):
        clock.advance(wait)
        await work(api)
        if wait == timedelta(minutes=59):
            assert len(receiver.requests) == 1

    assert len(receiver.requests) == 2


async def test_after_three_days_it_is_given_up_and_after_five_the_hook_is_off(
    api: Api, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [answer(500)]
    await create(api, receiver.url, "USER_CREATED")

    for _ in range(2):
        await api.person()
        await work(api)
        for wait in SCHEDULE:
            clock.advance(wait * 1.1)
            await work(api)
    shown = await hook(api)

    assert [each["state"] for each in await deliveries(api)] == ["FAILED", "FAILED"]
    assert [each["attempts"] for each in await deliveries(api)] == [10, 10]
    assert shown["disabledBecause"] == "Nothing got through to it for five days."


async def test_server_that_is_gone_turns_its_hook_off(api: Api, receiver: Receiver) -> None:
    receiver.answers = [answer(410)]
    await create(api, receiver.url, "USER_CREATED")
    await api.person()

    await work(api)

    assert (await hook(api))["disabledBecause"] == "It answered 410: it wants nothing more."
    assert [each["state"] for each in await deliveries(api)] == ["FAILED"]


async def test_hook_that_was_turned_on_again_hears_of_what_happens_then(api: Api, receiver: Receiver) -> None:
    made = await create(api, receiver.url, "USER_CREATED")
    off = await act(api, "updateHook", key="crm", expectedVersion=made["hook"]["version"], isEnabled=False)
    await api.person()
    await work(api)
    await act(api, "updateHook", key="crm", expectedVersion=off["hook"]["version"], isEnabled=True)
    person = await api.person()

    await work(api)

    assert [each.json["data"]["profile"]["id"] for each in receiver.requests] == [person.profile_id]


async def test_during_a_rotation_both_secrets_sign(api: Api, receiver: Receiver, clock: FakeClock) -> None:
    old = (await create(api, receiver.url, "USER_CREATED"))["secret"]
    new = (await act(api, "rotateHookSecret", key="crm", overlapSeconds=3_600))["secret"]
    await api.person()
    await work(api)
    clock.advance(timedelta(hours=2))
    await api.person()
    await work(api)

    during, after = receiver.requests

    assert [during.is_signed_by(each) for each in (old, new)] == [True, True]
    assert [after.is_signed_by(each) for each in (old, new)] == [False, True]


async def test_delivery_is_replayed_under_its_id_once_it_ended(api: Api, receiver: Receiver) -> None:
    await create(api, receiver.url, "USER_CREATED")
    await api.person()
    await work(api)
    (delivered,) = await deliveries(api)

    again = await act(api, "replayDelivery", deliveryId=delivered["id"])
    at_once = await act(api, "replayDelivery", deliveryId=delivered["id"])
    await work(api)

    assert (again["__typename"], at_once["__typename"]) == ("ReplayDeliverySuccess", "ConflictError")
    assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1
    assert len(receiver.requests) == 2
    assert [(each["state"], each["replays"], each["attempts"]) for each in await deliveries(api)] == [
        ("DELIVERED", 1, 2)
    ]


async def test_replay_that_ended_before_its_job_was_made_goes_on_when_it_is_asked_for_again(
    api: Api, receiver: Receiver
) -> None:
    await create(api, receiver.url, "USER_CREATED")
    await api.person()
    await work(api)
    (delivered,) = await deliveries(api)
    await act(api, "replayDelivery", deliveryId=delivered["id"])
    await api.services.database["jobs"].delete_one({"_id": f"job_{delivered['id']}_1"})

    again = await act(api, "replayDelivery", deliveryId=delivered["id"])
    await work(api)

    assert again["__typename"] == "ConflictError"
    assert [(each["state"], each["attempts"]) for each in await deliveries(api)] == [("DELIVERED", 2)]


async def test_dead_letter_that_is_begun_once_more_is_sent(
    api: Api, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [answer(500)] * (len(SCHEDULE) + 1) + [answer(204)]
    await create(api, receiver.url, "USER_CREATED")
    await api.person()
    await work(api)
    for wait in SCHEDULE:
        clock.advance(wait * 1.1)
        await work(api)
    (given_up,) = await deliveries(api)
    (letter,) = (await api.data("{ deadLetters { edges { node { id } } } }", by=api.admin))["deadLetters"][
        "edges"
    ]

    requeue = "mutation ($id: ID!) { requeueDeadLetter(input: { id: $id }) { __typename } }"
    await api.data(requeue, letter["node"], by=api.admin)
    await work(api)

    assert given_up["state"] == "FAILED"
    assert [(each["state"], each["attempts"]) for each in await deliveries(api)] == [("DELIVERED", 11)]


async def test_change_that_is_told_twice_is_delivered_once(api: Api, receiver: Receiver) -> None:
    await create(api, receiver.url, "USER_CREATED")
    person = await api.person()
    found = await api.services.database["profiles"].find_one({"_id": person.profile_id})
    assert found is not None

    await work(api)
    await api.services.database["profiles"].update_one(
        {"_id": person.profile_id}, {"$set": {"outbox": found["outbox"]}}
    )
    await work(api)

    assert len(receiver.requests) == 1


async def test_of_somebody_who_was_erased_meanwhile_nothing_is_told(
    api: Api, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [answer(500), answer(204)]
    await create(api, receiver.url, "USER_CREATED")
    person = await api.person()
    await work(api)
    erase = "mutation ($id: ID!) { erasePerson(input: {profile: {id: $id}}) { __typename } }"
    await api.data(erase, {"id": person.profile_id}, by=api.admin)
    await work(api)

    clock.advance(timedelta(minutes=30))
    await work(api)

    assert len(receiver.requests) == 1
    assert await deliveries(api) == []


async def test_who_knows_a_person_too_is_told_that_they_were_erased(
    api: Api, receiver: Receiver, clock: FakeClock
) -> None:
    await create(api, receiver.url, "USER_DELETED")
    person = await api.person()
    erase = "mutation ($id: ID!) { erasePerson(input: {profile: {id: $id}}) { __typename } }"
    await api.data(erase, {"id": person.profile_id}, by=api.admin)

    await work_and_settle(api, clock)

    assert [each.json["data"] for each in receiver.requests] == [{"profile_ids": [person.profile_id]}]
    assert [each["state"] for each in await deliveries(api)] == ["DELIVERED"]


@pytest.mark.parametrize(
    ("bad", "response"),
    [(answer(204), "SUCCESS"), (answer(404), "REFUSED"), (b"nonsense\r\n\r\n", "UNREACHABLE")],
    ids=["good", "refused", "nonsense"],
)
async def test_hook_can_be_tried_out(api: Api, receiver: Receiver, bad: bytes, response: str) -> None:
    made = await create(api, receiver.url, "USER_CREATED")
    receiver.answers = [bad]

    tried = await act(api, "testHook", key="crm")

    assert tried["response"] == response
    assert receiver.types == ["hook.test"]
    assert receiver.requests[0].is_signed_by(made["secret"])
    assert await deliveries(api) == []


async def test_nobody_there_is_unreachable(api: Api) -> None:
    await create(api, "http://127.0.0.1:1/hooks", "USER_CREATED")

    assert (await act(api, "testHook", key="crm"))["response"] == "UNREACHABLE"
