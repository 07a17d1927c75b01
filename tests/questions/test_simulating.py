"""What a set would do, and why somebody is asked what they are asked: for admins, and without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.model import Gate, NextState
from tests.api import SEEDER
from tests.factories.questions import question_draft, set_draft

if TYPE_CHECKING:
    from tests.api import Api


async def test_draft_is_tried_on_the_people_there_are(api: Api) -> None:
    await api.publish("live", question_draft("goal"), question_draft("name"))
    for _ in range(3):
        await api.person()
    draft = set_draft(question_draft("goal"), question_draft("job_title"))
    created = await api.services.authoring.create(SEEDER, "trial", draft)

    found = await api.services.simulating.simulate(SEEDER, created.id, None, 100)

    assert found is not None
    assert (found.profiles, found.reached, found.asked_now) == (3, 3, 3)
    assert [(each.question_key, each.profiles) for each in found.first_asked] == [("goal", 3)]
    assert 0 < found.expected_fill <= 1
    assert [(each.set_key, each.attribute_keys) for each in found.collisions] == [("live", ("goal",))]


async def test_every_verdict_is_told_in_words(api: Api) -> None:
    await api.publish("work", question_draft("goal"), question_draft("job_title"), per_visit=2)
    await api.publish("later", question_draft("name"), from_login=3)
    person = await api.person()

    found = await api.services.explaining.explain(SEEDER, person.profile_id, "home")

    assert found is not None
    assert found.state is NextState.READY
    assert [(each.question.key, each.gate) for each, _ in found.verdicts] == [
        ("goal", None),
        ("job_title", None),
        ("name", Gate.TRIGGER),
    ]
    assert found.verdicts[0][1] == "It is asked now."
