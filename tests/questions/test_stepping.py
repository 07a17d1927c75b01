"""Where a question stands among what its set asks in one visit, and what comes after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.questions.model import END, Branch, Step
from tests.factories.questions import set_draft
from tests.questions.town import GOAL, INDUSTRY, ROLE, SIZE, WELCOME, arrive, ask, publish

if TYPE_CHECKING:
    from tests.core import Core


async def test_step_counts_what_was_handled_in_this_visit_and_what_can_still_be_asked(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    first = await ask(town, ada)
    await town.answering.skip(ada, first.id)

    second = await ask(town, ada)

    assert first.step == Step(number=1, total=2)
    assert second.step == Step(number=2, total=2)


async def test_set_that_asks_one_question_a_visit_has_one_step(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE, SIZE, per_visit=1))
    _, ada = await arrive(town)

    assert (await ask(town, ada)).step == Step(number=1, total=1)


async def test_what_is_known_already_is_no_step(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    await town.answering.answer(ada, (await ask(town, ada)).id, "dev")
    await publish(town, "again", set_draft(ROLE, SIZE, per_visit=2, priority=9))

    assert (await ask(town, ada)).step == Step(number=1, total=1)


async def test_what_follows_whatever_is_answered_comes_along_and_is_what_is_asked_then(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    first = await ask(town, ada)
    assert first.following is not None

    await town.answering.answer(ada, first.id, "dev")

    assert await ask(town, ada) == first.following
    assert first.following.following is None


async def test_what_an_answer_decides_does_not_come_along(town: Core) -> None:
    is_dev = {"attribute": {"key": "role", "operator": "equals", "values": ["dev"]}}
    is_asked = {"question": {"id": "role", "outcomes": ["answered"]}}
    branched = replace(ROLE, branches=(Branch(to="goal", when=is_dev), Branch(to=END)))
    for key, first, second in (("one", ROLE, replace(SIZE, show_if=is_asked)), ("two", branched, GOAL)):
        await publish(town, key, set_draft(first, second, per_visit=2, placements=(key,)))
    _, ada = await arrive(town)

    assert (await ask(town, ada, "one")).following is None
    assert (await ask(town, ada, "two")).following is None


async def test_last_question_of_a_visit_has_none_after_it(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE, SIZE, INDUSTRY, per_visit=2))
    _, ada = await arrive(town)
    await town.answering.skip(ada, (await ask(town, ada)).id)

    assert (await ask(town, ada)).following is None
