"""What every test can have: a real MongoDB, started once, and a database of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from server.kit.mongo import Client, Database, connect, open_database
from server.kit.mongod import running_mongod
from server.settings import Environment
from tests.api import Api, running_api, settings_for
from tests.core import Core, build_core, create_indexes
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


# How long an example takes says more of the machine than of the code.
settings.register_profile("acquaint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("acquaint")

# A dropped collection keeps its files open until a checkpoint without it is older than the history that
# snapshots may read: by default a minute and five, in which the tests make more files than may be open.
_MANY_DATABASES = ("--syncdelay=1", "--setParameter=minSnapshotHistoryWindowInSeconds=0")
# The server drops what expired by its own clock; the tests have theirs, which may be long past.
_OUR_CLOCK = ("--setParameter=ttlMonitorEnabled=false",)


def fast_folder() -> str | None:
    """Return memory to keep the tests' data in, where there is some: nobody reads it after a power cut."""
    memory = Path("/dev/shm")  # noqa: S108 - Linux's
    return str(memory) if os.access(memory, os.W_OK) else None


@pytest.fixture(scope="session")
def mongodb_url() -> Iterator[str]:
    """The replica set that MONGODB_URL names, else a mongod of this session's own."""
    if url := os.environ.get("MONGODB_URL"):
        yield url
        return
    with (
        tempfile.TemporaryDirectory(prefix="acquaint-tests-", dir=fast_folder()) as folder,
        running_mongod(Path(folder), options=[*_MANY_DATABASES, *_OUR_CLOCK]) as mongod,
    ):
        yield mongod.url
        mongod.process.kill()  # nothing here is worth the seconds of an orderly end


@pytest.fixture(scope="session")
async def mongo(mongodb_url: str) -> AsyncIterator[Client]:
    """The session's one client; Motor's clients belong to an event loop, and the session has one."""
    client = connect(mongodb_url)
    yield client
    client.close()


@pytest.fixture
async def database(mongo: Client) -> AsyncIterator[Database]:
    """An empty database for one test."""
    database = open_database(mongo, f"test_{secrets.token_hex(8)}")
    yield database
    # Not dropDatabase, which waits a tenth of a second; a database ends with its last collection.
    names = await database.list_collection_names()
    await asyncio.gather(*(database.drop_collection(name) for name in names))


@pytest.fixture
def clock() -> FakeClock:
    """A clock that only the test moves."""
    return FakeClock()


@pytest.fixture
async def core(database: Database, clock: FakeClock) -> Core:
    """Access, profiles and questions on an empty database with its indexes."""
    await create_indexes(database)
    return build_core(database, clock)


@pytest.fixture
async def api(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """The whole application on an empty database, in development."""
    async with running_api(settings_for(mongodb_url, database.name), clock) as api:
        yield api


@pytest.fixture
async def production_api(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """The whole application on an empty database, as it runs in production."""
    settings = settings_for(mongodb_url, database.name, Environment.PRODUCTION)
    async with running_api(settings, clock) as api:
        yield api
