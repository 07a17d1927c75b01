"""A worker with a short lease; with STUCK_AT in its environment it stops at that write of a privacy job.

It says so and waits to be killed: `kill -9` finds it in the middle.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta

from server.kit.jobs.service import JobQueue
from server.kit.relay import Relay
from server.reactions import reactions
from server.services import build_services
from server.settings import read_settings
from server.worker import Worker, run_until_signalled
from tests.privacy.crashing import Fate, mortal_services


@dataclass
class Standstill(Fate):
    """Stops the whole process at one write."""

    def strike(self) -> None:
        self.count += 1
        if self.count == self.at:
            sys.stdout.write("in hand\n")
            sys.stdout.flush()
            threading.Event().wait()


async def main() -> None:
    """Work until killed."""
    services = build_services(read_settings(os.environ))
    doomed = mortal_services(services, Standstill(at=int(os.environ.get("STUCK_AT", "0"))))
    queue = JobQueue(store=services.stores.jobs, clock=services.clock, lease=timedelta(seconds=2))
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    worker = Worker(name=f"privacy:{os.getpid()}", relay=relay, queue=queue, handlers=doomed.job_handlers)
    await run_until_signalled(worker, services.database, services.watched)


if __name__ == "__main__":
    asyncio.run(main())
