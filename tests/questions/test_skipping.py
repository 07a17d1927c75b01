"""Skips: not now, but with the next visit, and never against an answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.kit.errors import ForbiddenError
from server.profiles.service import QUIET
from server.questions.model import Outcome
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import (
    WELCOME,
    arrive,
    ask,
    asked_for,
    changed,
    claims_of,
    handled,
    publish,
    result,
)

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


async def test_skipped_question_rests_for_this_visit_and_comes_back_with_the_next(
    town: Core, clock: FakeClock
) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    skipped = await town.answering.skip(ada, (await ask(town, ada)).id)

    assert result(skipped) == (Outcome.SKIPPED, None, False)
    assert await claims_of(town, ada) == []
    assert await changed(town, ada) == 0
    assert [each["outcome"] for each in await handled(town, ada)] == ["skipped"]
    assert await asked_for(town, ada) == "size"
    clock.advance(QUIET)
    await arrive(town)
    assert await asked_for(town, ada) == "role"


async def test_skip_sent_twice_counts_once(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    first = await town.answering.skip(ada, asked.id)

    results = await asyncio.gather(*(town.answering.skip(ada, asked.id) for _ in range(5)))

    assert {result(each) for each in results} == {(Outcome.SKIPPED, None, True)}
    assert all(each.profile == first.profile for each in results)
    assert len(await handled(town, ada)) == 1


async def test_answer_after_a_skip_counts(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.answering.skip(ada, asked.id)

    answered = await town.answering.answer(ada, asked.id, "dev")
    again = await town.answering.answer(ada, asked.id, "ops")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    assert result(again) == (Outcome.ANSWERED, "dev", True)
    assert [each["outcome"] for each in await handled(town, ada)] == ["skipped", "answered"]


async def test_skip_after_an_answer_changes_nothing(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    answered = await town.answering.answer(ada, asked.id, "dev")

    skipped = await town.answering.skip(ada, asked.id)

    assert result(skipped) == (Outcome.ANSWERED, "dev", True)
    assert skipped.profile == answered.profile


async def test_skip_of_an_earlier_visit_does_not_undo_a_later_answer(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    old = await ask(town, ada)
    await town.answering.skip(ada, old.id)
    clock.advance(QUIET)
    await arrive(town)
    new = await ask(town, ada)
    await town.answering.answer(ada, new.id, "dev")

    for late in (old.id, new.id):
        assert result(await town.answering.skip(ada, late)) == (Outcome.ANSWERED, "dev", True)
        assert result(await town.answering.answer(ada, late, "ops")) == (Outcome.ANSWERED, "dev", True)

    assert old.id != new.id


async def test_question_that_must_be_answered_is_not_skipped(town: Core) -> None:
    await publish(town, "welcome", set_draft(question_draft("goal", is_skippable=False)))
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    with pytest.raises(ForbiddenError, match="can't be skipped"):
        await town.answering.skip(ada, asked.id)

    assert await handled(town, ada) == []
    assert await asked_for(town, ada) == "goal"
