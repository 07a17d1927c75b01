"""What needs a consent is neither asked without it nor kept once it was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.consent.model import ConsentState, PurposeSpec
from server.profiles.consenting import Consenting
from server.profiles.service import QUIET
from server.questions.errors import UnknownAskError
from server.questions.model import QuestionKind
from tests.factories.access import ADMIN
from tests.factories.profiles import spec
from tests.factories.questions import question_draft, set_draft
from tests.questions.town import arrive, ask, asked_for, claims_of, handled, publish

if TYPE_CHECKING:
    from server.access.model import Viewer
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
