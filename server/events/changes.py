"""What happens when people do something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from server.kit.changes import Change

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTracked(Change):
    """An event was counted. `actor` is the id of the key or the profile that told of it."""

    kind: ClassVar[str] = "event.tracked"
    event_id: str
    name: str
    happened_at: datetime
    properties: dict[str, Any]
    actor: str | None
