"""The audit log: every act of an admin or an app, noted before it happens and concluded after."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from server.access.model import AuditEntry, AuditId, Scope, ViewerKind
from server.kit.ids import new_id
from server.kit.paging import cut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from server.access.audit_store import AuditStore
    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest

_AUDITED = frozenset({ViewerKind.ADMIN, ViewerKind.APP})
_OF_PEOPLE = frozenset({"linkIdentity", "unlinkIdentity"})


class AuditLog:
    """Who did what to whom, when."""

    def __init__(self, *, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(
        self, viewer: Viewer, act: str, targets: Iterable[str], request_id: str | None
    ) -> AuditId | None:
        """Note that an act begins; None for a viewer whose acts aren't audited: people, pages and nobody.

        Of people those acts are audited all the same that change who can sign in as them.

        Before the act, so that none can happen unseen: where the log can't be written, nothing is done.
        """
        is_of_person = viewer.kind is ViewerKind.PERSON and act in _OF_PEOPLE
        if viewer.kind not in _AUDITED and not is_of_person:
            return None
        own = () if viewer.profile_id is None else (viewer.profile_id,)
        now = self._clock()
        entry = AuditEntry(
            id=AuditId(new_id("aud", now)),
            at=now,
            actor_kind=viewer.kind,
            actor=viewer.profile_id or viewer.key_id,
            act=act,
            targets=(*own, *targets),
            request_id=request_id,
        )
        await self._store.append(entry)
        return entry.id

    async def conclude(self, entry_id: AuditId, targets: Sequence[str], outcome: str) -> None:
        """Note what became of it, and whom it turned out to be about."""
        await self._store.conclude(entry_id, targets, outcome)

    @asynccontextmanager
    async def noting(self, viewer: Viewer, act: str) -> AsyncIterator[None]:
        """Note an act around the block that does it."""
        entry = await self.begin(viewer, act, (), None)
        outcome = "Interrupted"
        try:
            yield
            outcome = "Success"
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            if entry is not None:
                await self.conclude(entry, (), outcome)

    async def page(
        self,
        viewer: Viewer,
        request: PageRequest,
        *,
        actor: str | None = None,
        target: str | None = None,
        act: str | None = None,
    ) -> Page[AuditEntry] | None:
        """Return the entries (of this actor, about this target, of this act), newest first.

        None for whoever is no admin.
        """
        if not viewer.has_scope(Scope.ADMIN):
            return None
        entries = await self._store.page(request, actor=actor, target=target, act=act)
        return cut(entries, request.first)
