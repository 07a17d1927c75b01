"""Where the look-ups of one person stand, told at once and whenever that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.enrichment.overseeing import EnrichmentChange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.access.model import Viewer
    from server.enrichment.model import Enrichment
    from server.enrichment.service import Enrichments
    from server.profiles.following import Following
    from server.profiles.model import ProfileId
    from server.profiles.service import Profiles


class FollowingEnrichment:
    """Tells of look-ups to whoever may see the profile."""

    def __init__(self, *, following: Following, profiles: Profiles, enrichment: Enrichments) -> None:
        self._following = following
        self._profiles = profiles
        self._enrichment = enrichment

    async def one(self, viewer: Viewer, profile_id: ProfileId) -> AsyncIterator[EnrichmentChange]:
        """Tell of one profile's, until it is merged or erased. Raises as `profileChanged` does."""
        told: list[Enrichment] | None = None
        profile = await self._profiles.visible_profile(viewer, profile_id)
        if profile is not None:
            told = await self._enrichment.enrichments_of(viewer, profile)
            yield EnrichmentChange(profile_id=profile.id, enrichments=tuple(told))
        async for change in self._following.one(viewer, profile_id, None):
            if change.profile is None:
                return
            now = await self._enrichment.enrichments_of(viewer, change.profile)
            if now != told:
                told = now
                yield EnrichmentChange(profile_id=change.profile_id, enrichments=tuple(now))
