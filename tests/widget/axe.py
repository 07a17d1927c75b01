"""Deque's axe in a page: what it objects to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# One line for each violation, shadow roots included. What is half faded in has half its contrast. The page
# around the widget is a test's own: rules about whole pages say nothing about the widget.
VIOLATIONS = """(async () => {
  const moving = [...document.querySelectorAll("drip-question")].flatMap(({ shadowRoot }) => shadowRoot.getAnimations());
  await Promise.all(moving.map(({ finished }) => finished.catch(() => null)));
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id}: ${target} ${html.slice(0, 120)}`));
})()"""  # noqa: E501 - a program of its own


async def violations(page: Page) -> list[str]:
    """Return one line for each violation in a page of Playwright's."""
    if not AXE.is_file():
        pytest.fail("axe-core is not installed: run `make test`, which does it.")
    await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(VIOLATIONS)
    return found
