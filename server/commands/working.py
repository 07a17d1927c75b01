"""`acquaint worker`."""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from server.app import create_watched
from server.command_line import with_services
from server.kit.relay import Relay
from server.kit.roster import Roster
from server.kit.watching import load_at_last
from server.reactions import reactions
from server.serving.server import served_beside
from server.worker import Worker, run_until_signalled

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from server.services import Services


@click.command(help="Do the durable work: relay what was announced, run jobs.")
def worker() -> None:
    """Run a worker process until SIGTERM or Ctrl-C."""
    with_services(_work)


async def _work(services: Services) -> None:
    await load_at_last(
        services.sources.live.configured
    )  # or the first plans would miss what admins configured
    await services.migrations.tell_due()
    name = f"{socket.gethostname()}:{os.getpid()}"
    relay = Relay(
        outboxes=services.stores.profiles,
        reactions=reactions(services),
        clock=services.clock,
        instruments=services.instruments,
        shares=Roster(services.stores.roster, name),
    )
    worker = Worker(
        name=name,
        relay=relay,
        queue=services.queue,
        handlers=services.job_handlers,
        periodic=services.periodic,
        instruments=services.instruments,
    )
    async with _watched(services):
        await run_until_signalled(worker, services.database, services.watched)


def _watched(services: Services) -> AbstractAsyncContextManager[None]:
    """Let others see how a worker is, where the settings say at which port."""
    settings = services.settings
    if settings.worker_port is None:
        return nullcontext()
    return served_beside(create_watched(services), settings.host, settings.worker_port)
