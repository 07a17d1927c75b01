"""What a test does in a browser, whichever engine it has."""

from __future__ import annotations

import asyncio
import json
import shutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from tests.browser import lacking

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE = 60.0  # seconds; everything takes a fraction of it
_TICK = 0.01  # seconds between two looks

# The code points of keys without a character (WebDriver 2 §17.4.2).
_KEYS = {"Tab": "\ue004", "Enter": "\ue007", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Space": " "}
# What Chromium calls them.
NAMES = {character: name for name, character in _KEYS.items()}

Body = dict[str, Any]


class Tab(ABC):
    """One tab of a browser."""

    @abstractmethod
    async def go_to(self, url: str) -> None:
        """Open an address, and return once the page has loaded."""

    @abstractmethod
    async def run(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return what a JavaScript expression comes to, or what it promises."""

    @abstractmethod
    async def exposes(self, role: str, name: str) -> bool:
        """Tell whether the accessibility tree holds this, inside the card."""

    @abstractmethod
    async def press(self, *keys: str) -> None:
        """Press and let go one key after the other."""

    @abstractmethod
    async def tap(self, x: float, y: float) -> None:
        """Put a finger on a point of the window, and lift it."""

    async def wait_for(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return what an expression comes to once that is something."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if found := await self.run(expression):
                    return found
                await asyncio.sleep(_TICK)


class WebDriverTab(Tab):
    """One that takes the actions of the W3C, which both of its protocols write alike."""

    @abstractmethod
    async def perform(self, source: Body) -> None:
        """Carry out the actions of one keyboard or one pointer."""

    async def press(self, *keys: str) -> None:
        """See Tab."""
        strokes = [{"type": way, "value": key} for key in keys for way in ("keyDown", "keyUp")]
        await self.perform({"type": "key", "id": "keyboard", "actions": strokes})

    async def tap(self, x: float, y: float) -> None:
        """See Tab."""
        actions = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        touch = {"pointerType": "touch"}
        await self.perform({"type": "pointer", "id": "finger", "parameters": touch, "actions": actions})


def keys_of(stroke: str) -> Sequence[str]:
    """Return the keys of one entry in a table: a name, or a text after "…"."""
    return stroke[1:] if stroke.startswith("…") else [_KEYS[stroke]]


def as_json(expression: str) -> str:
    """Wrap an expression so that its value comes as one string, whatever it is."""
    return f"(async () => JSON.stringify((await ({expression})) ?? null))()"


def program(*names: str, package: str) -> str:
    """Return the path of an installed program. CI must have it; elsewhere a test without it is skipped."""
    for name in names:
        if path := shutil.which(name):
            return path
    return lacking(f"This test needs {names[0]}: on Debian, `apt-get install {package}` (.ci/run does it).")


def parsed(value: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what `as_json` wrapped."""
    return json.loads(value)
