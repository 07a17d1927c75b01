"""What is older than its retention goes, once a day, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.kit.ids import first_id
from server.privacy.holding_store import HoldingStore
from server.privacy.holdings import HOLDINGS
from server.privacy.model import RETAIN
from server.services import build_services
from server.settings import SettingsError, read_settings
from tests.api import running_api, settings_for
from tests.privacy.world import everything, prepare, tell, work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock

SECRET = "a secret of at least thirty-two characters"


@pytest.fixture
async def town(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """The application with rules of retention."""
    settings = replace(
        settings_for(mongodb_url, database.name),
        retention={
            "answers": timedelta(days=30),
            "audit_log": timedelta(days=60),
            "anonymous_profiles": timedelta(days=10),
        },
    )
    async with running_api(settings, clock) as api:
        await prepare(api)
        yield api


async def retain(town: Api) -> None:
    """Let the job of the day come round."""
    (daily,) = [each for each in town.services.periodic if each.kind == RETAIN]
    await town.services.queue.bring_round(daily)
    await work(town)


async def test_what_is_older_than_its_rule_goes(town: Api, clock: FakeClock) -> None:
    await tell(town, "lovelace")
    clock.advance(timedelta(days=20))
    await tell(town, "babbage")
    clock.advance(timedelta(days=11))

    await retain(town)

    found = await everything(town)
    assert {each["value"] for each in found["answers"]} == {"Topic of babbage", "Title of babbage"}
    assert len({each["at"].date() for each in found["audit_log"]}) == 2


async def test_what_has_no_rule_stays(town: Api, clock: FakeClock) -> None:
    await tell(town)
    before = await everything(town)
    clock.advance(timedelta(days=3_650))

    await retain(town)

    after = await everything(town)
    assert after["consent_log"] == before["consent_log"]
    assert len(after["merge_log"]) == len(before["merge_log"])


async def test_visitor_who_never_came_back_is_forgotten_and_no_one_else(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    gone, loyal = await town.person(), await town.person()
    clock.advance(timedelta(days=9))
    await town.person(resume_token=loyal.resume_token)
    clock.advance(timedelta(days=2))

    await retain(town)

    left = {each["_id"] for each in (await everything(town))["profiles"]}
    assert gone.profile_id not in left
    assert {loyal.profile_id, *told.ids} <= left


async def test_visitor_who_comes_back_in_that_moment_keeps_their_profile(town: Api, clock: FakeClock) -> None:
    late, gone = await town.person(), await town.person()
    clock.advance(timedelta(days=11))
    holdings, before = HoldingStore(town.services.database, HOLDINGS), clock() - timedelta(days=10)
    found = await holdings.visitors_gone_since(before, first_id("prf", before), 100)
    await town.person(resume_token=late.resume_token)

    for profile_id in found:
        await holdings.erase_visitor(profile_id, [profile_id], before)

    assert set(found) == {late.profile_id, gone.profile_id}
    assert {each["_id"] for each in (await everything(town))["profiles"]} == {late.profile_id}


async def test_day_brings_one_job(town: Api, clock: FakeClock) -> None:
    (daily,) = [each for each in town.services.periodic if each.kind == RETAIN]

    first = await town.services.queue.bring_round(daily)
    await work(town)
    again = await town.services.queue.bring_round(daily)
    clock.advance(timedelta(days=1))
    next_day = await town.services.queue.bring_round(daily)

    assert (first, again, next_day) == (True, False, True)


def environment(retention: str) -> dict[str, str]:
    return {
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_SECRET": SECRET,
        "ACQUAINT_RETENTION": retention,
    }


def test_rules_are_read_from_the_environment() -> None:
    assert read_settings(environment('{"answers": 730}')).retention == {"answers": timedelta(days=730)}


@pytest.mark.parametrize(
    "text",
    ["730", "[]", '{"answers": 0}', '{"answers": "730"}', '{"answers": true}', "{", '{"answers": 1e9}'],
)
def test_rule_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_RETENTION"):
        read_settings(environment(text))


@pytest.mark.parametrize("name", ["anwsers", "profiles", "api_keys"])
def test_collection_that_cannot_be_retained_is_refused_by_name(name: str) -> None:
    settings = read_settings(environment(f'{{"{name}": 730}}'))

    with pytest.raises(SettingsError, match=name):
        build_services(settings)


def test_table_of_holdings_is_whole() -> None:
    names = [each.collection for each in HOLDINGS]
    silent = [each for each in HOLDINGS if not each.person and not each.because]
    assert len(names) == len(set(names))
    assert silent == []
