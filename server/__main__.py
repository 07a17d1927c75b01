"""The command line: `python -m server …`, installed as `acquaint`."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.app import create_watched
from server.bulk.commands import ExportAnswersCommand, ExportCommand, ImportCommand
from server.bulk.documents import AddDocumentsCommand, RemoveDocumentCommand
from server.bulk.importing import ImportOptions
from server.command_line import built_services, given_settings, noted, with_services
from server.demo.page import create_demo
from server.demo.seed import seed_demo
from server.doctor import Doctor
from server.graphql.permissions import permissions_page
from server.graphql.schema import print_schema
from server.keeping import COMMANDS
from server.kit.logs import set_up_logs
from server.kit.relay import Relay
from server.kit.watching import load_at_last
from server.local import remembered_environment, run_local
from server.reactions import reactions
from server.serve import serve, serve_as
from server.serving.server import listening, run_server, served_beside
from server.settings.files import with_files
from server.worker import Worker, run_until_signalled

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from server.access.model import NewKey
    from server.services import Services


@click.group(help="Acquaint gets to know your users a little at a time. Settings are environment variables.")
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


main.add_command(serve)
main.add_command(serve_as)


@main.command(help="Do the durable work: relay what was announced, run jobs.")
def worker() -> None:
    """Run a worker process until SIGTERM or Ctrl-C."""
    with_services(_work)


@main.command(
    help="Do what `migrate` does; make standard attributes and a first admin key; in development, the demo."
)
def setup() -> None:
    """Print what was made, one JSON object a line; does nothing twice."""
    with_services(_set_up, is_patient=True)


@main.command(help="Set up and start everything on this machine: what `make run` calls.")
def dev() -> None:
    """Run MongoDB, API, worker and demo until Ctrl-C."""
    sys.exit(run_local(os.environ))


@main.command(help="Serve the demo page and its identity provider. Development only.")
def demo() -> None:
    """Run the demo process until SIGTERM or Ctrl-C."""
    settings = given_settings()
    if not settings.is_development:
        raise click.ClickException("The demo runs in development only: anybody can sign in as anybody there.")
    host, _, port = settings.demo_url.partition("://")[2].partition(":")
    run_server(create_demo(built_services(settings)), listening(host, int(port or 80)))


@main.command(help="Look whether everything is set up as it should be, and say what to do where it is not.")
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


@main.command(help="Print the GraphQL schema.")
def schema() -> None:
    """Print what lies in schema.graphql."""
    click.echo(print_schema(), nl=False)


@main.command(help="Print who may use what of the schema, as Markdown.")
def permissions() -> None:
    """Print what lies in docs/permissions.md."""
    click.echo(permissions_page(), nl=False)


@main.command("admin-key", help="Make another admin key; beside `make run`, for that.")
@click.option("--name", default="Made on the command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3_650), help="After how many days it ends.  [never]")
def admin_key(name: str, days: int | None) -> None:
    """Print the key, this once."""

    async def make(services: Services) -> None:
        lasts = None if days is None else timedelta(days=days)
        _print_admin_key(await services.access.create_admin_key(name, lasts=lasts))

    with_services(noted("admin-key", make), {**remembered_environment(), **os.environ})


@main.command("import", help="Import people from FILE, .csv with a header or .jsonl.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "pairs", multiple=True, metavar="COLUMN=KEY", help="What a column fills.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Where refused rows go.  [FILE.rejects.jsonl]"
)
@click.option("--encoding", default="utf-8", show_default=True, help="The file's encoding.")
@click.option("--dry-run", is_flag=True, help="Check every row and write nothing.")
@click.option("--again", is_flag=True, help="Take a file that was imported before once more.")
@click.option("--bring-back-erased", is_flag=True, help="Take people too who were erased here.")
def import_(
    file: Path,
    pairs: tuple[str, ...],
    rejects: Path | None,
    encoding: str,
    *,
    dry_run: bool,
    again: bool,
    bring_back_erased: bool,
) -> None:
    """Import a file with a progress bar."""
    options = ImportOptions(
        file=file,
        rejects=rejects or file.with_name(f"{file.name}.rejects.jsonl"),
        renamed=dict(_pair(pair) for pair in pairs),
        encoding=encoding,
        is_dry_run=dry_run,
        is_again=again,
        brings_back=bring_back_erased,
    )
    with_services(noted("import", ImportCommand(options)), {**remembered_environment(), **os.environ})


@main.command("import-areas", help="Bring in the US Census' incomes by area: of FILE, else from the Census.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--year", type=int, required=True, help="The year of the five-year survey, such as 2023.")
def import_areas(file: Path | None, year: int) -> None:
    """Print how many areas have a figure; the key of the Census is in ACQUAINT_CENSUS_KEY."""
    given = None if file is None else file.read_bytes()

    async def bring_in(services: Services) -> None:
        areas = services.sources.areas
        key = with_files(os.environ).get("ACQUAINT_CENSUS_KEY", "")
        content = await areas.fetch(year, key) if given is None else given
        click.echo(f"{await areas.bring_in(content, year)} areas have a figure for {year}.")
        await services.sources.live.close()

    with_services(noted("import-areas", bring_in), {**remembered_environment(), **os.environ})


@main.command(help="Export every profile to FILE, as CSV or JSON Lines by its ending.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Export to a file with a progress bar."""
    with_services(noted("export", ExportCommand(file)), {**remembered_environment(), **os.environ})


@main.command("export-answers", help="Export what people were asked and said to FILE, .csv or .jsonl.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--set", "set_key", metavar="KEY", help="Only of this question set.")
def export_answers(file: Path, set_key: str | None) -> None:
    """Export the answer log with a progress bar."""
    command = ExportAnswersCommand(file, set_key)
    with_services(noted("export-answers", command), {**remembered_environment(), **os.environ})


@main.group(help="The documents that pages may have executed (ACQUAINT_TRUSTED_DOCUMENTS_ONLY).")
def documents() -> None:
    """Group the commands below."""


@documents.command("add", help="Trust the documents in FILES: .graphql, or .json as builds of apps write it.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def add_documents(files: tuple[Path, ...]) -> None:
    """Check each and store all, or none."""
    command = AddDocumentsCommand(files)
    with_services(noted("add-documents", command), {**remembered_environment(), **os.environ})


@documents.command("remove", help="Trust the document of this SHA-256 no longer.")
@click.argument("sha256")
def remove_document(sha256: str) -> None:
    """Forget it."""
    command = RemoveDocumentCommand(sha256)
    with_services(noted("remove-document", command), {**remembered_environment(), **os.environ})


for command in COMMANDS:
    main.add_command(command)


def _pair(text: str) -> tuple[str, str]:
    column, _, key = text.rpartition("=")
    if not column or not key:
        raise click.BadParameter(f"{text!r} is not COLUMN=KEY.", param_hint="--map")
    return column, key


async def _work(services: Services) -> None:
    await load_at_last(
        services.sources.live.configured
    )  # or the first plans would miss what admins configured
    relay = Relay(
        outboxes=services.stores.profiles,
        reactions=reactions(services),
        clock=services.clock,
        instruments=services.instruments,
    )
    name = f"{socket.gethostname()}:{os.getpid()}"
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


if __name__ == "__main__":
    main()
