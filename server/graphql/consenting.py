"""Recording what a person says to a purpose, as GraphQL types."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.consent import model
from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidInputError, NotFoundError, UnknownPurposeError
from server.graphql.profiles import Profile, ProfileLookup, read_lookup, show_profile
from server.profiles import model as profiles


@strawberry.input(description="What a person said to a purpose.")
class RecordConsentInput:
    """See profiles.consenting."""

    profile: ProfileLookup | None = strawberry.field(
        default=None, description="Who said it; left out by people themselves."
    )
    purpose: str = strawberry.field(description="The key of the purpose.")
    state: model.ConsentState = strawberry.field(description="What they said.")
    text_version: int | None = strawberry.field(
        default=None, description="The version of the text they read; the present one when left out."
    )


def read_whose(given: ProfileLookup | None) -> profiles.ProfileId | profiles.IdentityRef | None:
    """Return whom it is about; None for the viewer."""
    return None if given is None else read_lookup(given)


@strawberry.type(description="What the person said counts from now on.")
class RecordConsentSuccess:
    """The profile after the write."""

    written: strawberry.Private[profiles.Profile]

    @strawberry.field(description="The profile with its consents; null without the scope profiles:read.")
    def profile(self, info: Info) -> Profile | None:
        """Show the profile in hand to whoever may read it."""
        shown = info.context.services.profiles.shown(info.context.viewer, self.written)
        return None if shown is None else show_profile(shown, info.context.viewer)


RecordConsentResult = Annotated[
    RecordConsentSuccess | ForbiddenError | NotFoundError | UnknownPurposeError | InvalidInputError,
    strawberry.union("RecordConsentResult", description="What became of recordConsent."),
]
