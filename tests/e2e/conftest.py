"""Real parts for the whole story: processes, a certified provider and Chromium."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.browser import PATIENCE, running_chromium
from tests.e2e.deployment import Deployment, free_ports
from tests.e2e.oidc_provider.running import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.e2e.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser, BrowserContext

    from server.kit.mongo import Client

_PEOPLE = ("profiles", "accounts", "sessions", "jobs", "answers")


@pytest.fixture(scope="session")
def started(mongodb_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """API, worker and demo, with a provider that is certified and one that is down."""
    api, demo = free_ports()
    with running_provider([f"http://127.0.0.1:{api}/auth/certified/callback"]) as certified:
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        providers = [
            {"key": "certified", "issuer": certified.issuer, **client},
            {"key": "down", "issuer": "http://127.0.0.1:1", **client},
        ]
        deployment = Deployment(tmp_path_factory.mktemp("e2e"), mongodb_url, (api, demo), providers)
        deployment.set_up()
        try:
            deployment.start()
            yield deployment
        finally:
            deployment.stop()


@pytest.fixture
async def deployment(started: Deployment, mongo: Client) -> AsyncIterator[Deployment]:
    """The deployment of the session, without the people of the test before."""
    for name in _PEOPLE:
        await mongo[started.database][name].delete_many({})
    yield started
    sys.stdout.write(started.log("serve"))  # pytest shows it beside a failure


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
async def visitor(context: BrowserContext, deployment: Deployment) -> AsyncIterator[Visitor]:
    """Somebody with an empty tab; whatever happens, no script of the page may break."""
    visitor = Visitor(await context.new_page(), deployment)
    yield visitor
    assert visitor.mishaps == []
