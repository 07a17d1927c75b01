"""`acquaint import` and `acquaint export`, as the command line calls them."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from server.access.model import Scope, Viewer, ViewerKind
from server.bulk.exporting import FileExport
from server.bulk.importing import FileImport
from server.bulk.store import ImportStore
from server.profiles.importing import Importing

if TYPE_CHECKING:
    from pathlib import Path

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
        draft = self.file.with_suffix(self.file.suffix + ".part")
        write = export.write_csv if self.file.suffix.lower() == ".csv" else export.write_json
        total = await services.profiles.count()
        with (
            draft.open("w", encoding="utf-8", newline="") as out,
            click.progressbar(length=total, label="Exporting", file=sys.stderr) as bar,
        ):
            count = await write(_OPERATOR, out, lambda behind: bar.update(behind - bar.pos))
        draft.replace(self.file)
        click.echo(f"{count} profiles are in {self.file}.")
