"""A queue on a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.kit.jobs.store import JobStore
from server.profiles.store import ProfileStore

if TYPE_CHECKING:
    from server.kit.mongo import Database


@pytest.fixture
async def jobs(database: Database) -> JobStore:
    store = JobStore(database)
    await store.create_indexes()
    await ProfileStore(database).create_indexes()
    return store
