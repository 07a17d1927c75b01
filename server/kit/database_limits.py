"""How long anything waits for MongoDB and how many wait at once, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLimits:
    """Bounds of one process. GraphQL operations have a time of their own beside these: see OperationLimits.

    A request that finds no primary is answered 503 after `selection`: an ordinary hand-over takes less, an
    election after a crash some ten seconds more, and clients come again. A server that falls silent without
    closing its connections (paused, cut off) is given up after `heartbeat` and `connect` together; what waits
    for it is then sent to its successor. All are shorter than an operation's 15 seconds, so that
    the client hears that the database is away and not that it asked for too much.
    """

    selection_seconds: int = 5
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
