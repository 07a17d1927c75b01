"""What a resolver gets: who asks, and the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import strawberry

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.services import Services


@dataclass(frozen=True, slots=True)
class Context:
    """One request."""

    viewer: Viewer
    services: Services
    request_id: str


Info = strawberry.Info[Context, None]
