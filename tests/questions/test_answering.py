"""Answers: a claim of the person, once, whatever is sent, however often, and however many race."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY
from server.kit.errors import ForbiddenError, InvalidInputError
from server.profiles.model import PERSON, Claim, ProfileId, ProfileUpdate
from server.profiles.service import QUIET
from server.questions.changes import AskHandled
from server.questions.errors import InvalidAnswerError, UnknownAskError
from server.questions.model import NextQuestion, NextState, Outcome
from tests.core import build_core
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer
from tests.factories.profiles import LOOK_UP, account, browser
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import (
    AGE,
    GOAL,
    INDUSTRY,
    ROLE,
    SIZE,
    WELCOME,
    arrive,
    ask,
    asked_for,
    define_attributes,
    publish,
)

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.kit.mongo import Document
    from server.questions.model import Handled
    from tests.core import Core
    from tests.fakes import FakeClock


async def claims_of(core: Core, viewer: Viewer) -> list[Claim]:
    assert viewer.profile_id is not None
    found = await core.profiles.find_living(ProfileId(viewer.profile_id))
    assert found is not None
    return [each for about in found.claims.values() for each in about]


async def handled(core: Core, viewer: Viewer) -> list[Document]:
    """Return what the outbox says of asks."""
    assert viewer.profile_id is not None
    return [each for each in await core.outbox(viewer.profile_id) if each["kind"] == AskHandled.kind]


async def changed(core: Core, viewer: Viewer) -> int:
    assert viewer.profile_id is not None
    entries = await core.outbox(viewer.profile_id)
    return sum(each["kind"] == "profile.attributes_changed" for each in entries)


def result(of: Handled) -> tuple[Outcome, object, bool]:
    return of.outcome, of.value, of.is_replay


# Answering


async def test_answer_is_a_claim_of_the_person(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    answered = await town.questions.answer(ada, asked.id, "dev")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    (claim,) = await claims_of(town, ada)
    assert (claim.value, claim.source, claim.attribute_id) == ("dev", PERSON, asked.definition.id)
    assert (claim.observed_at, claim.expires_at, claim.confidence) == (clock(), None, 1.0)


async def test_answer_is_announced_with_everything_the_log_keeps(town: Core, clock: FakeClock) -> None:
    published = await publish(town, "welcome", set_draft(ROLE, placements=("checkout",)))
    _, ada = await arrive(town)
    asked = await ask(town, ada, "checkout")

    await town.questions.answer(ada, asked.id, "dev")

    (entry,) = await handled(town, ada)
    assert {key: value for key, value in entry.items() if key != "id"} == {
        "kind": "question.handled",
        "at": clock(),
        "profile_id": ada.profile_id,
        "ask_id": asked.id,
        "question_id": asked.question.id,
        "revision": published.revision,
        "placement": "checkout",
        "visit": 1,
        "outcome": "answered",
        "value": "dev",
    }
    assert await changed(town, ada) == 1


async def test_answer_brings_the_next_question(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    answered = await town.questions.answer(ada, (await ask(town, ada)).id, "dev")

    following = await town.questions.next_for(answered.profile, answered.placement)
    assert following.ask is not None
    assert following.ask.question.key == "size"
    assert following == await town.questions.next_question(ada, "home")


async def test_answer_is_kept_in_its_stored_form(town: Core) -> None:
    await publish(town, "welcome", set_draft(AGE, GOAL, per_visit=2))
    _, ada = await arrive(town)

    age = await town.questions.answer(ada, (await ask(town, ada)).id, 42.0)
    goal = await town.questions.answer(ada, (await ask(town, ada)).id, "  To learn $more \n")

    assert (age.value, goal.value) == (42, "To learn $more")
    assert {each.value for each in await claims_of(town, ada)} == {42, "To learn $more"}


async def test_answer_of_the_person_goes_before_what_was_looked_up(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE))
    profile, ada = await arrive(town)
    asked = await ask(town, ada)
    looked_up = await town.profiles.claims({"role": "ops"}, LOOK_UP)
    await town.profiles.write(profile.id, ProfileUpdate(claims=looked_up))

    answered = await town.questions.answer(ada, asked.id, "dev")

    known = await town.profiles.known_attributes(answered.profile)
    assert known["role"].value == "dev"
    assert len(known["role"].claims) == 2


# Twice, and at once


async def test_answer_sent_twice_counts_once(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    first = await town.questions.answer(ada, asked.id, "dev")
    clock.advance(timedelta(seconds=1))

    second = await town.questions.answer(ada, asked.id, "dev")

    assert result(second) == (first.outcome, first.value, True)
    assert second.profile == first.profile
    assert len(await claims_of(town, ada)) == len(await handled(town, ada)) == await changed(town, ada) == 1


async def test_second_answer_to_the_same_ask_does_not_replace_the_first(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.questions.answer(ada, asked.id, "dev")

    second = await town.questions.answer(ada, asked.id, "ops")

    assert result(second) == (Outcome.ANSWERED, "dev", True)
    assert [each.value for each in await claims_of(town, ada)] == ["dev"]


async def test_of_twenty_answers_that_race_one_counts_and_all_hear_which(
    town: Core, clock: FakeClock
) -> None:
    await publish(town, "welcome", set_draft(AGE))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    towns = [town, build_core(town.database, clock)]

    results = await asyncio.gather(*(towns[n % 2].questions.answer(ada, asked.id, n) for n in range(20)))

    (claim,) = await claims_of(town, ada)
    assert {each.value for each in results} == {claim.value}
    assert {each.outcome for each in results} == {Outcome.ANSWERED}
    assert sum(not each.is_replay for each in results) == 1
    assert len(await handled(town, ada)) == await changed(town, ada) == 1


async def test_same_question_in_two_tabs_is_one_ask(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    one, other = await ask(town, ada), await ask(town, ada)

    assert one.id == other.id


async def test_of_skips_and_answers_that_race_the_answer_counts(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", set_draft(AGE))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    towns = [town, build_core(town.database, clock)]

    await asyncio.gather(
        *(towns[n % 2].questions.skip(ada, asked.id) for n in range(10)),
        *(towns[n % 2].questions.answer(ada, asked.id, n) for n in range(10)),
    )

    assert len(await claims_of(town, ada)) == 1
    outcomes = [each["outcome"] for each in await handled(town, ada)]
    assert outcomes in (["answered"], ["skipped", "answered"])
    assert result(await town.questions.skip(ada, asked.id))[0] is Outcome.ANSWERED


# Skipping


async def test_skipped_question_rests_for_this_visit_and_comes_back_with_the_next(
    town: Core, clock: FakeClock
) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    skipped = await town.questions.skip(ada, (await ask(town, ada)).id)

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
    first = await town.questions.skip(ada, asked.id)

    results = await asyncio.gather(*(town.questions.skip(ada, asked.id) for _ in range(5)))

    assert {result(each) for each in results} == {(Outcome.SKIPPED, None, True)}
    assert all(each.profile == first.profile for each in results)
    assert len(await handled(town, ada)) == 1


async def test_answer_after_a_skip_counts(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.questions.skip(ada, asked.id)

    answered = await town.questions.answer(ada, asked.id, "dev")
    again = await town.questions.answer(ada, asked.id, "ops")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    assert result(again) == (Outcome.ANSWERED, "dev", True)
    assert [each["outcome"] for each in await handled(town, ada)] == ["skipped", "answered"]


async def test_skip_after_an_answer_changes_nothing(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    answered = await town.questions.answer(ada, asked.id, "dev")

    skipped = await town.questions.skip(ada, asked.id)

    assert result(skipped) == (Outcome.ANSWERED, "dev", True)
    assert skipped.profile == answered.profile


async def test_skip_of_an_earlier_visit_does_not_undo_a_later_answer(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    old = await ask(town, ada)
    await town.questions.skip(ada, old.id)
    clock.advance(QUIET)
    await arrive(town)
    new = await ask(town, ada)
    await town.questions.answer(ada, new.id, "dev")

    for late in (old.id, new.id):
        assert result(await town.questions.skip(ada, late)) == (Outcome.ANSWERED, "dev", True)
        assert result(await town.questions.answer(ada, late, "ops")) == (Outcome.ANSWERED, "dev", True)

    assert old.id != new.id


async def test_question_that_must_be_answered_is_not_skipped(town: Core) -> None:
    await publish(town, "welcome", set_draft(question_draft("goal", is_skippable=False)))
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    with pytest.raises(ForbiddenError, match="can't be skipped"):
        await town.questions.skip(ada, asked.id)

    assert await handled(town, ada) == []
    assert await asked_for(town, ada) == "goal"


# What is refused


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
        await town.questions.answer(ada, asked.id, value)

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
        await town.questions.answer(ada, text, "dev")
    with pytest.raises(UnknownAskError):
        await town.questions.skip(ada, text)


async def test_ask_of_another_person_is_unknown_and_touches_nobody(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    (_, ada), (_, eve) = await arrive(town, "ada"), await arrive(town, "eve")
    asked = await ask(town, ada)

    with pytest.raises(UnknownAskError):
        await town.questions.answer(eve, asked.id, "ops")
    with pytest.raises(UnknownAskError):
        await town.questions.skip(eve, asked.id)

    assert await claims_of(town, ada) == await claims_of(town, eve) == []
    assert await handled(town, ada) == await handled(town, eve) == []


async def test_ask_of_another_server_is_unknown(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    other = build_core(town.database, clock, secret="another secret of thirty-two characters")
    theirs = await ask(other, ada)

    with pytest.raises(UnknownAskError):
        await town.questions.answer(ada, theirs.id, "dev")


@pytest.mark.parametrize(
    "viewer", [NOBODY, widget_viewer(), app_viewer(), ADMIN], ids=lambda viewer: viewer.kind
)
async def test_only_a_person_is_asked_and_answers(town: Core, viewer: Viewer) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    assert await town.questions.next_question(viewer, "home") is None
    with pytest.raises(ForbiddenError):
        await town.questions.answer(viewer, asked.id, "dev")
    with pytest.raises(ForbiddenError):
        await town.questions.skip(viewer, asked.id)


async def test_person_who_is_gone_is_not_asked_and_does_not_answer(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.database["profiles"].delete_one({"_id": profile.id})

    assert await town.questions.next_question(ada, "home") is None
    with pytest.raises(UnknownAskError):
        await town.questions.answer(ada, asked.id, "dev")


async def test_token_from_before_a_fold_neither_asks_nor_answers(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile, anonymous = await arrive(town)
    asked = await ask(town, anonymous)
    known = await town.profiles.recognise(account())
    await town.profiles.fold(known.id, profile.id)

    assert await town.questions.next_question(anonymous, "home") is None
    with pytest.raises(UnknownAskError):
        await town.questions.answer(anonymous, asked.id, "dev")
    with pytest.raises(UnknownAskError):
        await town.questions.answer(person_viewer(known.id), asked.id, "dev")
    assert await claims_of(town, person_viewer(known.id)) == []


@pytest.mark.parametrize("placement", ["", "Home", "a b", "$home", "h" * 41, "\ud800", "home\n"])
async def test_placement_that_is_none_is_refused(town: Core, placement: str) -> None:
    _, ada = await arrive(town)

    with pytest.raises(InvalidInputError):
        await town.questions.next_question(ada, placement)


# Sets that change meanwhile


async def test_answer_to_an_archived_question_is_kept_with_a_notice(town: Core) -> None:
    published = await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.authoring.archive(ADMIN, published.id, published.version)

    answered = await town.questions.answer(ada, asked.id, "dev")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    assert answered.notice == "This question is no longer asked; the answer was kept."
    assert [each.value for each in await claims_of(town, ada)] == ["dev"]


async def test_answer_to_a_reworded_question_is_kept_without_one(town: Core) -> None:
    published = await publish(town, "welcome", set_draft(GOAL))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    reworded = set_draft(question_draft("goal", prompt="What brings you here?"))
    updated = await town.authoring.update(ADMIN, published.id, 2, reworded)
    await town.authoring.publish(ADMIN, published.id, updated.version)

    answered = await town.questions.answer(ada, asked.id, "To learn")

    assert answered.notice is None
    assert (await handled(town, ada))[0]["revision"] == 1


async def test_answer_never_lands_under_another_attribute(town: Core) -> None:
    about = question_draft("about", GOAL.kind, attribute_key="goal")
    published = await publish(town, "welcome", set_draft(about))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    other = question_draft("about", ROLE.kind, attribute_key="role")
    updated = await town.authoring.update(ADMIN, published.id, 2, set_draft(other))
    await town.authoring.publish(ADMIN, published.id, updated.version)

    with pytest.raises(UnknownAskError):
        await town.questions.answer(ada, asked.id, "dev")

    assert await claims_of(town, ada) == []
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

    answered = await other.questions.answer(ada, asked.id, "dev")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    assert answered.notice is None


# When nothing is asked


async def test_resting_person_is_told_until_when(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", set_draft(ROLE, SIZE))
    _, ada = await arrive(town)
    clock.advance(timedelta(minutes=1))
    answered = await town.questions.answer(ada, (await ask(town, ada)).id, "dev")

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
    await town.questions.answer(ada, (await ask(town, ada)).id, "dev")

    assert await town.questions.next_question(ada, "home") == NextQuestion(state=NextState.DONE)


async def test_profile_without_a_visit_can_be_asked(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    profile = await town.profiles.recognise(browser())

    assert await asked_for(town, person_viewer(profile.id)) == "role"


# The log


async def test_outcome_is_logged_once_however_often_it_is_delivered(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    await town.questions.answer(ada, (await ask(town, ada)).id, "dev")
    (entry,) = await handled(town, ada)
    change = AskHandled(**{key: value for key, value in entry.items() if key != "kind"})

    for _ in range(3):
        await town.questions.log(change)

    logged = await town.database["answers"].find().to_list(None)
    assert [(each["_id"], each["value"], each["outcome"]) for each in logged] == [
        (change.id, "dev", "answered")
    ]
