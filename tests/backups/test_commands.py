"""The commands from end to end: what they print, what they refuse, what the audit log keeps."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from server.__main__ import main
from server.backups.store import SourceStore
from tests.backups.world import SECRET, stopping_after
from tests.backups.world import InterruptedByTestError as Interrupted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backups.world import World


class Shell:
    """Runs commands with the settings of a deployment, in a folder."""

    def __init__(self, world: World, folder: Path) -> None:
        self._url = world.url
        self.source = world.source.name
        self.target = world.target.name
        self.folder = folder

    def run(self, *command: str, database: str = "", secret: str = SECRET) -> Result:
        ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("ACQUAINT_")}
        settings = {
            "ACQUAINT_MONGODB_URL": self._url,
            "ACQUAINT_DATABASE": database or self.source,
            "ACQUAINT_SECRET": secret,
            "ACQUAINT_PUBLIC_URL": "https://api.test",
            "ACQUAINT_DATA_DIR": str(self.folder),
        }
        return CliRunner().invoke(main, command, env={**ours, **settings})


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Shell:
    return Shell(world, tmp_path)


@pytest.fixture
def public_key(shell: Shell) -> str:
    return shell.run("backup-key", str(shell.folder / "key.txt")).output.strip()


def test_deployment_is_backed_up_and_restored(shell: Shell, public_key: str) -> None:
    folder, key = str(shell.folder / "backup"), str(shell.folder / "key.txt")
    shell.run("setup")

    made = shell.run("backup", folder, "--to", public_key)
    compared = shell.run("backup", folder, "--verify")
    opened = shell.run("restore", folder, "--key", key, "--verify")
    refused = shell.run("restore", folder, "--key", key)
    restored = shell.run("restore", folder, "--key", key, database=shell.target)
    again = shell.run("setup", database=shell.target)

    assert f"documents are in {folder}" in made.output
    assert f"{folder} is whole: 2 files" in compared.output
    assert f"{folder} is whole, and this key opens it." in opened.output
    assert f"Error: The database {shell.source} is not empty" in refused.output
    assert f"{folder} is restored into the database {shell.target}." in restored.output
    assert "was printed when it was made" in again.output


async def test_restoring_and_backing_up_are_audited(world: World, shell: Shell, public_key: str) -> None:
    folder, key = str(shell.folder / "backup"), str(shell.folder / "key.txt")
    await world.populate()

    await asyncio.to_thread(shell.run, "backup", folder, "--to", public_key)
    await asyncio.to_thread(shell.run, "restore", folder, "--key", key, database=shell.target)

    acts = [(each["act"], each["outcome"]) async for each in world.target["audit_log"].find().sort("_id", 1)]
    assert acts == [("backup", None), ("restore", "Success")]
    assert await SourceStore(world.source).last_finished() is not None


async def test_interrupted_backup_goes_on_by_the_same_command(
    world: World, shell: Shell, public_key: str
) -> None:
    await world.populate()
    with pytest.raises(Interrupted):
        await world.backup().run(stopping_after(2))

    unfinished = await asyncio.to_thread(shell.run, "backup", str(world.path), "--verify")
    made = await asyncio.to_thread(shell.run, "backup", str(world.path), "--to", public_key)

    assert "is not finished: run `acquaint backup` on it again." in unfinished.output
    assert f"documents are in {world.path}" in made.output


def test_backup_is_encrypted_to_somebody(shell: Shell) -> None:
    refused = shell.run("backup", str(shell.folder / "backup"))

    assert "Name a public key with --to; `acquaint backup-key FILE` makes a pair." in refused.output
    assert not (shell.folder / "backup").exists()


def test_folder_that_cannot_be_made_is_named_in_one_sentence(shell: Shell, public_key: str) -> None:
    place = shell.folder / "key.txt" / "backup"

    refused = shell.run("backup", str(place), "--to", public_key)

    assert (refused.exit_code, refused.exception.__class__) == (1, SystemExit)
    assert refused.output.endswith(f"Error: {place} can't be used: Not a directory.\n")


def test_secret_key_that_is_there_is_never_overwritten(shell: Shell, public_key: str) -> None:
    file = shell.folder / "key.txt"
    kept = file.read_text()

    refused = shell.run("backup-key", str(file))

    assert f"Error: {file} is there already: keep it, or name another." in refused.output
    assert file.read_text() == kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert public_key in kept
