"""Lengths of time, of seconds that anybody may send. Pure."""

from __future__ import annotations

from datetime import timedelta

_LONGEST = 1e13  # seconds; Python's own end is near


def span_of(seconds: float) -> timedelta:
    """Return so many seconds; more than calendars know is cut to that, and then too long for any rule."""
    return timedelta(seconds=max(-_LONGEST, min(seconds, _LONGEST)))
