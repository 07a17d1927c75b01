"""Merging and splitting by hand: an admin says who is one person, and can take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.changes import ChangeId
from server.kit.errors import ConflictError, InvalidInputError, NotFoundError
from server.kit.ids import new_id
from server.profiles.changes import ProfileSplit
from server.profiles.errors import MergeRefusedError
from server.profiles.merge_store import Decided
from server.profiles.merging import by_survival, divided, folded, why_apart
from server.profiles.model import Merge, MergeId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.watching import Watched
    from server.profiles.catalogue import Catalogue
    from server.profiles.model import Profile, ProfileId
    from server.profiles.store import ProfileStore

MAX_AT_ONCE = 50  # profiles of one merge
MAX_MERGES = 100  # that one profile may hold; more is a shared device or a mistake
_TRIES = 20  # against others who merge the same profiles at the same time


class Uniting:
    """Makes profiles one, and parts them again. Admins only."""

    def __init__(self, *, store: ProfileStore, catalogue: Watched[Catalogue], clock: Clock) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    async def merge(self, viewer: Viewer, profile_ids: Sequence[ProfileId]) -> Profile:
        """Make these profiles one and return it; who survives does not depend on the order given.

        Ids of profiles that were merged before stand for what they became. Repeating it changes nothing.
        Raises ForbiddenError, InvalidInputError, NotFoundError, MergeRefusedError, ConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        if not 2 <= len(set(profile_ids)) <= MAX_AT_ONCE:  # noqa: PLR2004 - it takes two
            raise InvalidInputError(f"A merge takes 2 to {MAX_AT_ONCE} profiles.", field="profiles")
        for _ in range(_TRIES):
            kept, *others = by_survival(await self._living(profile_ids))
            if not others:
                return kept
            for gone in others:
                await self._merge_two(viewer, kept, gone)
        raise ConflictError("Others keep merging these profiles at this moment: try again.")

    async def join(self, one: ProfileId, other: ProfileId) -> Profile | None:
        """Make two profiles one whose person signed in to both just now: for identity, which checks that.

        None where they are to be kept apart or one is gone.
        """
        found = [await self._store.find_living(each) for each in (one, other)]
        living = {each.id: each for each in found if each is not None}
        if None in found or len(living) == 1:
            return None if None in found else next(iter(living.values()))
        kept, gone = by_survival(living.values())
        if why_apart(kept, gone) is not None or await self._store.merges.count(kept.id) >= MAX_MERGES:
            return None
        now = self._clock()
        merge = Merge(id=MergeId(new_id("mrg", now)), kept_id=kept.id, gone_id=gone.id, at=now, by=None)
        definitions = (await self._catalogue.current()).by_id
        return await self._store.merges.merge(merge, _decide, definitions)

    async def split(self, viewer: Viewer, gone_id: ProfileId, *, keep_apart: bool) -> tuple[Profile, Profile]:
        """Take the last merge of this profile back; return it, and the profile that it leaves.

        With `keep_apart` the two can't be merged again. Raises ForbiddenError, NotFoundError, ConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        merge = await self._store.merges.latest(gone_id)
        holder = None if merge is None else await self._store.find_living(gone_id)
        if merge is None or holder is None or holder.id == gone_id:
            raise NotFoundError("There is no merge of this profile that could be taken back.")
        back = await self._split(merge, holder, keep_apart=keep_apart)
        left = await self._store.find(holder.id)
        if back is None or left is None:
            raise ConflictError("Somebody else merged or split this profile at this moment: try again.")
        return back, left

    async def merges_of(self, viewer: Viewer, profile: Profile) -> list[Merge]:
        """Return what this profile took in, the latest first; nothing for whoever may not read profiles."""
        if not viewer.has_scope(Scope.PROFILES_READ):
            return []
        return await self._store.merges.of(profile.id, MAX_MERGES)

    async def _living(self, profile_ids: Sequence[ProfileId]) -> list[Profile]:
        found = [await self._store.find_living(profile_id) for profile_id in dict.fromkeys(profile_ids)]
        living = {profile.id: profile for profile in found if profile is not None}
        if None in found:
            raise NotFoundError("One of these profiles does not exist; nothing was merged.")
        return list(living.values())

    async def _merge_two(self, viewer: Viewer, kept: Profile, gone: Profile) -> None:
        reason = why_apart(kept, gone)
        if reason is None and await self._store.merges.count(kept.id) >= MAX_MERGES:
            reason = f"The profile holds {MAX_MERGES} merges already, which is no one person's doing."
        if reason is not None:
            raise MergeRefusedError(reason)
        now = self._clock()
        merge = Merge(
            id=MergeId(new_id("mrg", now)), kept_id=kept.id, gone_id=gone.id, at=now, by=viewer.key_id
        )
        definitions = (await self._catalogue.current()).by_id
        await self._store.merges.merge(merge, _decide, definitions)

    async def _split(self, merge: Merge, holder: Profile, *, keep_apart: bool) -> Profile | None:
        now = self._clock()

        def decide(current: Profile, kept: Profile, gone: Profile) -> Decided:
            split = ProfileSplit(
                id=ChangeId(new_id("chg", now)), at=now, profile_id=current.id, split_id=gone.id
            )
            parts = divided(current, kept, gone, keep_apart=keep_apart)
            return Decided(profiles=parts, changes=(split,))

        definitions = (await self._catalogue.current()).by_id
        return await self._store.merges.split(merge.id, holder.id, decide, now, definitions)


def _decide(kept: Profile, gone: Profile) -> Profile | None:
    """Merge the two unless something changed since they were read; then the caller looks again."""
    is_living = kept.merged_into is None and gone.merged_into is None
    is_right = by_survival((kept, gone))[0].id == kept.id and why_apart(kept, gone) is None
    return folded(kept, gone) if is_living and is_right else None
