"""How many connections a process holds and how long one may keep it waiting: what web and serving share."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What one client, or all of them together, may take of a process without giving anything."""

    connections: int = 20_000  # of every kind; one that idles takes some 15 kB, a WebSocket some 35
    sockets: int = 10_000  # WebSockets
    streams: int = 2_000  # server-sent events
    least_operations: int = 12  # in hand at once, before any is refused: fewer would leave the process idle
    socket_operations: int = 20  # of one WebSocket at a time
    socket_init_seconds: int = 10  # from a WebSocket's handshake until its client has introduced itself
    header_bytes: int = 65_536  # browsers send some 1,000 and proxies refuse more than 32,768
    body_bytes: int = 262_144  # and of a message on a WebSocket; the widget's largest answer has 10,000
    # Of variables and extensions. A condition of ten levels has some thirty; MongoDB keeps a hundred.
    body_depth: int = field(default=64, metadata={"most": 64})
    header_seconds: int = 10  # from the first byte, or from the connection, to the end of the headers
    body_seconds: int = 20  # from there to the end of the body: 256 kB at 13 kB a second
    idle_seconds: int = 75  # between requests: longer than proxies keep theirs, so that they close first
    send_seconds: int = 20  # for a client to take what is sent before the connection is cut
    ping_seconds: int = 30  # between a WebSocket's pings, and to answer one; proxies cut after 60
