"""Changes of profiles as they happen, for whoever may see them, from wherever the listener left off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.errors import NotFoundError
from server.kit.following import read_change_cursor
from server.profiles.catalogue import nameable_by
from server.profiles.condition_forms import read_condition
from server.profiles.conditions import holds, subject_of
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.following import Changed, Follower
    from server.profiles.condition_forms import Form
    from server.profiles.conditions import Condition
    from server.profiles.model import Profile
    from server.profiles.service import Profiles

# What counts as a change of a profile: every write, merge and new visit, but not each sign of life in a
# visit, nor that somebody took a change off the outbox.
WATCHED = {
    "$or": [
        {"operationType": {"$in": ["insert", "replace", "delete"]}},
        *(
            {f"updateDescription.updatedFields.{field}": {"$exists": True}}
            for field in ("version", "visits", "merged_into")
        ),
    ]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """A profile changed. `profile` is as it was when the change was told; None once merged or erased."""

    cursor: str
    profile_id: ProfileId
    profile: Profile | None
    merged_into: ProfileId | None


class Following:
    """Tells of changes."""

    def __init__(self, *, follower: Follower, profiles: Profiles, clock: Clock) -> None:
        self._follower = follower
        self._profiles = profiles
        self._clock = clock

    async def one(
        self, viewer: Viewer, profile_id: ProfileId, after: str | None
    ) -> AsyncIterator[ProfileChange]:
        """Tell of the changes of one profile: a person of their own, an app of any.

        Raises NotFoundError for what does not exist or is not the viewer's to see, InvalidInputError for a
        cursor that is none, and later LostTrackError.
        """
        token = None if after is None else read_change_cursor(after)
        found = await self._profiles.visible_profile(viewer, profile_id)
        if found is None:
            raise NotFoundError("There is no such profile.")
        async for change in self._changes(token, lambda each: each == found.id):
            yield change

    async def all(self, viewer: Viewer, form: Form | None, after: str | None) -> AsyncIterator[ProfileChange]:
        """Tell of the changes of all profiles that fit a condition once they have changed (apps, admins).

        Who fits no more is not told of. Raises ForbiddenError, InvalidInputError, UnknownAttributeError, and
        later LostTrackError.
        """
        require_scope(viewer, Scope.PROFILES_READ)
        token = None if after is None else read_change_cursor(after)
        condition = None if form is None else await self._condition(viewer, form)
        async for change in self._changes(token, lambda _: True):
            if condition is None or await self._fits(change, condition):
                yield change

    async def _condition(self, viewer: Viewer, form: Form) -> Condition:
        return read_condition(form, nameable_by(viewer, await self._profiles.catalogue.current()))

    async def _fits(self, change: ProfileChange, condition: Condition) -> bool:
        if change.profile is None:
            return False
        known = await self._profiles.known_attributes(change.profile)
        values = {each.definition.id: each.value for each in known.values()}
        return holds(condition, subject_of(change.profile, values), self._clock())

    async def _changes(
        self, token: str | None, is_wanted: Callable[[str], bool]
    ) -> AsyncIterator[ProfileChange]:
        async with self._follower.listen(token) as batches:
            async for batch in batches:
                for change in await self._told([each for each in batch if is_wanted(each.id)]):
                    yield change

    async def _told(self, batch: Sequence[Changed]) -> list[ProfileChange]:
        """Return the changes with their profiles; of several of one profile in a batch only the last."""
        last = {each.id: each for each in batch}
        ids = [ProfileId(each) for each in last]
        found = {each.id: each for each in await self._profiles.find_many(ids)} if ids else {}
        return [
            _change(each, found.get(ProfileId(each.id)))
            for each in sorted(last.values(), key=lambda changed: changed.token)
        ]


def _change(changed: Changed, profile: Profile | None) -> ProfileChange:
    is_living = profile is not None and profile.merged_into is None
    return ProfileChange(
        cursor=changed.cursor,
        profile_id=ProfileId(changed.id),
        profile=profile if is_living else None,
        merged_into=None if profile is None else profile.merged_into,
    )
