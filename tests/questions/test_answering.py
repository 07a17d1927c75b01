"""Answers: a claim of the person, once, however often they are sent and however many race."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from server.profiles.model import PERSON, ProfileUpdate
from server.questions.changes import AskHandled
from server.questions.model import Outcome
from tests.core import build_core
from tests.factories.profiles import LOOK_UP
from tests.factories.questions import set_draft
from tests.questions.town import (
    AGE,
    GOAL,
    ROLE,
    WELCOME,
    arrive,
    ask,
    changed,
    claims_of,
    handled,
    publish,
    result,
)

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


# Answering


async def test_answer_is_a_claim_of_the_person(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)

    answered = await town.answering.answer(ada, asked.id, "dev")

    assert result(answered) == (Outcome.ANSWERED, "dev", False)
    (claim,) = await claims_of(town, ada)
    assert (claim.value, claim.source, claim.attribute_id) == ("dev", PERSON, asked.question.attribute_id)
    assert (claim.observed_at, claim.expires_at, claim.confidence) == (clock(), None, 1.0)


async def test_answer_is_announced_with_everything_the_log_keeps(town: Core, clock: FakeClock) -> None:
    published = await publish(town, "welcome", set_draft(ROLE, placements=("checkout",)))
    _, ada = await arrive(town)
    asked = await ask(town, ada, "checkout")

    await town.answering.answer(ada, asked.id, "dev")

    (entry,) = await handled(town, ada)
    assert {key: value for key, value in entry.items() if key != "id"} == {
        "kind": "question.handled",
        "at": clock(),
        "profile_id": ada.profile_id,
        "ask_id": asked.id,
        "attribute_id": asked.question.attribute_id,
        "question_id": asked.question.id,
        "revision": published.revision,
        "placement": "checkout",
        "visit": 1,
        "outcome": "answered",
        "value": "dev",
        "handled": 0,
        "set_id": published.id,
        "language": "en",
        "arm": "",
        "page": None,
        "device": None,
        "milliseconds": None,
    }
    assert await changed(town, ada) == 1


async def test_answer_brings_the_next_question(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)

    answered = await town.answering.answer(ada, (await ask(town, ada)).id, "dev")

    following = await town.questions.next_for(answered.profile, answered.placement)
    assert following.ask is not None
    assert following.ask.question.key == "size"
    assert following == await town.questions.next_question(ada, "home")


async def test_answer_is_kept_in_its_stored_form(town: Core) -> None:
    await publish(town, "welcome", set_draft(AGE, GOAL, per_visit=2))
    _, ada = await arrive(town)

    age = await town.answering.answer(ada, (await ask(town, ada)).id, 42.0)
    goal = await town.answering.answer(ada, (await ask(town, ada)).id, "  To learn $more \n")

    assert (age.value, goal.value) == (42, "To learn $more")
    assert {each.value for each in await claims_of(town, ada)} == {42, "To learn $more"}


async def test_answer_of_the_person_goes_before_what_was_looked_up(town: Core) -> None:
    await publish(town, "welcome", set_draft(ROLE))
    profile, ada = await arrive(town)
    asked = await ask(town, ada)
    looked_up = await town.profiles.claims({"role": "ops"}, LOOK_UP)
    await town.profiles.write(profile.id, ProfileUpdate(claims=looked_up))

    answered = await town.answering.answer(ada, asked.id, "dev")

    known = await town.profiles.known_attributes(answered.profile)
    assert known["role"].value == "dev"
    assert len(known["role"].claims) == 2


# Twice, and at once


async def test_answer_sent_twice_counts_once(town: Core, clock: FakeClock) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    first = await town.answering.answer(ada, asked.id, "dev")
    clock.advance(timedelta(seconds=1))

    second = await town.answering.answer(ada, asked.id, "dev")

    assert result(second) == (first.outcome, first.value, True)
    assert second.profile == first.profile
    assert len(await claims_of(town, ada)) == len(await handled(town, ada)) == await changed(town, ada) == 1


async def test_second_answer_to_the_same_ask_does_not_replace_the_first(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    await town.answering.answer(ada, asked.id, "dev")

    second = await town.answering.answer(ada, asked.id, "ops")

    assert result(second) == (Outcome.ANSWERED, "dev", True)
    assert [each.value for each in await claims_of(town, ada)] == ["dev"]


async def test_of_twenty_answers_that_race_one_counts_and_all_hear_which(
    town: Core, clock: FakeClock
) -> None:
    await publish(town, "welcome", set_draft(AGE))
    _, ada = await arrive(town)
    asked = await ask(town, ada)
    towns = [town, build_core(town.database, clock)]

    results = await asyncio.gather(*(towns[n % 2].answering.answer(ada, asked.id, n) for n in range(20)))

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
        *(towns[n % 2].answering.skip(ada, asked.id) for n in range(10)),
        *(towns[n % 2].answering.answer(ada, asked.id, n) for n in range(10)),
    )

    assert len(await claims_of(town, ada)) == 1
    outcomes = [each["outcome"] for each in await handled(town, ada)]
    assert outcomes in (["answered"], ["skipped", "answered"])
    assert result(await town.answering.skip(ada, asked.id))[0] is Outcome.ANSWERED


# The log


async def test_outcome_is_logged_once_however_often_it_is_delivered(town: Core) -> None:
    await publish(town, "welcome", WELCOME)
    _, ada = await arrive(town)
    await town.answering.answer(ada, (await ask(town, ada)).id, "dev")
    (entry,) = await handled(town, ada)
    change = AskHandled(**{key: value for key, value in entry.items() if key != "kind"})

    for _ in range(3):
        await town.results.record(change)

    logged = await town.database["answers"].find().to_list(None)
    assert [(each["_id"], each["value"], each["outcome"]) for each in logged] == [
        (f"ans_{change.id.removeprefix('chg_')}", "dev", "answered")
    ]
