"""When a failed job is tried again; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySchedule:
    """Exponential backoff with full jitter, which spreads a herd best (AWS Architecture Blog, 2015).

    The ceilings are 30 s, 2 min, 8 min, 32 min, … and never above six hours.
    """

    first: timedelta = timedelta(seconds=30)
    ceiling: timedelta = timedelta(hours=6)

    def delay(self, attempts: int, draw: float) -> timedelta:
        """Return how long to wait after `attempts` failures; `draw` (0 to 1) picks from what is possible."""
        longest: timedelta = min(self.first * _FACTOR ** min(attempts - 1, 20), self.ceiling)
        return longest * draw
