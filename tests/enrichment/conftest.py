"""A stage for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.enrichment.stage import Stage, build_stage

if TYPE_CHECKING:
    from server.kit.mongo import Database


@pytest.fixture
async def stage(database: Database) -> Stage:
    """The e-mail domain enricher on a real database."""
    return await build_stage(database)
