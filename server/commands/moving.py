"""`acquaint import`, `acquaint export` and what is like them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.bulk.commands import ExportAnswersCommand, ExportCommand, ImportCommand
from server.bulk.importing import ImportOptions
from server.command_line import noted, with_services
from server.local import remembered_environment
from server.settings.files import with_files

if TYPE_CHECKING:
    from server.services import Services


@click.command("import", help="Import people from FILE, .csv with a header or .jsonl.")
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


@click.command("import-areas", help="Bring in the US Census' incomes by area: of FILE, else from the Census.")
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


@click.command(help="Export every profile to FILE, as CSV or JSON Lines by its ending.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Export to a file with a progress bar."""
    with_services(noted("export", ExportCommand(file)), {**remembered_environment(), **os.environ})


@click.command("export-answers", help="Export what people were asked and said to FILE, .csv or .jsonl.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--set", "set_key", metavar="KEY", help="Only of this question set.")
def export_answers(file: Path, set_key: str | None) -> None:
    """Export the answer log with a progress bar."""
    command = ExportAnswersCommand(file, set_key)
    with_services(noted("export-answers", command), {**remembered_environment(), **os.environ})


def _pair(text: str) -> tuple[str, str]:
    column, _, key = text.rpartition("=")
    if not column or not key:
        raise click.BadParameter(f"{text!r} is not COLUMN=KEY.", param_hint="--map")
    return column, key
