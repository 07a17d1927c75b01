"""What people do, as GraphQL types: how it is told, and what a profile counts of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from server.events import model
from server.graphql.context import Info
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PersonErasedError,
)
from server.graphql.profiles import Profile, ProfileLookup, read_lookup, show_profile

_WHAT = strawberry.argument(description="What happened, and to whom.")


@strawberry.input(description="Something that a person did.")
class TrackEventInput:
    """See events.model."""

    name: str = strawberry.field(description="What it is called: up to 100 characters.")
    properties: JSON | None = strawberry.field(
        default=None, description="What else is to be known of it: an object of up to 4,096 bytes."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; now if left out."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="However often it is sent with this key, it counts once."
    )
    profile: ProfileLookup | None = strawberry.field(
        default=None, description="Who did it; left out by people themselves."
    )
    create_if_missing: bool = strawberry.field(
        default=False, description="Whether an identity that nobody has yet gets a profile."
    )


@strawberry.input(description="Several events.")
class TrackEventsInput:
    """See events.service."""

    events: list[TrackEventInput] = strawberry.field(description="What happened, 100 at most.")


@strawberry.type(description="The event counts.")
class TrackEventSuccess:
    """The profile after the write."""

    tracked: strawberry.Private[model.Tracked]
    is_replay: bool = strawberry.field(description="Whether it was counted before, and not again.")

    @strawberry.field(description="The profile; null for whoever may not read it.")
    def profile(self, info: Info) -> Profile | None:
        """Show the profile in hand to whoever may read it."""
        profile = self.tracked.get_profile()
        shown = info.context.services.profiles.shown(info.context.viewer, profile)
        return None if shown is None else show_profile(shown, info.context.viewer)


TrackEventResult = Annotated[
    TrackEventSuccess
    | ForbiddenError
    | NotFoundError
    | PersonErasedError
    | InvalidInputError
    | ConflictError,
    strawberry.union("TrackEventResult", description="What became of trackEvent."),
]


@strawberry.type(description="What became of one of several events.")
class TrackEventOutcome:
    """See events.service; the counting is over when this is shown."""

    tracked: strawberry.Private[model.Tracked]
    index: int = strawberry.field(description="The place of the event in the input, from 0.")

    @strawberry.field(description="A success, or why this one was not counted.")
    def result(self) -> TrackEventResult:
        """Show the success, or the error that is raised in its place."""
        self.tracked.get_profile()
        return show_tracked(self.tracked)


@strawberry.type(description="Every event was tried.")
class TrackEventsSuccess:
    """One outcome an event."""

    outcomes: list[TrackEventOutcome] = strawberry.field(description="One for each event, in its order.")


TrackEventsResult = Annotated[
    TrackEventsSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("TrackEventsResult", description="What became of trackEvents."),
]


@strawberry.type(description="What can be told of people.")
class EventMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Tell of something that a person did: as that person, or as an app.")
    async def track_event(self, info: Info, input: Annotated[TrackEventInput, _WHAT]) -> TrackEventResult:
        """Count it; apps need the scope profiles:write."""
        return show_tracked(await info.context.services.events.track(info.context.viewer, _told(input)))

    @strawberry.mutation(
        description="Tell of up to 100 events as an app; each is counted or refused by itself."
    )
    async def track_events(self, info: Info, input: Annotated[TrackEventsInput, _WHAT]) -> TrackEventsResult:
        """Count them; needs the scope profiles:write."""
        context = info.context
        told = [_told(each) for each in input.events]
        tracked = await context.services.events.track_many(context.viewer, told)
        return TrackEventsSuccess(
            outcomes=[TrackEventOutcome(index=index, tracked=each) for index, each in enumerate(tracked)]
        )


def _told(given: TrackEventInput) -> model.Told:
    return model.Told(
        name=given.name,
        by=None if given.profile is None else read_lookup(given.profile),
        properties=cast("dict[str, Any]", {} if given.properties is None else given.properties),
        at=given.occurred_at,
        key=given.idempotency_key,
        may_create=given.create_if_missing,
    )


def show_tracked(tracked: model.Tracked) -> TrackEventSuccess:
    """Return what became of an event as its GraphQL type."""
    return TrackEventSuccess(tracked=tracked, is_replay=tracked.is_replay)
