"""What gathers the look-ups of one request: fields beside each other ask together, not one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strawberry.dataloader import DataLoader

from server.profiles.model import IdentityRef, Profile, ProfileId
from server.profiles.reading import MAX_LOOKUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.access.model import Viewer
    from server.services import Services

ProfileLoader = DataLoader[ProfileId | IdentityRef, Profile | None]


def profile_loader(viewer: Viewer, services: Services) -> ProfileLoader:
    """Return what looks profiles up for this viewer; nothing is remembered, since a request may write."""

    async def look_up(lookups: Sequence[ProfileId | IdentityRef]) -> Sequence[Profile | None]:
        if len(lookups) == 1:
            return [await services.profiles.visible_profile(viewer, lookups[0])]
        return await services.reading.find_each(viewer, lookups)

    return DataLoader(look_up, max_batch_size=MAX_LOOKUPS, cache=False)
