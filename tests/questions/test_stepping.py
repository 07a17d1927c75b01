"""Where a question stands among what its set asks in one visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.model import Step
from tests.factories.questions import set_draft
from tests.questions.town import ROLE, SIZE, WELCOME, arrive, ask, publish

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
