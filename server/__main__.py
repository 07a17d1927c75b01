"""The command line: `python -m server …`, installed as `acquaint`."""

from __future__ import annotations

import os
from importlib import import_module
from typing import cast

import click

from server.kit.logs import set_up_logs

_COMMANDS = {
    "admin-key": "server.commands.setting_up:admin_key",
    "backup": "server.keeping.backups:backup",
    "backup-key": "server.keeping.backups:backup_key",
    "demo": "server.commands.developing:demo",
    "dev": "server.commands.developing:dev",
    "doctor": "server.commands.setting_up:doctor",
    "documents": "server.commands.trusting:documents",
    "export": "server.commands.moving:export",
    "export-answers": "server.commands.moving:export_answers",
    "import": "server.commands.moving:import_",
    "import-areas": "server.commands.moving:import_areas",
    "migrate": "server.keeping.migrations:migrate",
    "permissions": "server.commands.printing:permissions",
    "reseal": "server.keeping.resealing:reseal",
    "restore": "server.keeping.backups:restore",
    "schema": "server.commands.printing:schema",
    "serve": "server.serve:serve",
    "serve-as": "server.serve:serve_as",
    "setup": "server.commands.setting_up:setup",
    "worker": "server.commands.working:worker",
}


class _Commands(click.Group):
    """Imports a command when it is called for: no process holds in memory what only others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, as they are printed."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name."""
        del ctx
        module, _, name = _COMMANDS.get(cmd_name, "").partition(":")
        return cast("click.Command", getattr(import_module(module), name)) if module else None


@click.group(
    cls=_Commands,
    help="Acquaint gets to know your users a little at a time. Settings are environment variables.",
)
@click.option(
    "--log-level",
    type=click.Choice(["info", "warning", "error"]),
    envvar="ACQUAINT_LOG_LEVEL",
    default="info",
    show_default=True,
    help="From which level on lines are logged.",
)
def main(log_level: str) -> None:
    """Run one of the commands below."""
    set_up_logs(is_readable=os.environ.get("ACQUAINT_ENVIRONMENT") == "development", level=log_level.upper())


if __name__ == "__main__":
    main()
