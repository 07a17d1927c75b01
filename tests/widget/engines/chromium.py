"""Chromium's tab, by Playwright."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.browser import running_chromium
from tests.widget.engines.tab import NAMES, Tab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import CDPSession, Page


class ChromiumTab(Tab):
    """A tab that a finger may touch."""

    def __init__(self, page: Page, devtools: CDPSession) -> None:
        self._page = page
        self._devtools = devtools

    async def go_to(self, url: str) -> None:
        """See Tab."""
        await self._page.goto(url)

    async def run(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """See Tab."""
        return await self._page.evaluate(f"async () => ({expression})")

    async def exposes(self, role: str, name: str) -> bool:
        """See Tab."""
        tree = await self._devtools.send("Accessibility.getFullAXTree")
        return any(
            (node.get("role", {}).get("value"), node.get("name", {}).get("value")) == (role, name)
            for node in tree["nodes"]
            if not node["ignored"]
        )

    async def press(self, *keys: str) -> None:
        """See Tab."""
        for key in keys:
            await self._page.keyboard.press(NAMES.get(key, key))

    async def tap(self, x: float, y: float) -> None:
        """See Tab."""
        await self._page.touchscreen.tap(x, y)


@asynccontextmanager
async def chromium_tab() -> AsyncIterator[Tab]:
    """Start the browser, and end it."""
    async with running_chromium() as browser:
        context = await browser.new_context(has_touch=True)
        page = await context.new_page()
        yield ChromiumTab(page, await context.new_cdp_session(page))
