"""The root of every subscription: ids in, one stream of changes, one type out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.graphql.conditions import read_form
from server.graphql.context import Info
from server.graphql.enrichment import Enrichment, show_enrichment
from server.graphql.profiles import Profile, show_profile
from server.graphql.reading import Filter
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.profiles import following

_Id = Annotated[strawberry.ID, strawberry.argument(description="The profile's id.")]
_After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of an earlier event: what changed since comes first, nothing is left out."
    ),
]


@strawberry.type(description="A profile changed.")
class ProfileChange:
    """See profiles.following."""

    cursor: str = strawberry.field(description="Where to go on listening after the connection was lost.")
    profile_id: strawberry.ID = strawberry.field(description="The profile that changed.")
    profile: Profile | None = strawberry.field(
        description="The profile as it is now; null once it was merged into another, or erased."
    )
    merged_into_id: strawberry.ID | None = strawberry.field(description="The profile that it became part of.")


@strawberry.type(description="A look-up of a profile moved on.")
class EnrichmentChange:
    """See enrichment.overseeing."""

    profile_id: strawberry.ID = strawberry.field(description="Whose look-ups they are.")
    enrichments: list[Enrichment] = strawberry.field(description="Where every look-up stands now.")


@strawberry.type(description="What can be listened to, over WebSocket or server-sent events.")
class Subscription:
    """Changes that come fast may be told of as one. Visits count as changes; signs of life in one don't."""

    @strawberry.subscription(description="Changes of one profile: people listen to their own, apps to any.")
    async def profile_changed(
        self, info: Info, id: _Id, after: _After = None
    ) -> AsyncGenerator[ProfileChange, None]:
        """Tell of one profile."""
        context = info.context
        async for change in context.services.following.one(context.viewer, ProfileId(id), after):
            yield _show(change, context.viewer)

    @strawberry.subscription(
        description="Where the look-ups of one profile stand, at once and whenever that changes; it ends with"
        " the profile. People listen to their own, apps to any."
    )
    async def enrichment_changed(self, info: Info, profile: _Id) -> AsyncGenerator[EnrichmentChange, None]:
        """Tell of one profile's look-ups."""
        context = info.context
        following = context.services.enriching.following
        async for change in following.one(context.viewer, ProfileId(profile)):
            yield EnrichmentChange(
                profile_id=strawberry.ID(change.profile_id),
                enrichments=[show_enrichment(each) for each in change.enrichments],
            )

    @strawberry.subscription(
        description="Changes of all profiles that fit the filter once they have changed; needs profiles:read."
    )
    async def profiles_changed(
        self, info: Info, filter: Filter = None, after: _After = None
    ) -> AsyncGenerator[ProfileChange, None]:
        """Tell of many profiles."""
        context = info.context
        form = None if filter is None else read_form(filter)
        async for change in context.services.following.all(context.viewer, form, after):
            yield _show(change, context.viewer)


def _show(change: following.ProfileChange, viewer: Viewer) -> ProfileChange:
    return ProfileChange(
        cursor=change.cursor,
        profile_id=strawberry.ID(change.profile_id),
        profile=None if change.profile is None else show_profile(change.profile, viewer),
        merged_into_id=None if change.merged_into is None else strawberry.ID(change.merged_into),
    )
