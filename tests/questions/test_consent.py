"""What needs a consent is neither asked without it nor kept once it was taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from server.consent.model import ConsentState, PurposeEdit, PurposeSpec
from server.profiles.consenting import Consenting
from server.profiles.model import ProfileId
from server.profiles.service import QUIET
from server.questions.asks import ask_id, read_ask
from server.questions.errors import UnknownAskError
from server.questions.model import QuestionKind
from tests.factories.access import ADMIN
from tests.factories.profiles import spec
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import arrive, ask, asked_for, claims_of, handled, publish

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.consent.model import Consent
    from tests.core import Core
    from tests.fakes import FakeClock

GRANTED, WITHDRAWN = ConsentState.GRANTED, ConsentState.WITHDRAWN


@pytest.fixture
async def clinic(core: Core) -> Core:
    """A core that asks for an allergy, which needs a consent, and then for a nickname, which needs none."""
    purpose = PurposeSpec(
        key="care", name="Care", description="To care.", text="May we know to care for you?"
    )
    await core.consents.define(ADMIN, purpose)
    await core.attributes.define(ADMIN, spec("allergy", purpose="care"))
    await core.attributes.define(ADMIN, spec("nickname"))
    await publish(core, "care", set_draft(question_draft("allergy"), question_draft("nickname")))
    return core


async def say(core: Core, viewer: Viewer, state: ConsentState, clock: FakeClock) -> None:
    consenting = Consenting(profiles=core.profiles, consents=core.consents, clock=clock)
    await consenting.record(viewer, None, "care", state)


async def test_what_needs_a_consent_is_asked_once_it_is_given(clinic: Core, clock: FakeClock) -> None:
    _, ada = await arrive(clinic)
    before = await asked_for(clinic, ada)

    await say(clinic, ada, GRANTED, clock)

    assert before == "nickname"
    assert await asked_for(clinic, ada) == "allergy"


async def test_answer_is_kept_nowhere_once_the_consent_is_taken_back(clinic: Core, clock: FakeClock) -> None:
    _, ada = await arrive(clinic)
    await say(clinic, ada, GRANTED, clock)
    asked = await ask(clinic, ada)

    await say(clinic, ada, WITHDRAWN, clock)

    with pytest.raises(UnknownAskError):
        await clinic.answering.answer(ada, asked.id, "Nuts")
    assert await claims_of(clinic, ada) == []
    assert await handled(clinic, ada) == []


@pytest.mark.parametrize("refusal", [WITHDRAWN, ConsentState.DENIED])
async def test_leave_that_arrives_after_a_refusal_is_not_given(
    clinic: Core, clock: FakeClock, refusal: ConsentState
) -> None:
    draft = set_draft(question_draft("may_we", QuestionKind.CONSENT, purpose="care"), priority=9)
    await publish(clinic, "leave", draft)
    profile, ada = await arrive(clinic)
    asked = await ask(clinic, ada)

    await say(clinic, ada, refusal, clock)

    with pytest.raises(UnknownAskError):
        await clinic.answering.answer(ada, asked.id, value=True)
    after = await clinic.profiles.find(profile.id)
    assert after is not None
    assert after.consents["care"].state is refusal


async def test_refused_answer_is_not_told_as_an_earlier_outcome(clinic: Core, clock: FakeClock) -> None:
    _, ada = await arrive(clinic)
    await say(clinic, ada, GRANTED, clock)
    await clinic.answering.skip(ada, (await ask(clinic, ada)).id)
    clock.advance(QUIET)
    await arrive(clinic)
    asked = await ask(clinic, ada)

    await say(clinic, ada, WITHDRAWN, clock)

    with pytest.raises(UnknownAskError):
        await clinic.answering.answer(ada, asked.id, "Nuts")
    assert await claims_of(clinic, ada) == []


async def test_skipping_needs_no_consent(clinic: Core, clock: FakeClock) -> None:
    _, ada = await arrive(clinic)
    await say(clinic, ada, GRANTED, clock)
    asked = await ask(clinic, ada)
    await say(clinic, ada, WITHDRAWN, clock)

    skipped = await clinic.answering.skip(ada, asked.id)

    assert not skipped.is_replay


# Whoever agrees agrees to what they read


LEAVE = question_draft("may_we", QuestionKind.CONSENT, purpose="care")
NEW_TEXT = PurposeEdit(text="May we know to care for you, and tell the pharmacy?")


async def said(core: Core, viewer: Viewer, purpose: str = "care") -> Consent:
    """Return what the profile holds, which is what was announced for the log."""
    profile = await core.profiles.find(ProfileId(viewer.profile_id or ""))
    assert profile is not None
    consent = profile.consents[purpose]
    outbox = await core.outbox(profile.id)
    told = [each for each in outbox if each["kind"] == "consent.recorded"][-1]
    assert (told["purpose"], told["text_version"]) == (purpose, consent.text_version)
    return consent


@pytest.mark.parametrize("is_given", [True, False])
async def test_answer_names_the_text_that_was_read_and_not_the_one_in_force(
    clinic: Core, *, is_given: bool
) -> None:
    await publish(clinic, "leave", set_draft(LEAVE, priority=9))
    _, ada = await arrive(clinic)
    asked = await ask(clinic, ada)

    await clinic.consents.update(ADMIN, "care", NEW_TEXT)
    answered = await clinic.answering.answer(ada, asked.id, value=is_given)

    assert (await said(clinic, ada)).text_version == 1
    assert (
        answered.notice == "Its text has changed since it was asked; the answer was kept for the text shown."
    )


async def test_foreseen_question_names_the_text_that_it_showed(clinic: Core) -> None:
    draft = set_draft(question_draft("nickname"), LEAVE, per_visit=2, priority=9)
    await publish(clinic, "leave", draft)
    _, ada = await arrive(clinic)
    first = await ask(clinic, ada)
    foreseen = first.following
    assert foreseen is not None

    await clinic.consents.update(ADMIN, "care", NEW_TEXT)
    await clinic.answering.answer(ada, first.id, "Countess")
    instead = await ask(clinic, ada)
    await clinic.answering.answer(ada, foreseen.id, value=True)

    assert instead.id != foreseen.id  # so that the widget shows the text in force
    assert (await said(clinic, ada)).text_version == 1


async def test_leave_for_a_text_that_needs_renewal_does_not_count_and_is_asked_for_anew(
    clinic: Core, clock: FakeClock
) -> None:
    await publish(clinic, "leave", set_draft(LEAVE, priority=9))
    _, ada = await arrive(clinic)
    asked = await ask(clinic, ada)

    await clinic.consents.update(ADMIN, "care", replace(NEW_TEXT, needs_renewal=True))
    await clinic.answering.answer(ada, asked.id, value=True)
    clock.advance(QUIET)
    await arrive(clinic)
    anew = await ask(clinic, ada)
    await clinic.answering.answer(ada, anew.id, value=True)

    assert anew.wording.consent is not None
    assert anew.wording.consent.text == NEW_TEXT.text
    assert (await said(clinic, ada)).text_version == 2
    assert await asked_for(clinic, ada) == "allergy"


async def test_leave_for_an_older_text_does_not_take_the_place_of_leave_for_a_newer_one(
    clinic: Core, clock: FakeClock
) -> None:
    await publish(clinic, "leave", set_draft(LEAVE, priority=9))
    _, ada = await arrive(clinic)
    asked = await ask(clinic, ada)
    await clinic.consents.update(ADMIN, "care", NEW_TEXT)
    await say(clinic, ada, GRANTED, clock)

    with pytest.raises(UnknownAskError):
        await clinic.answering.answer(ada, asked.id, value=True)

    assert (await said(clinic, ada)).text_version == 2


async def test_answer_is_about_the_purpose_that_was_read_whatever_its_question_is_about_now(
    clinic: Core,
) -> None:
    ads = PurposeSpec(key="ads", name="Ads", description="To advertise.", text="May we advertise?")
    await clinic.consents.define(ADMIN, ads)
    published = await publish(clinic, "leave", set_draft(LEAVE, priority=9))
    _, ada = await arrive(clinic)
    asked = await ask(clinic, ada)

    other = set_draft(replace(LEAVE, purpose="ads"), priority=9)
    updated = await clinic.authoring.update(ADMIN, published.id, published.version, other)
    await clinic.authoring.publish(ADMIN, published.id, updated.version)
    answered = await clinic.answering.answer(ada, asked.id, value=True)

    assert answered.profile.consents.keys() == {"care"}
    assert answered.notice == "This question is no longer asked; the answer was kept."


async def test_ask_that_does_not_tell_what_it_showed_gives_no_leave(clinic: Core) -> None:
    await publish(clinic, "leave", set_draft(LEAVE, priority=9))
    profile, ada = await arrive(clinic)
    asked = await ask(clinic, ada)
    facts = read_ask(clinic.questions.keys, profile.id, asked.id)
    silent = ask_id(clinic.questions.keys[0], profile.id, replace(facts, text_version=0))

    with pytest.raises(UnknownAskError):
        await clinic.answering.answer(ada, silent, value=True)
    after = await clinic.profiles.find(profile.id)
    assert after is not None
    assert after.consents == {}
