"""A question that a look-up may answer waits for it, but not for long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.enrichment.model import ENRICH, EnrichmentState, LookUpState
from server.enrichment.states import state_fields
from server.enrichment.waiting import running
from server.kit.clock import system_clock
from server.kit.ids import new_id
from server.kit.jobs.model import JobId
from server.kit.relay import Relay
from server.profiles.model import PersonAccess
from server.reactions import reactions
from tests.api import SEEDER
from tests.enrichment.stage import enricher
from tests.factories.profiles import NOW, profile
from tests.factories.questions import question_draft
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from tests.api import Api, Person

NEXT = "{ nextQuestion { state until ask { question { key } } } }"
PATIENCE = timedelta(seconds=10)


@pytest.fixture
def clock() -> FakeClock:
    """The clock of the API, at the present: tokens end by it."""
    return FakeClock(system_clock())


async def relayed(api: Api) -> None:
    """Let follow what was announced, as the worker does: the look-up is planned, and its job made."""
    services = api.services
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    while await relay.deliver():
        pass


async def looked_up(api: Api) -> None:
    """Do the one look-up, as the worker does."""
    job = await api.services.queue.claim({ENRICH}, "worker")
    assert job is not None
    await api.services.job_handlers[ENRICH].run(job)


async def next_question(api: Api, person: Person) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(NEXT, by=person))["nextQuestion"]
    return found


def ready(key: str) -> dict[str, Any]:
    return {"state": "READY", "until": None, "ask": {"question": {"key": key}}}


@pytest.fixture
async def work(api: Api) -> Api:
    """The API with a set that asks for the domain of a company, which a look-up may tell."""
    attributes = api.services.attributes
    domain = (await api.services.profiles.catalogue.current()).get("company_domain")
    await attributes.update(
        SEEDER, domain.id, domain.version, lambda known: replace(known, person_access=PersonAccess.READWRITE)
    )
    await api.publish("work", question_draft("company_domain"), patience=PATIENCE)
    return api


async def somebody_at(work: Api, subject: str, address: str) -> Person:
    """Return somebody whose address an app tells: what a provider tells is looked up within the sign-in."""
    person = await work.signed_in(subject)
    known = {"email": address}
    await work.services.claiming.set_attributes(SEEDER, person.profile_id, known, may_create=False)
    return person


@pytest.fixture
async def ada(work: Api) -> Person:
    """Somebody whose e-mail address tells it."""
    return await somebody_at(work, "ada", "ada@analytical-engines.com")


async def test_look_up_that_may_answer_is_waited_for_and_then_the_question_is_asked(
    api: Api, ada: Person, clock: FakeClock
) -> None:
    planned_at = clock()
    await relayed(api)

    waiting = await next_question(api, ada)
    clock.advance(PATIENCE - timedelta(milliseconds=1))
    still = await next_question(api, ada)
    clock.advance(timedelta(milliseconds=1))

    assert (waiting["state"], waiting["ask"]) == ("WAITING", None)
    assert datetime.fromisoformat(waiting["until"]) == planned_at + PATIENCE
    assert still == waiting
    assert await next_question(api, ada) == ready("company_domain")


async def test_what_the_look_up_found_is_not_asked(api: Api, ada: Person) -> None:
    await relayed(api)

    await looked_up(api)

    assert await next_question(api, ada) == {"state": "DONE", "until": None, "ask": None}


async def test_look_up_that_found_nothing_leaves_the_question(work: Api) -> None:
    eve = await somebody_at(work, "eve", "eve@gmail.com")
    await relayed(work)
    before = await next_question(work, eve)

    await looked_up(work)

    assert before["state"] == "WAITING"
    assert await next_question(work, eve) == ready("company_domain")


@pytest.mark.parametrize("state", EnrichmentState)
def test_only_a_look_up_on_its_way_is_waited_for(state: EnrichmentState) -> None:
    job = JobId(new_id("job", NOW))
    entry = LookUpState(state=state, at=NOW + PATIENCE, job_id=job, fence=1, input_hash="")
    (document,) = state_fields("oracle", entry).values()
    asked = replace(profile(), enrichments={"oracle": document, "gone": document})

    found = running(asked, {"oracle": enricher()})

    on_its_way = {EnrichmentState.QUEUED, EnrichmentState.RUNNING, EnrichmentState.AWAITING_PROVIDER}
    assert found == ({"job_title": NOW} if state in on_its_way else {})
