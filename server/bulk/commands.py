"""`acquaint import`, `acquaint export` and `acquaint export-answers`, as the command line calls them."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from server.access.model import Scope, Viewer, ViewerKind
from server.bulk.answers import AnswerExport
from server.bulk.exporting import FileExport
from server.bulk.importing import FileImport
from server.bulk.store import ImportStore
from server.profiles.importing import Importing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TextIO

    from server.bulk.importing import ImportOptions
    from server.services import Services

# Objects between two looks of the collector: a row makes hundreds, and no cycles worth a look each time.
_GARBAGE = 200_000
_OPERATOR = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))  # who holds the settings


@dataclass(frozen=True, slots=True)
class ImportCommand:
    """Imports a file and says what became of it."""

    options: ImportOptions

    async def __call__(self, services: Services) -> None:
        """Show a bar of bytes, then what was taken and refused."""
        store = ImportStore(services.database)
        await store.create_indexes()
        importing = Importing(
            profiles=services.profiles,
            store=services.stores.profiles,
            erased=services.stores.erased,
            clock=services.clock,
        )
        work = FileImport(profiles=services.profiles, importing=importing, store=store, clock=services.clock)
        size = self.options.file.stat().st_size
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        with click.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
            outcome = await work.run(self.options, lambda behind: bar.update(behind - bar.pos))
        if outcome.was_done:
            click.echo("This file was imported before; --again takes it once more.")
        verb = "would be taken" if self.options.is_dry_run else "taken"
        click.echo(f"{outcome.taken} rows {verb}, {outcome.refused} refused.")
        if outcome.refused and not outcome.was_done:
            click.echo(f"The refused rows are in {self.options.rejects}, each with its reason.")


@dataclass(frozen=True, slots=True)
class ExportCommand:
    """Exports every profile to a file, whole or not at all."""

    file: Path

    async def __call__(self, services: Services) -> None:
        """Show a bar of profiles, then how many there were."""
        export = FileExport(profiles=services.profiles)
        write = export.write_csv if _is_csv(self.file) else export.write_json
        with _written_whole(self.file, await services.profiles.count()) as (out, progress):
            count = await write(_OPERATOR, out, progress)
        click.echo(f"{count} profiles are in {self.file}.")


@dataclass(frozen=True, slots=True)
class ExportAnswersCommand:
    """Exports the answer log (of one set) to a file, whole or not at all."""

    file: Path
    set_key: str | None = None

    async def __call__(self, services: Services) -> None:
        """Show a bar of asks, then how many there were."""
        export = AnswerExport(results=services.results)
        write = export.write_csv if _is_csv(self.file) else export.write_json
        with _written_whole(self.file, await services.stores.answers.count()) as (out, progress):
            count = await write(_OPERATOR, out, progress, self.set_key)
        click.echo(f"{count} asks are in {self.file}.")


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


@contextmanager
def _written_whole(file: Path, total: int) -> Iterator[tuple[TextIO, Callable[[int], None]]]:
    """Give a file to write to and a bar to move; what lay there is replaced once all is written."""
    draft = file.with_suffix(f"{file.suffix}.part")
    with (
        draft.open("w", encoding="utf-8", newline="") as out,
        click.progressbar(length=total, label="Exporting", file=sys.stderr) as bar,
    ):
        yield out, lambda behind: bar.update(behind - bar.pos)
    draft.replace(file)
