"""A worker as the command line starts it, but with a short lease, a slow source, and a log of effects.

With STUCK in its environment the source never answers: the worker says so and waits to be killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.model import ENRICH
from server.kit.jobs.retrying import RetrySchedule
from server.kit.jobs.service import JobQueue
from server.kit.relay import Relay
from server.profiles.changes import AttributesChanged
from server.reactions import reactions
from server.services import build_services
from server.services.enrichment import build_look_ups
from server.services.ground import lay_ground
from server.settings import read_settings
from server.worker import Worker, run_until_signalled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Enricher, Result
    from server.profiles.model import Value
    from server.services import Services

LEASE = timedelta(seconds=2)


def slow_enricher() -> Enricher:
    real = email_domain()

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        if "STUCK" in os.environ:
            sys.stdout.write("in hand\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
        await asyncio.sleep(0.05)  # as long as an ordinary request takes, so that kills find it under way
        return await real.look_up(inputs)

    return replace(real, look_up=look_up)


def quick_worker(services: Services) -> Worker:
    queue = JobQueue(
        store=services.stores.jobs,
        clock=services.clock,
        lease=LEASE,
        retries=RetrySchedule(first=timedelta(seconds=0.2)),
    )

    async def note_effect(change: AttributesChanged) -> None:
        if change.source.startswith("enricher:"):
            effect = {"profile_id": change.profile_id}
            await services.database["effects"].update_one({"_id": change.id}, {"$set": effect}, upsert=True)

    table = dict(reactions(services))
    table[AttributesChanged] = (*table[AttributesChanged], note_effect)
    relay = Relay(outboxes=services.stores.profiles, reactions=table, clock=services.clock)
    ground = lay_ground(services.settings, services.database, services.clock)
    slow = {each.key: each for each in (slow_enricher(),)}
    look_ups = build_look_ups(ground, lambda: slow, services.sources.callbacks.owe)
    return Worker(name=f"quick:{os.getpid()}", relay=relay, queue=queue, handlers={ENRICH: look_ups})


async def main() -> None:
    services = build_services(read_settings(os.environ))
    await run_until_signalled(quick_worker(services), services.database, services.watched)


if __name__ == "__main__":
    asyncio.run(main())
