"""`acquaint reseal`: the end of a secret that another took the place of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from server.command_line import noted, with_services
from server.local import remembered_environment

if TYPE_CHECKING:
    from server.services import Services


@click.command(help="Seal anew, with the present secret, what one before it sealed.")
def reseal() -> None:
    """Print of how many things that was; a second time it is none."""
    with_services(noted("reseal", _reseal), {**remembered_environment(), **os.environ})


async def _reseal(services: Services) -> None:
    counts = [f"{await each.renew()} {name}" for name, each in services.stores.sealed.items()]
    click.echo(f"Sealed anew: {', '.join(counts)}.")
