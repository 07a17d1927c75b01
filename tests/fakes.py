"""Stand-ins that are passed through constructors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the moment at which it stands."""
        return self.now

    def advance(self, step: timedelta) -> None:
        """Go on by `step`."""
        self.now += step


class Crash(BaseException):
    """The process ended here: nothing below the test may catch it."""
