"""What tests of hooks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.kit.clock import system_clock
from tests.api import Api, running_api, settings_for
from tests.hooks.receiver import Receiver, running_receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that hooks call."""
    async with running_receiver() as running:
        yield running


@pytest.fixture
async def api_now(database: Database, mongodb_url: str) -> AsyncIterator[Api]:
    """The application on the time that it is, by which receivers check timestamps."""
    async with running_api(settings_for(mongodb_url, database.name), system_clock) as api:
        yield api
