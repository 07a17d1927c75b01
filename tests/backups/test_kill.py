"""Kill -9 in the middle of a backup, and of its restoring: the same command goes on where it was."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from server.kit.leash import leashed
from tests.backups.world import SECRET
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.kit.mongo import Database
    from tests.backups.world import World

pytestmark = pytest.mark.e2e

PATIENCE = 120.0
PEOPLE = 4_000  # of 16 kB each: two parts and the last, at 32 MB
TEXT = "x" * 16_000


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands as processes of their own."""

    url: str

    def start(self, database: Database, *command: str) -> subprocess.Popen[bytes]:
        """Start a command on a database."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACQUAINT_")}
        settings = {
            "ACQUAINT_MONGODB_URL": self.url,
            "ACQUAINT_DATABASE": database.name,
            "ACQUAINT_SECRET": SECRET,
            "ACQUAINT_PUBLIC_URL": "https://api.test",
            "PYTHONPATH": str(ROOT),
        }
        program = leashed([sys.executable, "-m", "server", *command])
        return subprocess.Popen(program, env={**inherited, **settings})

    async def kill(self, process: subprocess.Popen[bytes], has_begun: Callable[[], Awaitable[bool]]) -> None:
        """Kill a process that got so far, and is not done."""
        async with asyncio.timeout(PATIENCE):
            while not await has_begun():
                assert process.poll() is None, "it ended before"
        process.kill()
        assert process.wait(PATIENCE) < 0

    async def run(self, database: Database, *command: str) -> None:
        """Run a command to its end."""
        assert await asyncio.to_thread(self.start(database, *command).wait, PATIENCE) == 0


async def test_backup_and_restore_go_on_where_they_were_killed(world: World) -> None:
    shell, key = Shell(world.url), world.path.with_name("key.txt")
    key.write_text(world.keys[0])
    await world.source["people"].insert_many([{"_id": each, "text": TEXT} for each in range(PEOPLE)])
    backup = ("backup", str(world.path), "--to", world.keys[1])
    restore = ("restore", str(world.path), "--key", str(key))

    async def has_written_a_part() -> bool:
        return (world.path / "progress.json").exists()

    async def has_restored_a_part() -> bool:
        return await world.target["restores"].find_one({"parts": 1}) is not None

    await shell.kill(shell.start(world.source, *backup), has_written_a_part)
    first_part = (world.path / "0000001.bson.zst.age").read_bytes()
    await world.source["people"].update_one({"_id": 0}, {"$set": {"text": "changed meanwhile"}})
    await shell.run(world.source, *backup)
    await shell.kill(shell.start(world.target, *restore), has_restored_a_part)
    await shell.run(world.target, *restore)

    assert (world.path / "0000001.bson.zst.age").read_bytes() == first_part
    assert await _hashed(world.target) == await _hashed(world.source)
    assert await world.target["people"].count_documents({}) == PEOPLE
    assert "restores" not in await world.target.list_collection_names()


async def _hashed(database: Database) -> str:
    told = await database.command({"dbHash": 1, "collections": ["people"]})
    return str(told["collections"]["people"])
