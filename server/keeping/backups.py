"""`acquaint backup`, `acquaint restore`, and the keys for both."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.access.model import COMMAND_LINE
from server.backups.copying import Backup
from server.backups.folder import BackupFolder
from server.backups.restoring import Restoring, verify_files
from server.backups.sealing import new_key, read_public_keys, read_secret_keys
from server.backups.store import SourceStore
from server.backups.target_store import TargetStore
from server.command_line import given_settings, noted, told, with_services
from server.local import remembered_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.services import Services

_FOLDER = click.Path(file_okay=False, path_type=Path)
_KEY = click.Path(exists=True, dir_okay=False, path_type=Path)
_MEGABYTE = 10**6


@click.command(help="Back the whole database up to FOLDER, encrypted; on an unfinished one it goes on.")
@click.argument("folder", type=_FOLDER)
@click.option(
    "--to",
    "recipients",
    multiple=True,
    envvar="ACQUAINT_BACKUP_KEYS",
    metavar="AGE1…",
    help="The public key of who may restore it; several may be given.",
)
@click.option("--verify", "only_verifies", is_flag=True, help="Only compare the files that are there.")
def backup(folder: Path, recipients: tuple[str, ...], *, only_verifies: bool) -> None:
    """Make a backup with a progress bar."""
    environ = {**remembered_environment(), **os.environ}
    if only_verifies:
        with told():
            _verify(folder, given_settings(environ).secret_of_stores)
        return
    if not recipients:
        raise click.UsageError("Name a public key with --to; `acquaint backup-key FILE` makes a pair.")
    with_services(noted("backup", _Backup(folder, recipients)), environ)


@click.command(help="Restore the backup in FOLDER into an empty database; on an unfinished one it goes on.")
@click.argument("folder", type=_FOLDER)
@click.option("--key", type=_KEY, required=True, help="The file with the secret key.")
@click.option("--verify", "only_verifies", is_flag=True, help="Only open everything; write nothing.")
@click.option("--replace", is_flag=True, help="Drop everything that is in the database before.")
@click.option("--other-secret", is_flag=True, help="Restore though ACQUAINT_SECRET was another.")
def restore(folder: Path, key: Path, *, only_verifies: bool, replace: bool, other_secret: bool) -> None:
    """Restore a backup with a progress bar."""
    environ = {**remembered_environment(), **os.environ}
    command = _Restore(folder, key, replaces=replace, trusts_any_secret=other_secret)
    if not only_verifies:
        with_services(command, environ, is_patient=True)
        return
    with told():
        asyncio.run(command.verify(given_settings(environ).secret_of_stores))


@click.command("backup-key", help="Write a secret key for backups to FILE, and print the public one.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_key(file: Path) -> None:
    """Make a key pair as age-keygen does; a file that is there is left alone."""
    secret, public = new_key()
    try:
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already: keep it, or name another.") from None
    with os.fdopen(written, "w") as out:
        out.write(f"# public key: {public}\n{secret}\n")
    click.echo(public)


@dataclass(frozen=True, slots=True)
class _Backup:
    """Makes a backup for the holders of some keys."""

    folder: Path
    recipients: Sequence[str]

    async def __call__(self, services: Services) -> None:
        """Show a bar of documents, then what was made."""
        source = SourceStore(services.database)
        backup = Backup(
            source=source,
            folder=BackupFolder(self.folder, services.settings.secret_of_stores),
            recipients=read_public_keys(self.recipients),
            database=services.settings.database,
            clock=services.clock,
        )
        with click.progressbar(length=await source.estimate(), label="Backing up", file=sys.stderr) as bar:
            made = await backup.run(lambda behind: bar.update(behind - bar.pos))
        size = made.bytes / _MEGABYTE
        click.echo(f"{made.documents} documents are in {self.folder}, {size:.1f} MB in {made.parts} files.")


@dataclass(frozen=True, slots=True)
class _Restore:
    """Restores a backup."""

    folder: Path
    key: Path
    replaces: bool = False
    trusts_any_secret: bool = False

    async def __call__(self, services: Services) -> None:
        """Show a bar of files; the audit log tells of it afterwards, since it is replaced."""
        restoring, parts = self._opened(services.settings.secret_of_stores)
        label = "Restoring (indexes last)"
        with click.progressbar(length=parts + 1, label=label, file=sys.stderr) as bar:
            await restoring.run(
                TargetStore(services.database),
                lambda number: bar.update(number - bar.pos),
                replaces=self.replaces,
            )
        async with services.audit.noting(COMMAND_LINE, "restore"):
            click.echo(f"{self.folder} is restored into the database {services.settings.database}.")

    async def verify(self, secret: str) -> None:
        """Try whether everything could be read, and write nothing."""
        restoring, parts = self._opened(secret)
        with click.progressbar(length=parts, label="Verifying", file=sys.stderr) as bar:
            await restoring.verify(lambda number: bar.update(number - bar.pos))
        click.echo(f"{self.folder} is whole, and this key opens it.")

    def _opened(self, secret: str) -> tuple[Restoring, int]:
        keys = read_secret_keys(self.key.read_text(errors="replace"))
        folder = BackupFolder(self.folder, secret)
        manifest = folder.manifest(trusts_any_secret=self.trusts_any_secret)
        return Restoring(folder=folder, manifest=manifest, keys=keys), manifest.parts


def _verify(path: Path, secret: str) -> None:
    """Compare every file with what was written, without a key and without a database."""
    folder = BackupFolder(path, secret)
    manifest = folder.manifest()
    with click.progressbar(length=manifest.parts, label="Verifying", file=sys.stderr) as bar:
        verify_files(folder, manifest, lambda number: bar.update(number - bar.pos))
    click.echo(f"{path} is whole: {manifest.parts} files, {manifest.bytes / _MEGABYTE:.1f} MB.")
