"""A simulator for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.enrichment.sources.deployment import Deployment, deployed
from tests.enrichment.sources.simulator import Stand, standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database


@pytest.fixture(scope="session")
async def simulator_port() -> AsyncIterator[Stand]:
    """A simulator on a port of its own, for all tests of this session."""
    async with standing() as stand:
        yield stand


@pytest.fixture
def stand(simulator_port: Stand) -> Stand:
    """The simulator with nothing scripted and no call counted."""
    simulator_port.simulator.begin()
    return simulator_port


@pytest.fixture
async def here(database: Database, mongodb_url: str, stand: Stand) -> Deployment:
    """A process on an empty database, whose calls go to the simulator."""
    return await deployed(database, mongodb_url, stand)
