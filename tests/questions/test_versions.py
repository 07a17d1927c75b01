"""Authors who race lose nothing unheard, and questions stay themselves from version to version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.kit.errors import (
    VersionConflictError,
)
from server.questions.model import QuestionSetId
from tests.core import build_core
from tests.factories.access import ADMIN
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import GOAL, ROLE, SIZE, WELCOME, publish

if TYPE_CHECKING:
    from server.questions.model import QuestionSet
    from tests.core import Core
    from tests.fakes import FakeClock

MADE_UP = QuestionSetId("set_made_up")


def ids(of: QuestionSet) -> dict[str, str]:
    return {each.key: each.id for each in of.draft.questions}


# Versions


async def test_update_of_an_older_version_is_refused(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)

    for write in (
        town.authoring.update(ADMIN, published.id, 1, set_draft(GOAL)),
        town.authoring.publish(ADMIN, published.id, 1),
        town.authoring.archive(ADMIN, published.id, 3),
    ):
        with pytest.raises(VersionConflictError, match="at version 2") as raised:
            await write
        assert raised.value.current_version == 2

    assert await town.authoring.find(ADMIN, published.id) == published


async def test_of_authors_who_race_one_wins_and_the_others_hear_of_it(town: Core, clock: FakeClock) -> None:
    created = await town.authoring.create(ADMIN, "welcome", WELCOME)
    towns = [town, build_core(town.database, clock)]

    results = await asyncio.gather(
        *(
            towns[n % 2].authoring.update(ADMIN, created.id, 1, set_draft(GOAL, name=f"Author {n}"))
            for n in range(10)
        ),
        return_exceptions=True,
    )

    (won,) = [each for each in results if not isinstance(each, VersionConflictError)]
    assert await town.authoring.find(ADMIN, created.id) == won


async def test_publishers_who_race_publish_once(town: Core, clock: FakeClock) -> None:
    created = await town.authoring.create(ADMIN, "welcome", WELCOME)
    towns = [town, build_core(town.database, clock)]

    results = await asyncio.gather(
        *(towns[n % 2].authoring.publish(ADMIN, created.id, 1) for n in range(10)), return_exceptions=True
    )

    assert sum(isinstance(each, VersionConflictError) for each in results) == 9
    found = await town.authoring.find(ADMIN, created.id)
    assert found is not None
    assert (found.version, found.revision) == (2, 1)


async def test_update_that_races_with_a_publication_is_never_published_unseen(town: Core) -> None:
    created = await town.authoring.create(ADMIN, "welcome", WELCOME)

    update, publication = await asyncio.gather(
        town.authoring.update(ADMIN, created.id, 1, set_draft(GOAL)),
        town.authoring.publish(ADMIN, created.id, 1),
        return_exceptions=True,
    )

    assert [isinstance(each, VersionConflictError) for each in (update, publication)].count(True) == 1
    found = await town.authoring.find(ADMIN, created.id)
    assert found is not None
    assert found.live in (None, created.draft)


# Questions that stay themselves


async def test_question_keeps_its_id_by_its_key(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)

    reworded = question_draft("size", SIZE.kind, prompt="How many are you?")
    updated = await town.authoring.update(ADMIN, published.id, 2, set_draft(GOAL, reworded))

    assert ids(updated)["size"] == ids(published)["size"]
    assert ids(updated)["goal"] not in ids(published).values()


async def test_question_that_left_the_draft_comes_back_as_itself_while_it_is_live(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)
    without = await town.authoring.update(ADMIN, published.id, 2, set_draft(SIZE))

    again = await town.authoring.update(ADMIN, published.id, without.version, WELCOME)

    assert ids(again) == ids(published)


async def test_question_about_another_attribute_is_another_question(town: Core) -> None:
    published = await publish(
        town, "welcome", set_draft(question_draft("about", ROLE.kind, attribute_key="role"))
    )

    updated = await town.authoring.update(
        ADMIN, published.id, 2, set_draft(question_draft("about", ROLE.kind, attribute_key="industry"))
    )

    assert ids(updated)["about"] != ids(published)["about"]


async def test_questions_of_two_sets_are_two_even_under_one_key(town: Core) -> None:
    one, other = await publish(town, "one", set_draft(ROLE)), await publish(town, "other", set_draft(ROLE))

    assert ids(one)["role"] != ids(other)["role"]
