"""What a person takes in the database, collection by collection: documents, and each of their indexes.

Everybody signs in, has 16 attributes and answers three questions, by the services; the worker did its part.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from server.kit.relay import Relay
from server.reactions import reactions
from server.services import build_services
from server.settings import read_settings
from server.worker import Worker
from tests.bench.figures import Figure
from tests.bench.people import prepare, production_environment, sign_in, viewer_of
from tests.bench.processes import spending

if TYPE_CHECKING:
    from server.access.model import ApiKey
    from server.kit.mongo import Database
    from server.services import Services
    from tests.bench.bench import Stage

_PEOPLE = int(os.environ.get("ACQUAINT_BENCH_PEOPLE", "1000"))


def measure(stage: Stage) -> Figure:
    """Return the bytes of a person before compression, against those of the files with all indexes."""
    return asyncio.run(_measured(stage))


async def _measured(stage: Stage) -> Figure:
    services = build_services(read_settings(production_environment(stage.mongod.url, "sizes", 1)))
    with contextlib.closing(services):
        key = await prepare(services)
        empty = await _sizes(services.database)
        with spending(stage.mongod, _PEOPLE) as told:
            for number in range(_PEOPLE):
                await _tell(services, key, f"subject-{number}")
        with spending(stage.mongod, _PEOPLE) as followed:
            await _worker(services).drain()
        await services.client.admin.command({"fsync": 1})  # files tell of what is written out alone
        full = await _sizes(services.database)
    more = {name: (size - empty.get(name, 0)) / _PEOPLE for name, size in full.items()}
    documents = sum(size for name, size in more.items() if name.endswith(".documents"))
    files = sum(size for name, size in more.items() if not name.endswith((".documents", ".count")))
    return Figure(
        bench="sizes",
        figure=documents,
        unit="B",
        against=files,
        more={
            "told_cpu_us": told.cpu_us,
            "told_mongod_cpu_us": told.mongod_cpu_us,
            "followed_cpu_us": followed.cpu_us,
            "followed_mongod_cpu_us": followed.mongod_cpu_us,
            **{name: size for name, size in more.items() if _is_worth_a_line(name, size)},
        },
    )


async def _tell(services: Services, key: ApiKey, subject: str) -> None:
    """Have somebody sign in and answer whatever is asked."""
    profile = await sign_in(services, key, subject)
    viewer = viewer_of(services, key, profile)
    while True:
        found = await services.profiles.find(profile.id)
        assert found is not None
        ask = (await services.questions.next_for(found, "home")).ask
        if ask is None:
            return
        options = () if ask.definition is None else ask.definition.options
        value = options[0].value if options else "Understand why people leave"
        await services.answering.answer(viewer, ask.id, value)


def _worker(services: Services) -> Worker:
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    return Worker(name="sizes", relay=relay, queue=services.queue, handlers=services.job_handlers)


def _is_worth_a_line(name: str, size: float) -> bool:
    """Leave out what does not grow with people."""
    return size >= (0.5 if name.endswith(".count") else 1)


async def _sizes(database: Database) -> dict[str, float]:
    """Return bytes by what they are for; `.count` is how many documents there are."""
    sizes: dict[str, float] = {}
    for name in await database.list_collection_names():
        told = await database.command("collStats", name)
        sizes[f"{name}.count"] = told["count"]
        sizes[f"{name}.documents"] = told["size"]
        sizes[f"{name}.stored"] = told["storageSize"]
        sizes |= {f"{name}.{index}": size for index, size in told["indexSizes"].items()}
    return sizes
