"""Sets, values and processes that change between an ask and its answer, and what is left to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.consent.model import ConsentState, PurposeSpec
from server.profiles.model import ProfileUpdate
from server.profiles.service import QUIET
from server.questions.model import NextQuestion, NextState, Outcome, QuestionKind
from tests.core import build_core
from tests.factories.access import ADMIN, person_viewer
from tests.factories.profiles import LOOK_UP, browser
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import (
    GOAL,
    INDUSTRY,
    ROLE,
    SIZE,
    WELCOME,
    arrive,
    ask,
    asked_for,
    claims_of,
    define_attributes,
    handled,
    publish,
    result,
)

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


# Sets that change meanwhile


async def test_answer_to_an_archived_question_is_kept_with_a_notice(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.authoring.archive(ADMIN, published.id, published.version)

    answered = await town.answering.answer(ada, asked.id, "dev")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    assert answered.notice == "This question is no longer asked; the answer was kept."
    assert [each.value for each in await claims_of(town, ada)] == ["dev"]


async def test_answer_to_an_older_revision_is_kept_and_said_so(town: Core) -> None:
    published = await publish(town, "welcome", set_draft(GOAL))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    reworded = set_draft(question_draft("goal", prompt="What brings you here?"))
    updated = await town.authoring.update(ADMIN, published.id, 2, reworded)
    await town.authoring.publish(ADMIN, published.id, updated.version)

    answered = await town.answering.answer(ada, asked.id, "To learn")

    assert answered.notice == "This question has changed since it was asked; the answer was kept."
    assert (await handled(town, ada))[0]["revision"] == 1


async def test_answer_never_lands_under_another_attribute(town: Core) -> None:
    about = question_draft("about", GOAL.kind, attribute_key="goal")
    published = await publish(town, "welcome", set_draft(about))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    other = question_draft("about", ROLE.kind, attribute_key="role")
    updated = await town.authoring.update(ADMIN, published.id, 2, set_draft(other))
    await town.authoring.publish(ADMIN, published.id, updated.version)

    answered = await town.answering.answer(ada, asked.id, "dev")

    assert answered.notice == "This question is no longer asked; the answer was kept."
    assert [each.attribute_id for each in await claims_of(town, ada)] == [asked.question.attribute_id]
    assert await asked_for(town, ada) == "about"


async def test_question_that_became_known_meanwhile_is_asked_no_more(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile, ada = await arrive(town)
    await ask(town, ada)
    looked_up = await town.profiles.claims({"role": "ops"}, LOOK_UP)

    await town.profiles.write(profile.id, ProfileUpdate(claims=looked_up))

    assert await asked_for(town, ada) == "size"


async def test_value_that_expires_is_asked_for_again(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    profile, ada = await arrive(town)
    ends = clock() + timedelta(minutes=1)
    looked_up = await town.profiles.claims({"role": "ops"}, LOOK_UP, expires_at=ends)
    await town.profiles.write(profile.id, ProfileUpdate(claims=looked_up))
    while_known = await asked_for(town, ada)

    clock.now = ends

    assert while_known == "size"
    assert await asked_for(town, ada) == "role"


async def test_archived_attribute_is_asked_for_no_more_and_again_once_it_is_restored(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE))
    _, ada = await arrive(town)
    role = (await town.profiles.catalogue.current()).get("role")

    archived = await town.attributes.archive(ADMIN, role.id, role.version)
    await town.questions.live.refresh()
    while_archived = await asked_for(town, ada)
    await town.attributes.restore(ADMIN, role.id, archived.version)
    await town.questions.live.refresh()

    assert while_archived == "done"
    assert await asked_for(town, ada) == "role"


# Other processes


async def test_ask_of_one_process_is_answered_at_another_that_has_not_heard_yet(
    core: Core, clock: FakeClock
) -> None:
    other = build_core(core.database, clock)
    await other.questions.live.current()
    await other.attributes.catalogue.current()
    await define_attributes(core)
    await publish(core, "welcome", WELCOME)
    _, ada = await arrive(core)
    asked = await ask(core, ada)

    answered = await other.answering.answer(ada, asked.id, "dev")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    assert answered.notice is None


async def test_leave_is_given_at_a_process_that_has_not_heard_of_the_purpose(
    core: Core, clock: FakeClock
) -> None:
    other = build_core(core.database, clock)
    await other.questions.live.current()
    await other.consents.purposes.current()
    purpose = PurposeSpec(key="news", name="News", description="To write.", text="May we write to you?")
    await core.consents.define(ADMIN, purpose)
    await publish(core, "news", set_draft(question_draft("may_we", QuestionKind.CONSENT, purpose="news")))
    _, ada = await arrive(core)
    asked = await ask(core, ada)

    answered = await other.answering.answer(ada, asked.id, value=True)

    assert answered.profile.consents["news"].state is ConsentState.GRANTED


# When nothing is asked


async def test_resting_person_is_told_until_when(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", set_draft(ROLE, SIZE))
    _, ada = await arrive(town)
    clock.advance(timedelta(minutes=1))
    answered = await town.answering.answer(ada, (await ask(town, ada)).id, "dev")

    following = await town.questions.next_for(answered.profile, "home")

    assert answered.profile.visit is not None
    assert following == NextQuestion(
        state=NextState.RESTING, ask=None, until=answered.profile.visit.last_seen_at + QUIET
    )


async def test_what_a_later_sign_in_brings_has_no_moment(town: Core) -> None:
    await publish(town, "later", set_draft(INDUSTRY, from_login=2))
    _, ada = await arrive(town)

    assert await town.questions.next_question(ada, "home") == NextQuestion(state=NextState.RESTING)


async def test_person_of_whom_everything_is_known_is_done(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE))
    _, ada = await arrive(town)
    await town.answering.answer(ada, (await ask(town, ada)).id, "dev")

    assert await town.questions.next_question(ada, "home") == NextQuestion(state=NextState.DONE)


async def test_profile_without_a_visit_can_be_asked(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile = await town.profiles.recognise(browser())

    assert await asked_for(town, person_viewer(profile.id)) == "role"
