"""What the tests of authoring and answering ask people for, and the people they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import AttributeType, Bounds, ProfileId
from server.questions.changes import AskHandled
from server.questions.model import NextState, QuestionKind
from tests.factories.access import ADMIN, person_viewer
from tests.factories.profiles import browser, options, spec
from tests.factories.questions import question_draft, set_draft

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.kit.mongo import Document
    from server.profiles.model import Claim, Profile
    from server.questions.model import Ask, Handled, Outcome, QuestionSet, SetDraft
    from tests.core import Core

CHOICE = QuestionKind.SINGLE_CHOICE

ROLE = question_draft("role", CHOICE)
SIZE = question_draft("size", CHOICE)
INDUSTRY = question_draft("industry", CHOICE)
GOAL = question_draft("goal")
AGE = question_draft("age", QuestionKind.NUMBER)
WELCOME = set_draft(ROLE, SIZE, per_visit=2)


async def define_attributes(core: Core) -> None:
    for key, values in (
        ("role", ("dev", "ops")),
        ("size", ("1", "2-10", "11-50")),
        ("industry", ("software", "health")),
    ):
        await core.attributes.define(ADMIN, spec(key, AttributeType.ENUM, options=options(*values)))
    await core.attributes.define(ADMIN, spec("goal", AttributeType.TEXT, bounds=Bounds(max_length=500)))
    await core.attributes.define(ADMIN, spec("age", AttributeType.INTEGER, bounds=Bounds(minimum=0)))


async def publish(core: Core, key: str, draft: SetDraft) -> QuestionSet:
    created = await core.authoring.create(ADMIN, key, draft)
    return await core.authoring.publish(ADMIN, created.id, created.version)


async def arrive(core: Core, name: str = "ada", *, is_sign_in: bool = False) -> tuple[Profile, Viewer]:
    """Return a person's profile in a visit, and their viewer."""
    found = await core.profiles.recognise(browser(name))
    profile = await core.profiles.start_visit(found, is_sign_in=is_sign_in)
    assert profile is not None
    return profile, person_viewer(profile.id)


async def ask(core: Core, viewer: Viewer, placement: str = "home") -> Ask:
    """Return what the viewer is asked now; fails where that is nothing."""
    found = await core.questions.next_question(viewer, placement)
    assert found is not None
    assert found.state is NextState.READY
    assert found.ask is not None
    return found.ask


async def asked_for(core: Core, viewer: Viewer, placement: str = "home") -> str:
    """Return the key of the question, or the state where there is none."""
    found = await core.questions.next_question(viewer, placement)
    assert found is not None
    return found.state.value if found.ask is None else found.ask.question.key


async def claims_of(core: Core, viewer: Viewer) -> list[Claim]:
    """Return everything that anybody says of the viewer."""
    assert viewer.profile_id is not None
    found = await core.profiles.find_living(ProfileId(viewer.profile_id))
    assert found is not None
    return [each for about in found.claims.values() for each in about]


async def handled(core: Core, viewer: Viewer) -> list[Document]:
    """Return what the outbox says of asks."""
    assert viewer.profile_id is not None
    return [each for each in await core.outbox(viewer.profile_id) if each["kind"] == AskHandled.kind]


async def changed(core: Core, viewer: Viewer) -> int:
    """Return how often it was announced that attributes of the viewer changed."""
    assert viewer.profile_id is not None
    entries = await core.outbox(viewer.profile_id)
    return sum(each["kind"] == "profile.attributes_changed" for each in entries)


def result(of: Handled) -> tuple[Outcome, object, bool]:
    """Return outcome, value, and whether both were there before."""
    return of.outcome, of.value, of.is_replay
