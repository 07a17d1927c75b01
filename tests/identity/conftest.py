"""A server whose one provider lies on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.identity.hostile_provider import SETTINGS, HostileProvider
from tests.sign_in_world import clock_of_today, sign_in_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.fakes import FakeClock
    from tests.sign_in_world import World


@pytest.fixture
def clock() -> FakeClock:
    """The clock of server and provider."""
    return clock_of_today()


@pytest.fixture
def provider(clock: FakeClock) -> HostileProvider:
    """The provider, honest until its `mode` is changed."""
    return HostileProvider(clock)


@pytest.fixture
async def world(database: Database, clock: FakeClock, provider: HostileProvider) -> AsyncIterator[World]:
    """A server that knows this provider as `idp`."""
    transport = httpx.ASGITransport(app=provider.app)
    async with sign_in_world(database, [SETTINGS], clock=clock, transport=transport) as world:
        yield world
