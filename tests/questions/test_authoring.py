"""Question sets: drafts nobody is asked from, no lost updates, and questions that stay themselves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope
from server.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from server.kit.paging import PageRequest
from server.profiles.errors import UnknownAttributeError
from server.profiles.model import PersonAccess
from server.questions.errors import UnpublishableError
from server.questions.model import QuestionSetId, SetState
from tests.core import build_core
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer
from tests.factories.profiles import spec
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import GOAL, ROLE, SIZE, WELCOME, arrive, asked_for, publish

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.questions.model import QuestionSet
    from tests.core import Core
    from tests.fakes import FakeClock

READER = app_viewer(Scope.CONFIGURATION_READ)
MADE_UP = QuestionSetId("set_made_up")


def ids(of: QuestionSet) -> dict[str, str]:
    return {each.key: each.id for each in of.draft.questions}


# Creating and reading


async def test_set_is_read_as_it_was_written(town: Core, clock: FakeClock) -> None:
    draft = set_draft(
        question_draft("goal", prompt="$What?", help="$$ROOT", placeholder="{}", is_skippable=False),
        name="$set",
        placements=("home", "check-out"),
        priority=-7,
        from_login=1,
        from_visit=2,
        per_visit=3,
    )

    created = await town.authoring.create(ADMIN, "welcome", draft)

    assert (created.state, created.version, created.revision, created.live) == (SetState.DRAFT, 1, 0, None)
    assert (created.created_at, created.updated_at) == (clock(), clock())
    (asked,) = created.draft.questions
    assert (asked.prompt, asked.help, asked.placeholder) == ("$What?", "$$ROOT", "{}")
    assert not asked.is_skippable
    assert await build_core(town.database, clock).authoring.find(ADMIN, created.id) == created


async def test_published_set_is_read_as_it_was_published(town: Core, clock: FakeClock) -> None:
    published = await publish(town, "welcome", WELCOME)

    other = build_core(town.database, clock)
    assert await other.authoring.find(READER, published.id) == published
    assert [each.question_set for each in (await other.questions.live.current()).ordered] == [published]


async def test_key_of_a_set_is_taken_once(town: Core) -> None:
    results = await asyncio.gather(
        *(town.authoring.create(ADMIN, "welcome", WELCOME) for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(each, ConflictError) for each in results) == 9
    assert await town.database["question_sets"].count_documents({}) == 1


async def test_sets_are_listed_oldest_first_and_by_state(town: Core, clock: FakeClock) -> None:
    for key in ("a", "b", "c"):
        await publish(town, key, WELCOME)
        clock.advance(timedelta(milliseconds=1))
    draft = await town.authoring.create(ADMIN, "d", WELCOME)

    first = await town.authoring.page(READER, PageRequest(first=2))
    drafts = await town.authoring.page(READER, PageRequest(), SetState.DRAFT)

    assert first is not None
    assert drafts is not None
    assert ([each.key for each in first.items], first.has_next) == (["a", "b"], True)
    second = await town.authoring.page(READER, PageRequest(first=2, after=first.items[-1].id))
    assert second is not None
    assert ([each.key for each in second.items], second.has_next) == (["c", "d"], False)
    assert drafts.items == (draft,)


# Who may


@pytest.mark.parametrize(
    "viewer",
    [NOBODY, widget_viewer(), person_viewer("prf_1"), app_viewer(*sorted(set(Scope) - {Scope.ADMIN}))],
    ids=lambda viewer: viewer.kind,
)
async def test_only_admins_write_sets(town: Core, viewer: Viewer) -> None:
    published = await publish(town, "welcome", WELCOME)

    with pytest.raises(ForbiddenError):
        await town.authoring.create(viewer, "mine", WELCOME)
    with pytest.raises(ForbiddenError):
        await town.authoring.update(viewer, published.id, published.version, set_draft(GOAL))
    with pytest.raises(ForbiddenError):
        await town.authoring.publish(viewer, published.id, published.version)
    with pytest.raises(ForbiddenError):
        await town.authoring.archive(viewer, published.id, published.version)
    with pytest.raises(ForbiddenError):
        await town.authoring.archive(viewer, MADE_UP, 1)  # whether it exists is not told

    assert await town.authoring.find(ADMIN, published.id) == published


@pytest.mark.parametrize(
    "viewer", [NOBODY, widget_viewer(), person_viewer("prf_1"), app_viewer(Scope.PROFILES_READ)]
)
async def test_sets_show_to_who_may_read_the_configuration(town: Core, viewer: Viewer) -> None:
    published = await publish(town, "welcome", WELCOME)

    assert await town.authoring.find(viewer, published.id) is None
    assert await town.authoring.page(viewer, PageRequest()) is None
    assert await town.authoring.find(READER, published.id) == published
    assert await town.authoring.find(READER, MADE_UP) is None


# What is refused


async def test_bad_draft_stores_nothing(town: Core) -> None:
    with pytest.raises(InvalidInputError):
        await town.authoring.create(ADMIN, "Welcome", WELCOME)
    with pytest.raises(InvalidInputError):
        await town.authoring.create(ADMIN, "welcome", set_draft(ROLE, ROLE))
    with pytest.raises(UnknownAttributeError):
        await town.authoring.create(ADMIN, "welcome", set_draft(question_draft("x", attribute_key="made_up")))

    assert await town.database["question_sets"].count_documents({}) == 0


async def test_bad_update_leaves_the_set_as_it_was(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)

    with pytest.raises(InvalidInputError):
        await town.authoring.update(ADMIN, published.id, published.version, set_draft(per_visit=0))
    with pytest.raises(UnknownAttributeError):
        await town.authoring.update(
            ADMIN, published.id, published.version, set_draft(question_draft("made_up"))
        )

    assert await town.authoring.find(ADMIN, published.id) == published


@pytest.mark.parametrize(
    "draft",
    [
        set_draft(),
        set_draft(question_draft("goal", attribute_key="role")),
        set_draft(GOAL, question_draft("goal_again", attribute_key="goal")),
        set_draft(question_draft("risk")),
    ],
    ids=["empty", "wrong kind", "same attribute twice", "hidden attribute"],
)
async def test_what_can_not_be_asked_is_not_published(town: Core, draft: object) -> None:
    await town.attributes.define(ADMIN, spec("risk", person_access=PersonAccess.HIDDEN))
    created = await town.authoring.create(ADMIN, "welcome", draft)  # type: ignore[arg-type] # a SetDraft

    with pytest.raises(UnpublishableError):
        await town.authoring.publish(ADMIN, created.id, created.version)

    assert await town.authoring.find(ADMIN, created.id) == created
    assert (await town.questions.live.current()).ordered == ()


async def test_unknown_set_is_not_found(town: Core) -> None:
    with pytest.raises(NotFoundError):
        await town.authoring.update(ADMIN, MADE_UP, 1, WELCOME)
    with pytest.raises(NotFoundError):
        await town.authoring.publish(ADMIN, MADE_UP, 1)
    with pytest.raises(NotFoundError):
        await town.authoring.archive(ADMIN, MADE_UP, 1)


# From draft to archive


async def test_draft_is_not_asked_from(town: Core) -> None:
    await town.authoring.create(ADMIN, "welcome", WELCOME)
    _, ada = await arrive(town)

    assert await asked_for(town, ada) == "done"


async def test_published_set_is_asked_from_at_once(town: Core) -> None:
    _, ada = await arrive(town)
    before = await asked_for(town, ada)

    published = await publish(town, "welcome", WELCOME)

    assert before == "done"
    assert await asked_for(town, ada) == "role"
    assert (published.state, published.version, published.revision) == (SetState.PUBLISHED, 2, 1)


async def test_change_is_asked_once_it_is_published_and_not_before(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    updated = await town.authoring.update(ADMIN, published.id, published.version, set_draft(GOAL))
    before = await asked_for(town, ada)
    await town.authoring.publish(ADMIN, updated.id, updated.version)

    assert (updated.state, updated.live) == (SetState.PUBLISHED, published.live)
    assert updated.has_unpublished_changes
    assert before == "role"
    assert await asked_for(town, ada) == "goal"


async def test_publishing_what_is_live_changes_nothing(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)

    again = await town.authoring.publish(ADMIN, published.id, published.version)

    assert again == published
    assert not published.has_unpublished_changes


async def test_archived_set_is_not_asked_from_until_it_is_published_again(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    archived = await town.authoring.archive(ADMIN, published.id, published.version)
    after_archiving = await asked_for(town, ada)
    again = await town.authoring.publish(ADMIN, archived.id, archived.version)

    assert (archived.state, archived.live) == (SetState.ARCHIVED, published.live)
    assert after_archiving == "done"
    assert (again.state, again.revision) == (SetState.PUBLISHED, 2)
    assert await asked_for(town, ada) == "role"


async def test_sets_are_asked_from_by_priority_then_age(town: Core, clock: FakeClock) -> None:
    for key, draft in (
        ("old", set_draft(ROLE)),
        ("young", set_draft(SIZE)),
        ("first", set_draft(GOAL, priority=1)),
    ):
        await publish(town, key, draft)
        clock.advance(timedelta(milliseconds=1))

    live = await town.questions.live.current()

    assert [each.question_set.key for each in live.ordered] == ["first", "old", "young"]


async def test_priority_counts_as_published_and_not_as_drafted(town: Core, clock: FakeClock) -> None:
    await publish(town, "first", set_draft(ROLE, priority=1))
    clock.advance(timedelta(milliseconds=1))
    second = await publish(town, "second", set_draft(SIZE))

    await town.authoring.update(ADMIN, second.id, second.version, set_draft(SIZE, priority=9))
    await town.questions.live.refresh()

    assert [each.question_set.key for each in (await town.questions.live.current()).ordered] == [
        "first",
        "second",
    ]
