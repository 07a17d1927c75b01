"""What is no answer, no ask or no person is refused with a sentence and leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY
from server.kit.errors import ForbiddenError, InvalidInputError
from server.questions.errors import InvalidAnswerError, UnknownAskError
from tests.core import build_core
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer
from tests.factories.profiles import account
from tests.factories.questions import set_draft
from tests.questions.town import (
    AGE,
    GOAL,
    ROLE,
    WELCOME,
    arrive,
    ask,
    claims_of,
    handled,
    publish,
)

if TYPE_CHECKING:
    from server.access.model import Viewer
    from tests.core import Core
    from tests.fakes import FakeClock


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (ROLE, "cto"),
        (ROLE, "Dev"),
        (ROLE, 1),
        (ROLE, ["dev"]),
        (ROLE, {"$ne": "dev"}),
        (ROLE, None),
        (ROLE, True),
        (ROLE, "x" * 1_000_000),
        (AGE, "42"),
        (AGE, 4.2),
        (AGE, -1),
        (AGE, 2**63),
        (AGE, float("nan")),
        (AGE, True),
        (GOAL, ""),
        (GOAL, "   "),
        (GOAL, "x" * 501),
        (GOAL, "x" * 1_000_000),
        (GOAL, "a\0b"),
        (GOAL, "\ud800"),
        (GOAL, 1),
        (GOAL, ["To learn"]),
        (GOAL, {}),
    ],
    ids=lambda given: repr(given)[:30],
)
async def test_answer_that_does_not_fit_is_refused_with_a_sentence_and_kept_nowhere(
    town: Core, question: object, value: object
) -> None:
    await publish(town, "welcome", set_draft(question))  # type: ignore[arg-type] # a QuestionDraft
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    with pytest.raises(InvalidAnswerError) as raised:
        await town.answering.answer(ada, asked.id, value)

    assert asked.definition is not None
    assert raised.value.message.startswith(asked.definition.label)
    assert len(raised.value.message) < 300
    assert await claims_of(town, ada) == []
    assert (await ask(town, ada)).id == asked.id


@pytest.mark.parametrize(
    "text", ["", "ask_made_up", "\0", "\ud800", "x" * 1_000_000, "qst_1", "ask_.0.0.0.home."]
)
async def test_ask_that_is_none_is_unknown(town: Core, text: str) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    with pytest.raises(UnknownAskError):
        await town.answering.answer(ada, text, "dev")
    with pytest.raises(UnknownAskError):
        await town.answering.skip(ada, text)


async def test_ask_of_another_person_is_unknown_and_touches_nobody(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    (_, ada), (_, eve) = await arrive(town, "ada"), await arrive(town, "eve")
    asked = await ask(town, ada)

    with pytest.raises(UnknownAskError):
        await town.answering.answer(eve, asked.id, "ops")
    with pytest.raises(UnknownAskError):
        await town.answering.skip(eve, asked.id)

    assert await claims_of(town, ada) == await claims_of(town, eve) == []
    assert await handled(town, ada) == await handled(town, eve) == []


async def test_ask_of_another_server_is_unknown(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    other = build_core(town.database, clock, secret="another secret of thirty-two characters")
    theirs = await ask(other, ada)

    with pytest.raises(UnknownAskError):
        await town.answering.answer(ada, theirs.id, "dev")


@pytest.mark.parametrize(
    "viewer", [NOBODY, widget_viewer(), app_viewer(), ADMIN], ids=lambda viewer: viewer.kind
)
async def test_only_a_person_is_asked_and_answers(town: Core, viewer: Viewer) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    assert await town.questions.next_question(viewer, "home") is None
    with pytest.raises(ForbiddenError):
        await town.answering.answer(viewer, asked.id, "dev")
    with pytest.raises(ForbiddenError):
        await town.answering.skip(viewer, asked.id)


async def test_person_who_is_gone_is_not_asked_and_does_not_answer(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.database["profiles"].delete_one({"_id": profile.id})

    assert await town.questions.next_question(ada, "home") is None
    with pytest.raises(UnknownAskError):
        await town.answering.answer(ada, asked.id, "dev")


async def test_token_from_before_a_fold_neither_asks_nor_answers(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile, anonymous = await arrive(town)
    asked = await ask(town, anonymous)
    known = await town.profiles.recognise(account())
    await town.profiles.fold(known.id, profile.id)

    assert await town.questions.next_question(anonymous, "home") is None
    with pytest.raises(UnknownAskError):
        await town.answering.answer(anonymous, asked.id, "dev")
    with pytest.raises(UnknownAskError):
        await town.answering.answer(person_viewer(known.id), asked.id, "dev")
    assert await claims_of(town, person_viewer(known.id)) == []


@pytest.mark.parametrize("placement", ["", "Home", "a b", "$home", "h" * 41, "\ud800", "home\n"])
async def test_placement_that_is_none_is_refused(town: Core, placement: str) -> None:
    _, ada = await arrive(town)

    with pytest.raises(InvalidInputError):
        await town.questions.next_question(ada, placement)
