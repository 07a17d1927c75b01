"""`acquaint setup`, `acquaint admin-key` and `acquaint doctor`."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from server.command_line import noted, with_services
from server.demo.seed import seed_demo
from server.doctor import Doctor
from server.local import remembered_environment

if TYPE_CHECKING:
    from server.access.model import NewKey
    from server.services import Services


@click.command(
    help="Do what `migrate` does; make standard attributes and a first admin key; in development, the demo."
)
def setup() -> None:
    """Print what was made, one JSON object a line; does nothing twice."""
    with_services(_set_up, is_patient=True)


@click.command("admin-key", help="Make another admin key; beside `make run`, for that.")
@click.option("--name", default="Made on the command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3_650), help="After how many days it ends.  [never]")
def admin_key(name: str, days: int | None) -> None:
    """Print the key, this once."""

    async def make(services: Services) -> None:
        lasts = None if days is None else timedelta(days=days)
        _print_admin_key(await services.access.create_admin_key(name, lasts=lasts))

    with_services(noted("admin-key", make), {**remembered_environment(), **os.environ})


@click.command(help="Look whether everything is set up as it should be, and say what to do where it is not.")
@click.option("--dial", is_flag=True, help="Ask the sign-in providers for their discovery documents too.")
def doctor(*, dial: bool) -> None:
    """Print what is wrong, and end with 1 where anything is."""

    async def examine(services: Services) -> None:
        findings = await Doctor(services, dials=dial).findings()
        for each in findings:
            click.echo(str(each))
        await services.identity.close()
        if any(each.is_grave for each in findings):
            raise click.exceptions.Exit(1)
        click.echo("Nothing is in the way of serving.")

    with_services(examine, {**remembered_environment(), **os.environ})


async def _set_up(services: Services) -> None:
    await services.migrations.run(lambda _step, _documents: None, waits=True)
    await services.attributes.ensure_standard_attributes()
    if services.settings.is_development:
        key = await seed_demo(services)
        click.echo(json.dumps({"kind": "publishable_key", "token": key.token}))
    made = await services.access.create_first_admin_key()
    if made is None:
        note = "was printed when it was made; `acquaint admin-key` makes another"
        click.echo(json.dumps({"kind": "admin_key", "note": note}))
    else:
        _print_admin_key(made)


def _print_admin_key(made: NewKey) -> None:
    click.echo(json.dumps({"kind": "admin_key", "token": made.token}))
