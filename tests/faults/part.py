"""An API or a worker as the command line starts them, with a clock that jumps when told to.

`SIGUSR1` puts the clock forward, `SIGUSR2` back. A worker has a short lease, so that it is soon missed, finds
out soon that there is a new budget, and logs each result that was written.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from server.app import create_app
from server.kit.clock import system_clock
from server.kit.jobs.service import JobQueue
from server.kit.logs import set_up_logs
from server.kit.relay import Relay
from server.kit.roster import Roster
from server.kit.watching import load_at_last
from server.profiles.changes import AttributesChanged
from server.reactions import reactions
from server.services import build_services
from server.serving.server import listening, run_server
from server.settings import read_settings
from server.worker import Worker, run_until_signalled

if TYPE_CHECKING:
    from datetime import datetime

    from server.services import Services

LEASE = timedelta(seconds=5)
PAUSE = timedelta(seconds=1)  # of look-ups at a source whose budget is spent
JUMP = timedelta(minutes=1)  # far beyond the lease, so that all leases of others look lost


class JumpingClock:
    """The system's clock, and how far signals moved it."""

    def __init__(self) -> None:
        self._offset = timedelta()
        signal.signal(signal.SIGUSR1, lambda *_: self._jump(JUMP))
        signal.signal(signal.SIGUSR2, lambda *_: self._jump(-JUMP))

    def __call__(self) -> datetime:
        return system_clock() + self._offset

    def _jump(self, by: timedelta) -> None:
        self._offset += by


async def _work(services: Services) -> None:
    await load_at_last(services.sources.live.configured)

    async def note_effect(change: AttributesChanged) -> None:
        if change.source.startswith("enricher:"):
            effect = {"profile_id": change.profile_id, "source": change.source}
            await services.database["effects"].update_one({"_id": change.id}, {"$set": effect}, upsert=True)

    table = dict(reactions(services))
    table[AttributesChanged] = (*table[AttributesChanged], note_effect)
    name = f"worker:{os.getpid()}"
    roster = Roster(services.stores.roster, name)
    worker = Worker(
        name=name,
        relay=Relay(outboxes=services.stores.profiles, reactions=table, clock=services.clock, shares=roster),
        queue=JobQueue(store=services.stores.jobs, clock=services.clock, lease=LEASE, longest_pause=PAUSE),
        handlers=services.job_handlers,
        periodic=services.periodic,
    )
    await run_until_signalled(worker, services.database, services.watched)


def main(part: str) -> None:
    """Serve or work until told to end."""
    set_up_logs(is_readable=True, level="WARNING")
    settings = read_settings(os.environ)
    services = build_services(settings, clock=JumpingClock())
    if part == "serve":
        run_server(create_app(services), listening(settings.host, settings.port))
    else:
        asyncio.run(_work(services))


if __name__ == "__main__":
    main(sys.argv[1])
