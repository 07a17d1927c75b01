"""Purposes and what people said to them. Writing a consent goes through profiles, which lie above."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.access.service import require_scope
from server.consent.defining import defined, edited
from server.consent.errors import UnknownPurposeError
from server.consent.model import PurposeId, Purposes
from server.consent.standard import STANDARD_PURPOSES
from server.kit.errors import ConflictError
from server.kit.ids import new_id
from server.kit.paging import cut
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.access.model import Viewer
    from server.consent.changes import ConsentRecorded
    from server.consent.model import ConsentEntry, Purpose, PurposeEdit, PurposeSpec
    from server.consent.store import ConsentStore
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest

_TRIES = 5  # edits by several admins at once


class Consents:
    """What data is used for, and the log of who agreed to it."""

    def __init__(self, *, store: ConsentStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.purposes: Watched[Purposes] = Watched("purposes", self._load)

    async def get(self, key: str) -> Purpose:
        """Return the purpose with this key; raise UnknownPurposeError."""
        found = (await self.purposes.current()).by_key.get(key)
        if found is None:
            raise UnknownPurposeError(key)
        return found

    async def find(self, viewer: Viewer, purpose_id: PurposeId) -> Purpose | None:
        """Return a purpose by id; None for what does not exist and for nobody."""
        purposes = await self._known_to(viewer)
        return next((each for each in purposes if each.id == purpose_id), None)

    async def page(self, viewer: Viewer, request: PageRequest) -> Page[Purpose]:
        """Return the purposes, oldest first: to all who come with a key, since people have to read them."""
        purposes = await self._known_to(viewer)
        known = [each for each in purposes if request.after is None or each.id > request.after]
        return cut(known[: request.first + 1], request.first)

    async def define(self, viewer: Viewer, spec: PurposeSpec) -> Purpose:
        """Declare a purpose (admins only); raise InvalidInputError, ConflictError where the key is taken."""
        require_scope(viewer, Scope.ADMIN)
        return await self._define(spec)

    async def update(self, viewer: Viewer, key: str, edit: PurposeEdit) -> Purpose:
        """Change a purpose (admins only); raise UnknownPurposeError and InvalidInputError."""
        require_scope(viewer, Scope.ADMIN)
        for _ in range(_TRIES):
            changed = edited(await self.get(key), edit, self._clock())
            is_written = await self._store.replace(changed)
            await self.purposes.refresh()
            if is_written:
                return changed
        raise ConflictError("The purpose keeps changing: try again in a moment.")

    async def ensure_standard_purposes(self) -> None:
        """Declare the purposes that ship with the product and that this deployment does not have."""
        known = (await self.purposes.current()).by_key
        for spec in STANDARD_PURPOSES:
            if spec.key not in known:
                with suppress(ConflictError):  # a process that started together with this one was faster
                    await self._define(spec)
        await self.purposes.refresh()

    async def log(self, change: ConsentRecorded) -> None:
        """Append what a person said to the log; a second time changes nothing."""
        await self._store.append(change)

    async def history(self, profile_ids: Sequence[str], request: PageRequest) -> Page[ConsentEntry]:
        """Return what these profiles of one person said, oldest first, for callers who may see it."""
        return cut(await self._store.history(profile_ids, request), request.first)

    async def _known_to(self, viewer: Viewer) -> Sequence[Purpose]:
        purposes = await self.purposes.current()
        return () if viewer.kind is ViewerKind.NOBODY else tuple(purposes.by_key.values())

    async def _define(self, spec: PurposeSpec) -> Purpose:
        now = self._clock()
        purpose = defined(spec, PurposeId(new_id("pur", now)), now)
        await self._store.insert(purpose)
        await self.purposes.refresh()
        return purpose

    async def _load(self) -> Purposes:
        return Purposes(by_key={purpose.key: purpose for purpose in await self._store.all()})
