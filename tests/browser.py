"""Chromium for the tests that need a browser."""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest
from playwright.async_api import async_playwright, expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # Letters and colours that do not depend on how the machine is set up.
    *("--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"),
)
PATIENCE = 15_000  # milliseconds; everything takes a fraction of it


def lacking(sentence: str) -> NoReturn:
    """Give up a test for want of something that not every machine has: CI must."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def environment_in_english() -> dict[str, str]:
    """Return the environment for a browser, which writes dates as its system does."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en_US"}


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """One browser; each test gets a profile of its own in it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("These tests need Chromium: on Debian, `apt-get install chromium` (.ci/run does it).")
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=_FLAGS, env={**environment_in_english()}
        )
        yield browser
        await browser.close()
