"""Deque's axe in a page: what it objects to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# The page around the widget is a test's own: rules about whole pages say nothing about the widget.
_RUN = "() => axe.run(document.body, {rules: {region: {enabled: false}}})"

# What is half faded in has half its contrast.
_AT_REST = """() => Promise.all([...document.querySelectorAll("drip-question")]
  .flatMap(({ shadowRoot }) => shadowRoot.getAnimations())
  .map(({ finished }) => finished.catch(() => null)))"""


async def violations(page: Page) -> list[str]:
    """Return one line for each violation, shadow roots included."""
    if not _AXE.is_file():
        pytest.fail("axe-core is not installed: run `make test`, which does it.")
    await page.evaluate(_AXE.read_text())
    await page.evaluate(_AT_REST)
    found: dict[str, Any] = await page.evaluate(_RUN)
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
