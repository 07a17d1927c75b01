"""How much a process takes on at once, and of what: it finds out by itself what it can do in good time.

As TCP Vegas finds the rate of a network: by how much longer things take than they do while there is room.
"""

from __future__ import annotations

from enum import IntEnum
from time import perf_counter
from typing import TYPE_CHECKING

from server.kit.connections import ConnectionLimits

if TYPE_CHECKING:
    from collections.abc import Callable


class Priority(IntEnum):
    """What is let in first where there is not room for all."""

    ANSWER = 0  # what a person said, which nobody says twice
    QUESTION = 1  # whatever else people on pages wait for
    APP = 2  # what servers ask, which can wait
    BULK = 3  # what reads or writes many at once


# Of the limit: how full it may be for each still to be let in.
_SHARES = (1.0, 0.8, 0.6, 0.4)
_TOLERANCE = 4.0  # times what an operation takes while there is room
_CALM = 2.0  # operations in hand, up to which there is room
_FIRST_LIMIT = 48.0  # until it is known better
_HIGHEST_LIMIT = 500.0
_STEEPEST = 0.4  # of the limit is left after a window at least
_WINDOW_SECONDS = 0.05
_WINDOW_SAMPLES = 16
_WORST = 20.0  # one operation that took a hundred times as long says no more than one that took twenty
_WEIGHT = 1 / 32  # of a new measurement of what is usual
_STALE_WINDOWS = 400  # without room, after which what is usual is measured anew: it may have changed for good
_PROBE_SECONDS = 0.3  # in which hardly anything is let in, for that
_PAUSE_SECONDS = 1.0  # a window that took longer was no crowd


class Crowd:
    """The operations that one process has in hand, and how many there may be.

    Each takes a few additions to let in and out, and one comparison where nothing is refused.
    """

    def __init__(
        self,
        *,
        least: int = ConnectionLimits().least_operations,
        now: Callable[[], float] = perf_counter,
        tell_limit: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._least = float(least)
        self._now = now
        self._tell_limit = tell_limit
        self._in_hand = 0
        self._usual: dict[str, float] = {}  # seconds by operation while there is room
        self._most = 0  # in hand at once in this window
        self._rooms: tuple[float, ...] = ()
        self._crowded_at = now()  # when there was no room last
        self._crowded_windows = 0
        self._probing_until = self._crowded_at
        self._limit = max(_FIRST_LIMIT, self._least)
        # Of this window: operations that ended, those of which is known what is usual, and how many times as
        # long as that each took, added up.
        self._ended = self._compared = 0
        self._times = 0.0
        self._begin_window(self._crowded_at)

    @property
    def limit(self) -> float:
        """How many operations there may be in hand."""
        return self._limit

    @property
    def in_hand(self) -> int:
        """How many operations there are."""
        return self._in_hand

    @property
    def has_room(self) -> bool:
        """Whether whatever comes is let in."""
        return self._in_hand < self._rooms[-1]

    def has_room_for(self, priority: Priority) -> bool:
        """Whether this is let in now; who is told no is to go away."""
        if self._in_hand < self._rooms[priority]:
            return True
        self._has_refused = True
        return False

    def enter(self) -> None:
        """Take one in hand."""
        self._in_hand += 1
        if self._in_hand > _CALM:
            self._crowded_at = self._now()
            self._most = max(self._most, self._in_hand)

    def leave(self) -> None:
        """Have it done."""
        self._in_hand -= 1

    def took(self, operation: str, seconds: float) -> None:
        """Learn from an operation that was executed; its name is of a closed set."""
        now = self._now()
        usual = self._usual.get(operation)
        if self._in_hand <= _CALM and now - seconds > self._crowded_at:
            self._was_calm = True
            usual = seconds if usual is None else usual + (seconds - usual) * _WEIGHT
            self._usual[operation] = usual
        if usual is not None:
            self._times += min(seconds / usual, _WORST)
            self._compared += 1
        self._ended += 1
        if self._ended >= _WINDOW_SAMPLES and now - self._window_began >= _WINDOW_SECONDS:
            self._adapt(now)

    def _adapt(self, now: float) -> None:
        """Find the limit for the next window: smaller where things took too long, larger where it was met."""
        times = self._times / self._compared if self._compared else _TOLERANCE  # not known: as it is
        if times > _TOLERANCE and self._most >= self._limit * _SHARES[-1]:
            self._limit = max(self._least, self._limit * max(_STEEPEST, _TOLERANCE / times))
        elif times < _TOLERANCE and self._has_refused:
            self._limit = max(self._least, min(_HIGHEST_LIMIT, self._limit * 1.05 + 1))
        was_crowd = not self._was_calm and now - self._window_began < _PAUSE_SECONDS
        self._crowded_windows = self._crowded_windows + 1 if was_crowd else 0
        if self._crowded_windows >= _STALE_WINDOWS:
            self._crowded_windows = 0
            self._probing_until = now + _PROBE_SECONDS
        self._begin_window(now)

    def _begin_window(self, now: float) -> None:
        self._window_began = now
        self._was_calm = self._has_refused = False
        self._times = 0.0
        self._compared = self._ended = 0
        self._most = self._in_hand
        limit = _CALM if now < self._probing_until else self._limit
        self._rooms = tuple(limit * each for each in _SHARES)
        self._tell_limit(self._limit)
