"""What a profile can know: attributes are declared here, changed, put in order and archived."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.errors import InvalidInputError, NotFoundError, VersionConflictError
from server.kit.ids import new_id
from server.kit.paging import cut
from server.kit.watching import Watched
from server.profiles.catalogue import Catalogue, catalogue, check_spec, may_know
from server.profiles.model import AttributeDefinition, AttributeId
from server.profiles.reranking import rerank_job
from server.profiles.standard import STANDARD_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from server.access.model import Viewer
    from server.consent.service import Consents
    from server.kit.clock import Clock
    from server.kit.jobs.service import JobQueue
    from server.kit.paging import Page, PageRequest
    from server.profiles.catalogue import NamedCondition
    from server.profiles.definition_store import DefinitionStore
    from server.profiles.model import AttributeSpec

    # Where the conditions come from that others may name: audiences lie above.
    NamedConditions = Callable[[], Awaitable[Mapping[str, NamedCondition]]]


async def _none() -> Mapping[str, NamedCondition]:
    return {}


class Attributes:
    """Keeps the attribute definitions."""

    def __init__(
        self,
        *,
        store: DefinitionStore,
        consents: Consents,
        queue: JobQueue,
        clock: Clock,
        audiences: NamedConditions = _none,
    ) -> None:
        self._store = store
        self._audiences = audiences
        self._consents = consents
        self._queue = queue
        self._clock = clock
        self.catalogue: Watched[Catalogue] = Watched("attribute_definitions", self._load)

    async def define(self, viewer: Viewer, spec: AttributeSpec) -> AttributeDefinition:
        """Declare an attribute (admins only).

        Raises ForbiddenError, InvalidInputError, UnknownPurposeError, ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        await self._check(spec)
        definition = self._definition(spec)
        await self._store.insert(definition)
        await self.catalogue.refresh()
        return definition

    async def update(
        self,
        viewer: Viewer,
        attribute_id: AttributeId,
        expected_version: int,
        edit: Callable[[AttributeDefinition], AttributeDefinition],
    ) -> AttributeDefinition:
        """Change a definition (admins only); id and type stay.

        What profiles hold stays too: a tighter validation is for what is written from now on. A new
        precedence is worked into all profiles by a job; who reads one profile sees it at once.
        Raises ForbiddenError, NotFoundError, VersionConflictError, InvalidInputError, UnknownPurposeError,
        ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(attribute_id, expected_version)
        edited = replace(edit(present), id=present.id, type=present.type, version=present.version + 1)
        await self._check(edited)
        if edited.precedence != present.precedence:
            # Queued before the write: a job too many finds nothing to do, one too few leaves old winners.
            await self._queue.enqueue(rerank_job(edited, self._clock()))
        return await self._replaced(edited)

    async def archive(
        self, viewer: Viewer, attribute_id: AttributeId, expected_version: int
    ) -> AttributeDefinition:
        """Put an attribute away (admins only): neither shown nor written; `restore` brings all of it back.

        Raises ForbiddenError, NotFoundError, VersionConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(attribute_id, expected_version)
        if present.archived_at is not None:
            return present
        archived = replace(present, archived_at=self._clock(), version=present.version + 1)
        return await self._replaced(archived)

    async def restore(
        self, viewer: Viewer, attribute_id: AttributeId, expected_version: int
    ) -> AttributeDefinition:
        """Take an attribute out of the archive (admins only).

        Raises ForbiddenError, NotFoundError, VersionConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(attribute_id, expected_version)
        if present.archived_at is None:
            return present
        return await self._replaced(replace(present, archived_at=None, version=present.version + 1))

    async def reorder(self, viewer: Viewer, ids: Sequence[AttributeId]) -> list[AttributeDefinition]:
        """Put these attributes first, in this order (admins only); the others follow as they were.

        Raises ForbiddenError, NotFoundError, InvalidInputError.
        """
        require_scope(viewer, Scope.ADMIN)
        await self.catalogue.refresh()
        known = (await self.catalogue.current()).by_id
        if len(set(ids)) != len(ids):
            raise InvalidInputError("Each attribute stands in one place: name it once.", field="ids")
        if not known.keys() >= set(ids):
            raise NotFoundError(_NO_SUCH_ATTRIBUTE)
        first = set(ids)
        await self._store.reorder([*ids, *(each for each in known if each not in first)])
        await self.catalogue.refresh()
        return list((await self.catalogue.current()).by_id.values())

    async def ensure_standard_attributes(self) -> None:
        """Declare the attributes that ship with the product and that this deployment does not have.

        The purposes that ship come first, since attributes and enrichers name them.
        """
        await self._consents.ensure_standard_purposes()
        await self.catalogue.refresh()
        known = (await self.catalogue.current()).by_id.values()
        taken = {name for each in known for name in (each.key, each.canonical)}
        await self._store.insert_missing(
            [
                replace(self._definition(spec), canonical=spec.key, position=place)
                for place, spec in enumerate(STANDARD_ATTRIBUTES)
                if spec.key not in taken
            ]
        )
        await self.catalogue.refresh()

    async def page(
        self, viewer: Viewer, request: PageRequest, *, with_archived: bool = False
    ) -> Page[AttributeDefinition]:
        """Return the definitions the viewer may know of, in their order."""
        known = [
            each
            for each in (await self.catalogue.current()).by_id.values()
            if may_know(viewer, each) and (with_archived or each.archived_at is None)
        ]
        places = {each.id: place for place, each in enumerate(known)}
        start = 0 if request.after is None else places.get(AttributeId(request.after), len(known)) + 1
        return cut(known[start : start + request.first + 1], request.first)

    async def find(self, viewer: Viewer, attribute_id: AttributeId) -> AttributeDefinition | None:
        """Return a definition; None for one that does not exist or that the viewer may not know of."""
        found = (await self.catalogue.current()).by_id.get(attribute_id)
        return found if found is not None and may_know(viewer, found) else None

    async def _present(self, attribute_id: AttributeId, expected_version: int) -> AttributeDefinition:
        """Return a definition as it is in the database; raise NotFoundError or VersionConflictError."""
        await self.catalogue.refresh()
        found = (await self.catalogue.current()).by_id.get(attribute_id)
        if found is None:
            raise NotFoundError(_NO_SUCH_ATTRIBUTE)
        if found.version != expected_version:
            raise VersionConflictError(found.version)
        return found

    async def _replaced(self, definition: AttributeDefinition) -> AttributeDefinition:
        is_written = await self._store.replace(definition)
        await self.catalogue.refresh()
        if not is_written:
            present = (await self.catalogue.current()).by_id[definition.id]
            raise VersionConflictError(present.version)
        return definition

    async def _check(self, spec: AttributeSpec) -> None:
        check_spec(spec)
        if spec.purpose is not None:
            await self._consents.get(spec.purpose)

    def _definition(self, spec: AttributeSpec) -> AttributeDefinition:
        now = self._clock()
        given = {each.name: getattr(spec, each.name) for each in fields(spec)}
        return AttributeDefinition(id=AttributeId(new_id("att", now)), created_at=now, **given)

    async def _load(self) -> Catalogue:
        return catalogue(await self._store.all(), await self._audiences())


_NO_SUCH_ATTRIBUTE = "There is no such attribute."
