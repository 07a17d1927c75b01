"""Reading many profiles: pages, counts, look-ups of up to a hundred; for whoever may read them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.kit.errors import InvalidInputError
from server.kit.paging import cut
from server.profiles.catalogue import known_to, nameable_by
from server.profiles.condition_forms import read_condition
from server.profiles.conditions import All
from server.profiles.filters import mongo_filter
from server.profiles.model import ProfileId
from server.profiles.ordering import Order, read_place
from server.profiles.search_store import TooSlowError
from server.profiles.searching import with_words
from server.profiles.terms import words_of
from server.profiles.withholding import withheld_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.access.model import Viewer
    from server.consent.service import Consents
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest
    from server.profiles.attributes import Attributes
    from server.profiles.condition_forms import Form
    from server.profiles.filters import Filter
    from server.profiles.model import IdentityRef, Profile
    from server.profiles.search_store import SearchStore

MAX_LOOKUPS = 100
COUNTED_EXACTLY = 10_000  # profiles; counting those of an index takes some milliseconds
_MAX_SEARCH = 200  # characters
_MAX_WORDS = 8
_MAX_REDIRECTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileQuery:
    """Which profiles, and in which order. Each word of `search` has to begin a word of the person's."""

    filter: Form | None = None
    search: str = ""
    order: Order = field(default_factory=Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many there are: exactly, or else about so many."""

    value: int
    is_exact: bool


class Reading:
    """Reads profiles for apps and admins; nobody else sees more than their own, and that not here."""

    def __init__(
        self, *, store: SearchStore, attributes: Attributes, consents: Consents, clock: Clock
    ) -> None:
        self._store = store
        self._attributes = attributes
        self._consents = consents
        self._clock = clock

    async def page(self, viewer: Viewer, query: ProfileQuery, request: PageRequest) -> Page[Profile] | None:
        """Return a page of living profiles; None for whoever may not read them.

        Raises InvalidInputError for a cursor of another order, a condition that makes no sense, or a query
        that reads too much; UnknownAttributeError.
        """
        if not viewer.has_scope(Scope.PROFILES_READ):
            return None
        after = None if request.after is None else read_place(request.after, query.order)
        criteria = await self._criteria(viewer, query)
        try:
            found = await self._store.page(criteria, query.order, after, request.first + 1)
        except TooSlowError:
            raise InvalidInputError(_TOO_SLOW, field="filter") from None
        return cut(found, request.first)

    async def count(self, viewer: Viewer, query: ProfileQuery) -> Count | None:
        """Return how many profiles there are: exact up to COUNTED_EXACTLY, else estimated from a sample.

        None for whoever may not read them. Raises as `page` does.
        """
        if not viewer.has_scope(Scope.PROFILES_READ):
            return None
        criteria = await self._criteria(viewer, query)
        try:
            counted = await self._store.count(criteria, COUNTED_EXACTLY + 1)
        except TooSlowError:
            counted = COUNTED_EXACTLY + 1
        if counted <= COUNTED_EXACTLY:
            return Count(value=counted, is_exact=True)
        return Count(value=await self._store.estimate(criteria), is_exact=False)

    async def find_each(
        self, viewer: Viewer, lookups: Sequence[ProfileId | IdentityRef]
    ) -> list[Profile | None]:
        """Return the profile of each look-up, in their order: of a merged one what it became part of.

        None for what does not exist and for what the viewer may not see. A handful of queries at most,
        however many look-ups. Raises InvalidInputError for more than MAX_LOOKUPS.
        """
        if len(lookups) > MAX_LOOKUPS:
            raise InvalidInputError(f"`by` names at most {MAX_LOOKUPS} profiles at once.", field="by")
        if not viewer.has_scope(Scope.PROFILES_READ):
            return await self._own(viewer, lookups)
        ids = {each for each in lookups if isinstance(each, str)}
        refs = [each for each in lookups if not isinstance(each, str)]
        by_id = await self._living(ids)
        by_key = {
            identity.ref.key: profile
            for profile in (await self._store.by_identities(refs) if refs else ())
            for identity in profile.identities
        }
        return [by_id.get(each) if isinstance(each, str) else by_key.get(each.key) for each in lookups]

    async def _own(self, viewer: Viewer, lookups: Sequence[ProfileId | IdentityRef]) -> list[Profile | None]:
        """Answer a person, who sees nobody else: not even who they became part of, see Profiles."""
        if viewer.profile_id is None or viewer.profile_id not in lookups:
            return [None] * len(lookups)
        found = await self._store.by_ids([ProfileId(viewer.profile_id)])
        own = next((each for each in found if each.merged_into is None), None)
        return [own if each == viewer.profile_id else None for each in lookups]

    async def _living(self, profile_ids: set[ProfileId]) -> dict[ProfileId, Profile]:
        """Return by id the profiles, where they were merged those that they became part of."""
        found: dict[ProfileId, Profile] = {}
        wanted = profile_ids
        for _ in range(_MAX_REDIRECTS):
            if not wanted:
                break
            found |= {profile.id: profile for profile in await self._store.by_ids(list(wanted))}
            leading = {profile.merged_into for profile in found.values() if profile.merged_into is not None}
            wanted = leading - found.keys()
        return {each: end for each in profile_ids if (end := _end(each, found)) is not None}

    async def _criteria(self, viewer: Viewer, query: ProfileQuery) -> Filter:
        words = _words(query.search)
        everything = await self._attributes.catalogue.current()
        nameable = nameable_by(viewer, everything)
        condition = All(()) if query.filter is None else read_condition(query.filter, nameable)
        purposes = await self._consents.purposes.current()
        filter_ = mongo_filter(condition, self._clock(), withheld_by(everything, purposes))
        return {"$and": [filter_, with_words(words, known_to(viewer, everything), purposes)]}


_TOO_SLOW = "This would read too many profiles: narrow the filter, or leave the order at CREATED_AT."


def _end(profile_id: ProfileId, found: dict[ProfileId, Profile]) -> Profile | None:
    profile = found.get(profile_id)
    for _ in range(_MAX_REDIRECTS):
        if profile is None or profile.merged_into is None:
            return profile
        profile = found.get(profile.merged_into)
    return None


def _words(search: str) -> list[str]:
    words = words_of(search[: _MAX_SEARCH + 1])
    if len(search) > _MAX_SEARCH or len(words) > _MAX_WORDS:
        message = f"`search` has up to {_MAX_WORDS} words and {_MAX_SEARCH} characters."
        raise InvalidInputError(message, field="search")
    return words
