"""Time: aware UTC in whole milliseconds, since MongoDB keeps no microseconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import time_ns

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present moment."""
    return datetime.fromtimestamp(time_ns() // 1_000_000 / 1_000, UTC)
