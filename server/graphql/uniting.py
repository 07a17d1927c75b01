"""Merging and splitting profiles as GraphQL types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    MergeRefusedError,
    NotFoundError,
)
from server.graphql.profiles import Profile, show_profile

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.profiles import model


@strawberry.input(description="Profiles that are one person.")
class MergeProfilesInput:
    """See profiles.uniting."""

    profiles: list[strawberry.ID] = strawberry.field(
        description="2 to 50 profiles, in any order; an id that was merged stands for what it became."
    )


@strawberry.input(description="A profile to part again from the one it was merged into.")
class SplitProfileInput:
    """See profiles.uniting."""

    id: strawberry.ID = strawberry.field(description="The id that the profile had before the merge.")
    keep_apart: bool = strawberry.field(
        default=True, description="Whether the two are never to be merged again."
    )


@strawberry.type(description="The profiles are one.")
class MergeProfilesSuccess:
    """Who survived."""

    profile: Profile = strawberry.field(description="The profile that all the ids lead to now.")


@strawberry.type(description="The merge was taken back.")
class SplitProfileSuccess:
    """Both sides."""

    profile: Profile = strawberry.field(description="The profile that is its own again.")
    left: Profile = strawberry.field(description="The profile that it was part of.")


MergeProfilesResult = Annotated[
    MergeProfilesSuccess
    | ForbiddenError
    | InvalidInputError
    | NotFoundError
    | MergeRefusedError
    | ConflictError,
    strawberry.union("MergeProfilesResult", description="What became of mergeProfiles."),
]
SplitProfileResult = Annotated[
    SplitProfileSuccess | ForbiddenError | NotFoundError | ConflictError,
    strawberry.union("SplitProfileResult", description="What became of splitProfile."),
]


def show_split(back: model.Profile, left: model.Profile, viewer: Viewer) -> SplitProfileSuccess:
    """Return both sides of a split as the mutation's success."""
    return SplitProfileSuccess(profile=show_profile(back, viewer), left=show_profile(left, viewer))
