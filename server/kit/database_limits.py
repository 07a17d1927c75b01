"""How long anything waits for MongoDB and how many wait at once, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLimits:
    """Bounds of one process. GraphQL operations have a time of their own beside these: see OperationLimits.

    An operation waits for a primary as long as it may take, 15 seconds: longer than an election, so that a
    crash costs time and no errors. A server that falls silent without closing its connections (paused, cut
    off) is given up after `heartbeat` and `connect` together, and what hangs on it waits for its successor.
    """

    selection_seconds: int = 5  # for a primary; of background work alone, which then tries again
    connect_seconds: int = (
        3  # within a region a connection takes milliseconds, a lost packet's second try one
    )
    heartbeat_seconds: int = 3
    silence_seconds: int = (
        30  # for an answer; of background work alone, whose longest statements take some 10
    )
    majority_seconds: int = 10  # for a majority to have a write, also of background work alone
    connections: int = 32  # of a process; the driver has a thread for each, more only slow each other down
    queue_seconds: int = 5  # for a free one, should the driver ever have more threads
