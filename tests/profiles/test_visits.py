"""Visits: one for all tabs, a new one after thirty quiet minutes, and one at every sign-in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from server.profiles.service import QUIET
from tests.core import Core, build_core
from tests.factories.profiles import browser

if TYPE_CHECKING:
    from server.profiles.model import Profile
    from tests.fakes import FakeClock

MILLISECOND = timedelta(milliseconds=1)


async def visited(core: Core, *, is_sign_in: bool = False) -> Profile:
    found = await core.profiles.recognise(browser())
    started = await core.profiles.start_visit(found, is_sign_in=is_sign_in)
    assert started is not None
    return started


async def test_first_visit_is_number_one(core: Core, clock: FakeClock) -> None:
    profile = await visited(core)

    assert profile.visit is not None
    assert (profile.visits, profile.visit.number) == (1, 1)
    assert (profile.visit.started_at, profile.visit.last_seen_at) == (clock(), clock())


async def test_visit_goes_on_while_the_person_shows_up(core: Core, clock: FakeClock) -> None:
    first = await visited(core)

    for _ in range(3):
        clock.advance(QUIET - MILLISECOND)
        again = await visited(core)

    assert first.visit is not None
    assert again.visit is not None
    assert (again.visit.id, again.visits) == (first.visit.id, 1)
    assert again.visit.started_at == first.visit.started_at
    assert again.visit.last_seen_at == clock()


async def test_thirty_quiet_minutes_end_a_visit(core: Core, clock: FakeClock) -> None:
    first = await visited(core)
    clock.advance(timedelta(minutes=30))

    second = await visited(core)

    assert first.visit is not None
    assert second.visit is not None
    assert second.visit.id != first.visit.id
    assert (second.visits, second.visit.number, second.visit.started_at) == (2, 2, clock())


async def test_sign_in_begins_a_visit_however_lively_the_last(core: Core) -> None:
    await visited(core)

    signed_in = await visited(core, is_sign_in=True)

    assert signed_in.visit is not None
    assert (signed_in.visits, signed_in.visit.number) == (2, 2)
    assert (await visited(core)).visits == 2


async def test_tabs_that_open_together_begin_one_visit(core: Core, clock: FakeClock) -> None:
    profile = await core.profiles.recognise(browser())
    cores = [core, build_core(core.database, clock)]

    for expected in (1, 2):
        started = await asyncio.gather(
            *(cores[n % 2].profiles.start_visit(profile, is_sign_in=False) for n in range(20))
        )

        assert {each.visit.id for each in started if each and each.visit} == {
            each.visit.id for each in [await visited(core)] if each.visit
        }
        assert {each.visits for each in started if each} == {expected}
        clock.advance(QUIET)


async def test_tabs_with_stale_profiles_continue_the_visit(core: Core, clock: FakeClock) -> None:
    stale = await core.profiles.recognise(browser())
    await visited(core)
    clock.advance(QUIET)
    second = await visited(core)

    started = await core.profiles.start_visit(stale, is_sign_in=False)

    assert started == second


async def test_sign_in_with_a_stale_profile_still_begins_one(core: Core) -> None:
    stale = await core.profiles.recognise(browser())
    await visited(core)

    signed_in = await core.profiles.start_visit(stale, is_sign_in=True)

    assert signed_in is not None
    assert signed_in.visits == 2


async def test_sign_ins_that_race_each_begin_a_visit_of_their_own_number(core: Core) -> None:
    profile = await core.profiles.recognise(browser())

    started = await asyncio.gather(*(core.profiles.start_visit(profile, is_sign_in=True) for _ in range(3)))

    assert sorted(each.visits for each in started if each) == [1, 2, 3]


async def test_visit_of_nobody_does_not_begin(core: Core) -> None:
    profile = await core.profiles.recognise(browser())
    await core.database["profiles"].delete_one({"_id": profile.id})

    assert await core.profiles.start_visit(profile, is_sign_in=False) is None
    assert await core.profiles.start_visit(profile, is_sign_in=True) is None
