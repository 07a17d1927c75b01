"""The whole way: a sign-in, a provider on a socket, a worker, and claims on the profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from server.enrichment.sources.library import preset
from server.enrichment.visits import VisitFacts, during
from server.kit.clock import system_clock
from tests.api import SEEDER, running_api, settings_for
from tests.enrichment.sources.simulator import Scripted, secret
from tests.fakes import FakeClock
from tests.privacy.world import set_attributes, worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from server.profiles.model import Value
    from tests.api import Api
    from tests.enrichment.sources.simulator import Stand

PAGE = VisitFacts(address="93.184.216.34", languages="en", user_agent="iPhone")


@pytest.fixture
def clock() -> FakeClock:
    """The clock of the API, at the present."""
    return FakeClock(system_clock())


@pytest.fixture
async def near(mongodb_url: str, database: Database, clock: FakeClock, stand: Stand) -> AsyncIterator[Api]:
    """An API whose operator allows the simulator's address."""
    settings = replace(settings_for(mongodb_url, database.name), enrichment_hosts=("127.0.0.1",))
    async with running_api(settings, clock) as api:
        yield api


async def turned_on(api: Api, stand: Stand, key: str, name: str, **changes: Any) -> None:  # noqa: ANN401 - JSON
    """Turn a preset on that asks the simulator, and that people allow unless they object."""
    given = {**(preset(name) or {}), "purpose": "enrichment_derived", "condition": None, **changes}
    given["request"] = {**given["request"], "base_url": f"http://{stand.address}"}
    configuring = api.services.sources.configuring
    listed = await configuring.create(SEEDER, key, document=given)
    for each in listed.needed_secrets:
        listed = await configuring.set_secret(SEEDER, listed.configured.id, each, secret(each))
    await configuring.set_enabled(SEEDER, listed.configured.id, listed.configured.version, is_enabled=True)


async def known(api: Api, profile_id: Any) -> dict[str, Value]:  # noqa: ANN401 - an id
    """Return what is known of somebody, by key."""
    profile = await api.services.profiles.find_living(profile_id)
    assert profile is not None
    attributes = await api.services.profiles.known_attributes(profile)
    return {key: attribute.value for key, attribute in attributes.items()}


async def state_of(api: Api, profile_id: Any, key: str) -> str:  # noqa: ANN401 - an id
    """Return where a look-up stands."""
    profile = await api.services.profiles.find_living(profile_id)
    assert profile is not None
    return str(profile.enrichments[key]["state"])


async def test_person_who_signs_in_is_looked_up_once(near: Api, stand: Stand) -> None:
    await turned_on(near, stand, "people", "people_data_labs")
    stand.simulator.script = [Scripted(body=(preset("people_data_labs") or {})["example"]["body"])]

    ada = await near.signed_in("ada", email="ada@fernhill-works.com", email_verified=True)
    await worker(near.services).drain()
    await near.signed_in("ada", email="ada@fernhill-works.com", email_verified=True)
    await worker(near.services).drain()

    assert (await known(near, ada.profile_id))["job_title"] == "Director Of Engines"
    assert await state_of(near, ada.profile_id, "people") == "succeeded"
    assert len(stand.simulator.calls) == 1


async def test_condition_that_comes_to_hold_has_its_look_up_made(near: Api, stand: Stand) -> None:
    business: dict[str, Any] = (preset("people_data_labs") or {})["condition"]
    await turned_on(near, stand, "people", "people_data_labs", condition=business)
    body = (preset("people_data_labs") or {})["example"]["body"]
    stand.simulator.script = [Scripted(body=body)]

    written = await set_attributes(near, {"userId": "ada"}, email="ada@fernhill-works.com")
    await worker(near.services).drain()

    assert (await known(near, written["profile"]["id"]))["job_title"] == "Director Of Engines"
    assert len(stand.simulator.calls) == 1


async def test_provider_that_calls_back_is_heard_once(near: Api, stand: Stand) -> None:
    body = {"email": "{email}", "webhookUrl": "{callback_url}"}
    spec: dict[str, Any] = preset("fullcontact_person") or {}
    webhook = {"within_hours": 24, "when": "!status || status == `200`"}
    await turned_on(
        near,
        stand,
        "fullcontact",
        "fullcontact_person",
        webhook=webhook,
        request={**spec["request"], "body": body},
    )
    stand.simulator.script = [Scripted(status=202, body={"status": 202})]
    ada = await near.signed_in("ada", email="ada@fernhill-works.com", email_verified=True)
    await worker(near.services).drain()
    waiting = await state_of(near, ada.profile_id, "fullcontact")
    url = stand.simulator.bodies[0]["webhookUrl"]

    first = await near.http.post(url, json=spec["example"]["body"])
    second = await near.http.post(url, json=spec["example"]["body"])
    guessed = await near.http.post(url + "x", json=spec["example"]["body"])

    assert waiting == "awaiting_provider"
    assert [each.status_code for each in (first, second, guessed)] == [
        httpx.codes.NO_CONTENT,
        httpx.codes.NOT_FOUND,
        httpx.codes.NOT_FOUND,
    ]
    assert (await known(near, ada.profile_id))["job_title"] == "Director of Engines"
    assert await state_of(near, ada.profile_id, "fullcontact") == "succeeded"
    assert len(stand.simulator.calls) == 1


async def test_answer_over_the_limit_is_not_taken(near: Api, stand: Stand) -> None:
    await near.services.sources.callbacks.owe("prf_none", "none", "0" * 64)

    answer = await near.http.post("/enrichment/callback/clb_unknown", content=b" " * (1024 * 1024 + 1))

    assert answer.status_code == httpx.codes.NOT_FOUND


async def test_address_of_the_visit_is_asked_about_and_kept_nowhere(
    near: Api, stand: Stand, clock: FakeClock
) -> None:
    await turned_on(near, stand, "geo", "ipgeolocation_v3")
    stand.simulator.script = [Scripted(body=(preset("ipgeolocation_v3") or {})["example"]["body"])]

    with during(PAGE):
        ada = await near.signed_in("ada", email="ada@fernhill-works.com", email_verified=True)
    await worker(near.services).drain()

    assert (await known(near, ada.profile_id))["geo_city"] == "London"
    assert "ip=93.184.216.34" in stand.simulator.calls[0]
    for name in await near.services.database.list_collection_names():
        assert "93.184.216.34" not in repr(await near.services.database[name].find().to_list(None)), name
    clock.advance(timedelta(minutes=16))


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Scripted(status=403, body={"message": "quota"}), "blocked"),
        (Scripted(status=401, body={}), "blocked"),
        (Scripted(status=404, body={"message": "Profile not found"}), "no_match"),
        (Scripted(status=422, body={}), "skipped"),
        (Scripted(status=451, body={}), "suppressed"),
        (Scripted(status=503, body={}), "retry_scheduled"),
        (Scripted(status=200, body=b"<html>", headers={"content-type": "text/html"}), "blocked"),
    ],
)
async def test_state_says_what_the_answer_means(
    near: Api, stand: Stand, answer: Scripted, state: str
) -> None:
    await turned_on(near, stand, "fullcontact", "fullcontact_person")
    stand.simulator.script = [answer]

    ada = await near.signed_in("ada", email="ada@fernhill-works.com", email_verified=True)
    await worker(near.services).drain()

    assert await state_of(near, ada.profile_id, "fullcontact") == state
    assert len(stand.simulator.calls) == 1
