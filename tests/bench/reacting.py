"""Whether one worker follows what one API takes: answers to one question that everybody is asked."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from server.access.model import KeyId, Viewer, ViewerKind
from server.kit.relay import Relay
from server.reactions import reactions
from server.services import build_services
from server.settings import read_settings
from server.worker import Worker
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.people import ORIGIN, production_environment, settle_people
from tests.bench.processes import spending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.services import Services
    from tests.bench.bench import Stage
    from tests.bench.people import Person

_PEOPLE = 4_000
_AT_ONCE = 32
_NAME = "reacting"


def measure(stage: Stage) -> Figure:
    """Return the answers a second that a worker logs and counts, against those that the services take."""
    environ = production_environment(stage.mongod.url, _NAME, 1)
    people = settle_people(environ, _PEOPLE)
    return asyncio.run(_measured(stage, environ, people))


async def _measured(stage: Stage, environ: dict[str, str], people: Sequence[Person]) -> Figure:
    services = build_services(read_settings(environ))
    with contextlib.closing(services):
        await services.questions.live.refresh()
        with spending(stage.mongod, _PEOPLE) as given:
            await _answer(services, people)
        with spending(stage.mongod, _PEOPLE) as reacted:
            await _react(services)
        logged = await services.database["answers"].count_documents({"outcome": "answered"})
    if logged != _PEOPLE:
        raise BenchError(f"{logged} of {_PEOPLE} answers were logged.")
    more = {"cpu_us": reacted.cpu_us, "mongod_cpu_us": reacted.mongod_cpu_us}
    return Figure(bench=_NAME, figure=reacted.rate, unit="answers/s", against=given.rate, more=more)


async def _answer(services: Services, people: Sequence[Person]) -> None:
    left = iter(people)

    async def somebody() -> None:
        for each in left:
            viewer = Viewer(
                kind=ViewerKind.PERSON, key_id=KeyId("key_bench"), origin=ORIGIN, profile_id=each.profile_id
            )
            await services.answering.answer(viewer, each.ask_id, each.options[0])

    await asyncio.gather(*(somebody() for _ in range(_AT_ONCE)))


async def _react(services: Services) -> None:
    table, profiles, jobs = reactions(services), services.stores.profiles, services.database["jobs"]
    relay = Relay(outboxes=profiles, reactions=table, clock=services.clock)
    worker = Worker(name="bench", relay=relay, queue=services.queue, handlers=services.job_handlers)
    kinds = [each.kind for each in table]
    running = asyncio.create_task(worker.run(services.database))
    while (  # noqa: ASYNC110 - as another process would look
        await profiles.pending_outboxes(1, kinds=kinds, resting=()) or await jobs.find_one({"live": True})
    ):
        await asyncio.sleep(0.02)  # nobody tells when the last of them is done
    worker.stop()
    await running
