"""A browser, and a tab with a page that embeds the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import PATIENCE, running_chromium
from tests.widget.host import Host
from tests.widget.shop import Shop, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, BrowserContext

    from tests.api import Api


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests; each gets a profile of its own in it."""
    async with running_chromium() as browser:
        yield browser


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that has been nowhere yet."""
    context = await chromium.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


@pytest.fixture
async def host(context: BrowserContext) -> AsyncIterator[Host]:
    """A tab; whatever happens, no script of the page may break."""
    host = Host(await context.new_page())
    yield host
    assert host.mishaps == []


@pytest.fixture
async def shop(api: Api, context: BrowserContext) -> AsyncIterator[Shop]:
    """Somebody signed in, answered a question, and was looked up by leave."""
    async with opened(api, context) as shop:
        yield shop
