"""What one process publishes, the others ask: within a second, and without a request that fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from server.kit.clock import system_clock
from tests.api import SEEDER, running_api, settings_for
from tests.factories.questions import question_draft, set_draft

if TYPE_CHECKING:
    from server.kit.mongo import Database

NEXT = "{ nextQuestion { ask { question { prompt } } } }"
SECOND = 1.0


async def test_published_revision_reaches_every_process_within_a_second(
    mongodb_url: str, database: Database
) -> None:
    settings = settings_for(mongodb_url, database.name)
    async with running_api(settings, system_clock) as one, running_api(settings, system_clock) as other:
        published = await one.publish("work", question_draft("job_title", prompt="Old?"))
        person = await other.person()
        draft = set_draft(question_draft("job_title", prompt="New?"))
        updated = await one.services.authoring.update(SEEDER, published.id, published.version, draft)
        await one.services.authoring.publish(SEEDER, updated.id, updated.version)
        since = time.monotonic()

        prompts = []
        while time.monotonic() - since < SECOND and "New?" not in prompts:
            found = (await other.data(NEXT, by=person))["nextQuestion"]
            prompts.append(found["ask"]["question"]["prompt"])

    assert prompts[-1] == "New?"
    assert set(prompts) <= {"Old?", "New?"}
