"""Audiences are defined here, and people found in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.audiences.model import Audience, AudienceId
from server.kit.errors import InvalidInputError, NotFoundError, VersionConflictError
from server.kit.ids import new_id
from server.kit.paging import cut
from server.kit.texts import is_clean
from server.kit.watching import Watched
from server.profiles.catalogue import NamedCondition
from server.profiles.condition_forms import condition_form, keyed_form, read_condition
from server.profiles.errors import InvalidConditionError
from server.profiles.predicates import predicate_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.model import Viewer
    from server.audiences.model import AudienceEdit, AudienceSpec
    from server.audiences.store import AudienceStore
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest
    from server.profiles.condition_forms import Form
    from server.profiles.model import Profile
    from server.profiles.predicates import Predicate
    from server.profiles.service import Profiles

MAX_AUDIENCES = 500
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME = 200  # characters
_MAX_DESCRIPTION = 2_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAudiences:
    """Every audience, oldest first, and for each that is not archived whether somebody is in it."""

    by_id: Mapping[AudienceId, Audience]
    live: tuple[tuple[Audience, Predicate], ...]


class Audiences:
    """Keeps the audiences. What conditions know of them is part of the profiles' catalogue."""

    def __init__(self, *, profiles: Profiles, store: AudienceStore, clock: Clock) -> None:
        self._profiles = profiles
        self._store = store
        self._clock = clock
        self.known: Watched[KnownAudiences] = Watched("audiences", self._load)

    async def define(self, viewer: Viewer, spec: AudienceSpec) -> Audience:
        """Save a condition under a name (admins only).

        Raises ForbiddenError, InvalidInputError, UnknownAttributeError, ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        now = self._clock()
        await self._refresh()
        if len((await self.known.current()).by_id) >= MAX_AUDIENCES:
            raise InvalidInputError(f"There are {MAX_AUDIENCES} audiences already.", field="key")
        audience = Audience(
            id=AudienceId(new_id("aud", now)),
            key=spec.key,
            name=spec.name,
            description=spec.description,
            condition=await self._stored(spec.condition),
            version=1,
            created_at=now,
            updated_at=now,
        )
        _check(audience)
        await self._store.insert(audience)
        await self._refresh()
        return audience

    async def update(self, viewer: Viewer, key: str, expected_version: int, edit: AudienceEdit) -> Audience:
        """Change an audience (admins only); whatever names it goes by the new condition from then on.

        Raises ForbiddenError, NotFoundError, VersionConflictError, UnknownAttributeError, InvalidInputError
        (also where audiences would go round in a circle).
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(key, expected_version)
        changed = replace(
            present,
            name=present.name if edit.name is None else edit.name,
            description=present.description if edit.description is None else edit.description,
            condition=present.condition if edit.condition is None else await self._stored(edit.condition),
            version=present.version + 1,
            updated_at=self._clock(),
        )
        _check(changed)
        await self._check_all_with(changed)
        return await self._replaced(changed)

    async def archive(self, viewer: Viewer, key: str, expected_version: int) -> Audience:
        """Put an audience away (admins only): nothing new may name it, what does goes on as before.

        Raises ForbiddenError, NotFoundError, VersionConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(key, expected_version)
        if present.archived_at is not None:
            return present
        now = self._clock()
        return await self._replaced(
            replace(present, archived_at=now, updated_at=now, version=present.version + 1)
        )

    async def page(
        self, viewer: Viewer, request: PageRequest, *, with_archived: bool = False
    ) -> Page[Audience] | None:
        """Return the audiences, oldest first; None without the scope configuration:read."""
        if not viewer.has_scope(Scope.CONFIGURATION_READ):
            return None
        known = [
            each
            for each in (await self.known.current()).by_id.values()
            if (with_archived or each.archived_at is None)
            and (request.after is None or each.id > request.after)
        ]
        return cut(known[: request.first + 1], request.first)

    async def find(self, viewer: Viewer, audience_id: AudienceId) -> Audience | None:
        """Return an audience; None for what does not exist and without the scope configuration:read."""
        if not viewer.has_scope(Scope.CONFIGURATION_READ):
            return None
        return (await self.known.current()).by_id.get(audience_id)

    async def of(self, viewer: Viewer, profile: Profile) -> list[Audience]:
        """Return the audiences that a person is in now; none without the scope profiles:read."""
        if not viewer.has_scope(Scope.PROFILES_READ):
            return []
        subject, now = (await self._profiles.askable(profile)).subject, self._clock()
        live = (await self.known.current()).live
        return [audience for audience, holds in live if holds(subject, now)]

    async def condition_of(self, audience: Audience) -> dict[str, object]:
        """Return the condition as admins write it: attributes and audiences by key."""
        return keyed_form(audience.condition, await self._profiles.catalogue.current())

    async def _stored(self, form: Form) -> Form:
        try:
            return condition_form(read_condition(form, await self._profiles.catalogue.current()))
        except InvalidConditionError as error:
            raise InvalidInputError(error.message, field="condition") from None

    async def _check_all_with(self, changed: Audience) -> None:
        """Refuse a change by which an audience would come to name itself, or grow too large."""
        catalogue = await self._profiles.catalogue.current()
        named = NamedCondition(id=changed.id, key=changed.key, form=changed.condition)
        tried = replace(catalogue, audiences={**catalogue.audiences, changed.id: named})
        try:
            for audience_id in tried.audiences:
                read_condition({"audience": {"id": audience_id}}, tried)
        except InvalidConditionError as error:
            raise InvalidInputError(error.message, field="condition") from None

    async def _present(self, key: str, expected_version: int) -> Audience:
        await self._refresh()
        known = (await self.known.current()).by_id.values()
        found = next((each for each in known if each.key == key), None)
        if found is None:
            raise NotFoundError(f"There is no audience {key[:80]!r}.")
        if found.version != expected_version:
            raise VersionConflictError(found.version)
        return found

    async def _replaced(self, audience: Audience) -> Audience:
        is_written = await self._store.replace(audience)
        await self._refresh()
        if not is_written:
            raise VersionConflictError((await self.known.current()).by_id[audience.id].version)
        return audience

    async def _refresh(self) -> None:
        await self._profiles.catalogue.refresh()
        await self.known.refresh()

    async def _load(self) -> KnownAudiences:
        catalogue = await self._profiles.catalogue.current()
        every = await self._store.all()
        live = [each for each in every if each.archived_at is None]
        return KnownAudiences(
            by_id={each.id: each for each in every},
            live=tuple((each, predicate_of(each.condition, catalogue)) for each in live),
        )


def _check(audience: Audience) -> None:
    if not _KEY.fullmatch(audience.key):
        message = "A key is a small letter, then small letters, digits and _, 63 characters at most."
        raise InvalidInputError(message, field="key")
    if not 0 < len(audience.name.strip()) <= len(audience.name) <= _MAX_NAME or not is_clean(audience.name):
        raise InvalidInputError(f"The name of an audience has 1 to {_MAX_NAME} characters.", field="name")
    description = audience.description or ""
    if len(description) > _MAX_DESCRIPTION or not is_clean(description):
        message = f"A description has up to {_MAX_DESCRIPTION} characters."
        raise InvalidInputError(message, field="description")
