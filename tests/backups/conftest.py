"""A mongod that keeps its history for reading the past, which that of the other tests does not."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.kit.mongo import connect, open_database
from server.kit.mongod import running_mongod
from tests.backups.world import World
from tests.conftest import fast_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="package")
def historic_url() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory(prefix="acquaint-tests-", dir=fast_folder()) as folder,
        running_mongod(Path(folder)) as mongod,
    ):
        yield mongod.url
        mongod.process.kill()  # nothing here is worth the seconds of an orderly end


@pytest.fixture
async def world(historic_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A database to back up, one to restore into, and a folder."""
    client = connect(historic_url)
    name = f"test_{secrets.token_hex(8)}"
    yield World(
        url=historic_url,
        source=open_database(client, name),
        target=open_database(client, f"{name}_restored"),
        path=tmp_path / "backup",
    )
    client.close()
