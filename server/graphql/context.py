"""What a resolver gets: who asks, and the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import strawberry

from server.graphql.loaders import profile_loader

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.graphql.loaders import ProfileLoader
    from server.services import Services


@dataclass(slots=True)
class Context:
    """One request."""

    viewer: Viewer
    services: Services
    request_id: str
    _profile_loader: ProfileLoader | None = None

    @property
    def profile_loader(self) -> ProfileLoader:
        """What looks profiles up; made where it is needed, since few requests do."""
        if self._profile_loader is None:
            self._profile_loader = profile_loader(self.viewer, self.services)
        return self._profile_loader


Info = strawberry.Info[Context, None]
