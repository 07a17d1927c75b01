"""Tracking: an event is counted in the profile by one statement, and logged by the relay."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.access.service import require_scope
from server.events.changes import EventTracked
from server.events.checking import check_told, moment_of
from server.events.model import EventCount, EventId, Tracked
from server.kit.changes import ChangeId
from server.kit.errors import (
    ConflictError,
    ExpectedError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from server.kit.ids import new_id
from server.profiles.model import ProfileId, ProfileUpdate
from server.profiles.tallies import MAX_EVENTS, Happening

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from server.access.model import Viewer
    from server.events.model import Told
    from server.events.store import EventStore
    from server.kit.clock import Clock
    from server.profiles.model import Profile
    from server.profiles.service import Profiles

MAX_AT_ONCE = 100
_TRIES = 5  # against merges of the same profile


class Events:
    """Counts and logs what people do."""

    def __init__(self, *, profiles: Profiles, store: EventStore, clock: Clock) -> None:
        self._profiles = profiles
        self._store = store
        self._clock = clock

    async def track(self, viewer: Viewer, told: Told) -> Tracked:
        """Count an event of the viewer, or of whom an app names; repeated with its key it counts once.

        Raises ForbiddenError, NotFoundError, InvalidInputError (also where the profile counts MAX_EVENTS
        other events), PersonErasedError.
        """
        check_told(told)
        now = self._clock()
        at = moment_of(told, now)
        profile = await self._whose(viewer, told)
        event_id = _event_id(viewer, told, now)
        if told.key is not None and await self._store.has(event_id):
            return Tracked(profile=profile, is_replay=True)
        for _ in range(_TRIES):
            change = _tracked(viewer, told, profile.id, event_id, at, now)
            happening = Happening(name=told.name, at=at, id=None if told.key is None else event_id)
            update = ProfileUpdate(event=happening, changes=(change,))
            written = await self._profiles.write(profile.id, update)
            if written is not None:
                return Tracked(profile=written)
            profile = await self._present(profile.id)
            if event_id in profile.event_ids:
                return Tracked(profile=profile, is_replay=True)
            if told.name not in profile.events and len(profile.events) >= MAX_EVENTS:
                raise InvalidInputError(_TOO_MANY, field="name")
        raise ConflictError("This profile keeps being merged at this moment: try again.")

    async def track_many(self, viewer: Viewer, told: Sequence[Told]) -> list[Tracked]:
        """Count events that an app tells of, one after the other; each is counted or refused by itself.

        Raises ForbiddenError, and InvalidInputError for more than MAX_AT_ONCE: then none is counted.
        """
        require_scope(viewer, Scope.PROFILES_WRITE)
        if len(told) > MAX_AT_ONCE:
            raise InvalidInputError(f"One call tells of {MAX_AT_ONCE} events at most.", field="events")
        return [await self._tried(viewer, each) for each in told]

    async def log(self, change: EventTracked) -> None:
        """Append what was counted to the log; a second time changes nothing."""
        await self._store.append(change)

    def counts(self, viewer: Viewer, profile: Profile) -> list[EventCount]:
        """Return what happened to a person, the latest first; nothing without the scope profiles:read."""
        if not viewer.has_scope(Scope.PROFILES_READ):
            return []
        counts = [
            EventCount(name=name, count=each.count, first_at=each.first_at, last_at=each.last_at)
            for name, each in profile.events.items()
        ]
        return sorted(counts, key=lambda each: (each.last_at, each.name), reverse=True)

    async def _tried(self, viewer: Viewer, told: Told) -> Tracked:
        try:
            return await self.track(viewer, told)
        except ExpectedError as error:
            return Tracked(error=error)

    async def _whose(self, viewer: Viewer, told: Told) -> Profile:
        if viewer.kind is ViewerKind.PERSON and told.by in {None, viewer.profile_id}:
            own = await self._profiles.visible_profile(viewer, ProfileId(viewer.profile_id or ""))
            if own is None:
                raise NotFoundError("Your profile is not there any more: begin a visit again.")
            return own
        require_scope(viewer, Scope.PROFILES_WRITE)
        if told.by is None:
            raise ForbiddenError("An app says whose event it is.")
        return await self._profiles.addressed(told.by, may_create=told.may_create)

    async def _present(self, profile_id: ProfileId) -> Profile:
        return await self._profiles.addressed(profile_id, may_create=False)


_TOO_MANY = f"This profile counts {MAX_EVENTS} different events already: put what varies into `properties`."


def _event_id(viewer: Viewer, told: Told, now: datetime) -> EventId:
    """Return the id of an event: of one teller and key always the same."""
    if told.key is None:
        return EventId(new_id("evt", now))
    teller = viewer.profile_id or "apps"
    digest = hashlib.sha256(f"{teller}|{told.key}".encode()).hexdigest()
    return EventId(f"evt_{digest[:26]}")


def _tracked(
    viewer: Viewer, told: Told, profile_id: ProfileId, event_id: EventId, at: datetime, now: datetime
) -> EventTracked:
    return EventTracked(
        id=ChangeId(new_id("chg", now)),
        at=now,
        profile_id=profile_id,
        event_id=event_id,
        name=told.name,
        happened_at=at,
        properties=dict(told.properties),
        actor=viewer.profile_id or viewer.key_id,
    )
