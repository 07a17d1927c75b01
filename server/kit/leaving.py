"""Tells everything in a process that it is about to end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Leaving:
    """How far a process is with ending: first it says so, then it takes nothing more.

    `announced`: whoever asks whether it can serve is told no, and everything is served as before. `begun`:
    conversations that would last are to end.
    """

    announced: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
