"""`acquaint migrate`: what it would do, and doing it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from server.command_line import noted, with_services
from server.local import remembered_environment
from server.migrations.model import Act, IndexStep

if TYPE_CHECKING:
    from server.migrations.model import Plan, RewriteStep
    from server.services import Services

_LEFT = "of another version; --drop removes it once no process of that version runs"


@click.command(
    help="Bring indexes and documents to what this version wants, while it and the last one serve."
)
@click.option("--plan", "only_plans", is_flag=True, help="Only print what would be done.")
@click.option("--drop", "drops", is_flag=True, help="Drop indexes that this version does not know, too.")
def migrate(*, only_plans: bool, drops: bool) -> None:
    """Print the plan, then what is done of it."""
    environ = {**remembered_environment(), **os.environ}
    command = _Migrate(drops)
    if only_plans:
        with_services(command.plan, environ)
    else:
        with_services(noted("migrate", command), environ, is_patient=True)


@dataclass(frozen=True, slots=True)
class _Migrate:
    drops: bool

    async def plan(self, services: Services) -> None:
        """Print what would be done."""
        click.echo("\n".join(lines(await services.migrations.plan(drops=self.drops))))

    async def __call__(self, services: Services) -> None:
        """Print what would be done, and what is done of it on standard error."""
        await self.plan(services)
        await services.migrations.run(_tell, drops=self.drops)
        click.echo("Done.")


def lines(plan: Plan) -> list[str]:
    """Return the plan for eyes: a line for each step, with about how long it takes."""
    steps: list[IndexStep | RewriteStep] = [*plan.indexes, *plan.rewrites, *plan.drops]
    if not steps:
        return ["Nothing is to be done: the database is as this version wants it."]
    lasts = sum((each.lasts for each in steps), timedelta())
    return [*map(_line, steps), f"All in all about {_about(lasts)}."]


def _line(step: IndexStep | RewriteStep) -> str:
    if not isinstance(step, IndexStep):
        what = f"rewrite  {step.migration.collection}  {step.migration.key}: {step.migration.why}"
    elif step.act is Act.LEAVE:
        return f"leave    {step.collection}.{step.name}  {_LEFT}"
    else:
        what = f"{step.act.value:8} {step.collection}.{step.name}"
    return f"{what}  {step.documents:,} documents, about {_about(step.lasts)}"


def _about(lasts: timedelta) -> str:
    seconds = lasts.total_seconds()
    if seconds < 1:
        return "a second"
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"  # noqa: PLR2004


def _tell(step: IndexStep | RewriteStep, documents: int) -> None:
    name = f"{step.collection}.{step.name}" if isinstance(step, IndexStep) else step.migration.key
    click.echo(f"{name}: {documents:,} of {step.documents:,} documents", file=sys.stderr)
