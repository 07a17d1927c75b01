"""Visits of one person as the demo tells them, and a change that another process hears of by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.kit.watching import Watched, keep_fresh
from server.profiles.model import ProfileUpdate
from tests.core import build_core
from tests.factories.access import ADMIN, person_viewer
from tests.factories.profiles import account
from tests.factories.questions import set_draft
from tests.questions.town import (
    GOAL,
    INDUSTRY,
    ROLE,
    WELCOME,
    arrive,
    ask,
    asked_for,
    define_attributes,
    publish,
)

if TYPE_CHECKING:
    from server.access.model import Viewer
    from tests.core import Core
    from tests.fakes import FakeClock

ANSWERS = {"role": "dev", "size": "11-50", "industry": "software", "goal": "To learn"}


async def sign_in(core: Core) -> Viewer:
    """Count a sign-in and begin its visit, as identity does."""
    profile = await core.profiles.recognise(account())
    counted = await core.profiles.write(profile.id, ProfileUpdate(increment={"logins": 1}))
    assert counted is not None
    await core.profiles.start_visit(counted, is_sign_in=True)
    return person_viewer(profile.id, is_identified=True)


async def sit_through(core: Core, viewer: Viewer, *, skipping: frozenset[str] = frozenset()) -> list[str]:
    """Answer or skip whatever comes until nothing does; return the keys in order."""
    asked = []
    while (key := await asked_for(core, viewer)) in ANSWERS:
        asked.append(key)
        each = await ask(core, viewer)
        if key in skipping:
            await core.answering.skip(viewer, each.id)
        else:
            await core.answering.answer(viewer, each.id, ANSWERS[key])
    return asked


async def publish_the_demo(core: Core) -> None:
    await publish(core, "welcome", set_draft(*WELCOME.questions, from_login=1, per_visit=2, priority=30))
    await publish(core, "second", set_draft(INDUSTRY, from_login=2, priority=20))
    await publish(core, "third", set_draft(GOAL, from_login=3, priority=10))


async def test_three_visits_ask_what_nobody_knows_yet(town: Core) -> None:
    await publish_the_demo(town)

    asked = [await sit_through(town, await sign_in(town)) for _ in range(4)]

    assert asked == [["role", "size"], ["industry"], ["goal"], []]
    profile = await town.profiles.find_by_identity(account())
    assert profile is not None
    known = await town.profiles.known_attributes(profile)
    assert {key: each.value for key, each in known.items()} == ANSWERS
    assert await asked_for(town, person_viewer(profile.id)) == "done"


async def test_skipped_questions_come_back_with_the_next_visit(town: Core) -> None:
    await publish_the_demo(town)

    first = await sit_through(town, await sign_in(town), skipping=frozenset({"role"}))
    second = await sit_through(town, await sign_in(town), skipping=frozenset({"role", "industry"}))
    third = await sit_through(town, await sign_in(town))

    assert (first, second, third) == (["role", "size"], ["role", "industry"], ["role", "industry", "goal"])


async def test_stranger_is_not_asked_what_waits_for_a_sign_in(town: Core, clock: FakeClock) -> None:
    await publish_the_demo(town)
    _, stranger = await arrive(town)

    assert await asked_for(town, stranger) == "resting"
    clock.advance(timedelta(hours=1))
    await arrive(town)
    assert await asked_for(town, stranger) == "resting"


async def test_published_change_reaches_other_processes_by_itself(core: Core, clock: FakeClock) -> None:
    other = build_core(core.database, clock)
    heard = asyncio.Condition()

    def telling(watched: Watched[Any]) -> Watched[Any]:
        """Return a snapshot that says when it was refreshed."""

        async def load() -> object:
            await watched.refresh()
            async with heard:
                heard.notify_all()
            return watched

        return Watched(watched.collection, load)

    async def until_asked(key: str) -> None:
        async with asyncio.timeout(10), heard:
            while await asked_for(other, ada) != key:
                await heard.wait()

    _, ada = await arrive(core)
    watched = [telling(other.attributes.catalogue), telling(other.questions.live)]
    following = asyncio.create_task(keep_fresh(core.database, watched))
    try:
        await until_asked("done")
        await define_attributes(core)
        published = await publish(core, "welcome", set_draft(ROLE))
        await until_asked("role")
        updated = await core.authoring.update(ADMIN, published.id, published.version, set_draft(GOAL))
        await core.authoring.publish(ADMIN, published.id, updated.version)
        await until_asked("goal")
        archived = await core.authoring.archive(ADMIN, published.id, updated.version + 1)
        await until_asked("done")
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    assert archived.version == 5
