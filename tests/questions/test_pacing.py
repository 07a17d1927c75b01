"""What a profile remembers is enough for every pace, however many asks that takes, and no more than that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.profiles.service import QUIET
from server.questions.model import Budget, Outcome, Reask
from tests.factories.access import ADMIN, person_viewer
from tests.factories.profiles import account, browser
from tests.factories.questions import set_draft
from tests.questions.town import GOAL, ROLE, SIZE, arrive, ask, asked_for, publish

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.kit.mongo import Document
    from tests.core import Core
    from tests.fakes import FakeClock

AT_ONCE = {outcome: Reask() for outcome in Outcome}
DAY, WEEK = timedelta(days=1), timedelta(days=7)


async def skip_while_asked(core: Core, viewer: Viewer) -> int:
    """Skip until nothing is asked, fifty times at most; return how often that was."""
    for count in range(50):
        found = await core.questions.next_question(viewer, "home")
        if found is None or found.ask is None:
            return count
        await core.answering.skip(viewer, found.ask.id)
    return 50


async def remembered(core: Core, viewer: Viewer) -> Document:
    found = await core.database["profiles"].find_one({"_id": viewer.profile_id})
    assert found is not None
    (entry,) = found["questions"].values()
    return dict(entry)


@pytest.mark.parametrize(
    ("pace", "most"), [({"per_visit": 13}, 13), ({"per_day": 11, "per_visit": 20}, 11), ({"per_week": 9}, 9)]
)
async def test_question_that_may_come_back_at_once_is_held_by_the_pace_alone(
    town: Core, pace: dict[str, Any], most: int
) -> None:
    await publish(town, "welcome", set_draft(ROLE, reask=AT_ONCE, **{"per_visit": 20, **pace}))
    _, ada = await arrive(town)

    assert await skip_while_asked(town, ada) == most


async def test_budget_counts_as_far_back_as_it_says(town: Core, clock: FakeClock) -> None:
    await town.authoring.set_budget(ADMIN, Budget(per_week=10))
    await publish(town, "welcome", set_draft(ROLE, reask=AT_ONCE, per_visit=20))
    await publish(town, "more", set_draft(SIZE, reask=AT_ONCE, per_visit=20))
    _, ada = await arrive(town)
    since = clock()

    assert await skip_while_asked(town, ada) == 10
    resting = await town.questions.next_question(ada, "home")
    assert resting is not None
    assert resting.until == since + WEEK


async def test_each_visit_that_saw_a_question_counts(town: Core, clock: FakeClock) -> None:
    rules = {**AT_ONCE, Outcome.IGNORED: Reask(at_most=12)}
    await publish(town, "welcome", set_draft(ROLE, reask=rules))
    seen = 0

    for _ in range(20):
        _, ada = await arrive(town)
        if await asked_for(town, ada) == "role":
            await town.answering.report_shown(ada, (await ask(town, ada)).id)
            seen += 1
        clock.advance(QUIET)

    assert seen == 12


async def test_what_no_pace_counts_any_more_is_forgotten(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", set_draft(ROLE, reask=AT_ONCE))
    for _ in range(30):
        _, ada = await arrive(town)
        asked = await ask(town, ada)
        await town.answering.report_shown(ada, asked.id)
        await town.answering.skip(ada, asked.id)
        clock.advance(DAY)

    entry = await remembered(town, ada)

    assert (entry["n"], len(entry["times"]), len(entry["shows"])) == (30, 7, 7)


async def test_answer_takes_the_place_of_the_skip_before_it(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.answering.skip(ada, asked.id)

    await town.answering.answer(ada, asked.id, "dev")

    assert len((await remembered(town, ada))["times"]) == 1


async def test_skip_counts_for_the_visit_in_which_the_person_skips(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", set_draft(ROLE, per_visit=2))
    _, ada = await arrive(town)
    left_open = await ask(town, ada)
    clock.advance(QUIET)
    await arrive(town)

    await town.answering.skip(ada, left_open.id)

    assert await asked_for(town, ada) == "resting"
    clock.advance(QUIET)
    await arrive(town)
    assert await asked_for(town, ada) == "role"


async def test_person_is_not_asked_more_for_having_been_a_stranger(town: Core) -> None:
    often = set_draft(GOAL, reask={Outcome.SKIPPED: Reask(at_most=4)}, per_visit=20)
    await publish(town, "welcome", often)
    known = await town.profiles.recognise(account())
    stranger = await town.profiles.recognise(browser("eve"))
    ada, eve = person_viewer(known.id), person_viewer(stranger.id)
    for viewer in (ada, eve):
        for _ in range(2):
            await town.answering.skip(viewer, (await ask(town, viewer)).id)

    await town.profiles.fold(known.id, stranger.id)

    assert await asked_for(town, ada) == "done"
