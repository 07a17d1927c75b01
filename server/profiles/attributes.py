"""What a profile can know: attributes are declared here, changed, put in order and archived."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.ids import new_id
from server.kit.paging import cut
from server.kit.watching import Watched
from server.profiles.catalogue import Catalogue, catalogue, check_spec, may_know
from server.profiles.model import AttributeDefinition, AttributeId
from server.profiles.standard import STANDARD_ATTRIBUTES

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.consent.service import Consents
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest
    from server.profiles.definition_store import DefinitionStore
    from server.profiles.model import AttributeSpec


class Attributes:
    """Keeps the attribute definitions."""

    def __init__(self, *, store: DefinitionStore, consents: Consents, clock: Clock) -> None:
        self._store = store
        self._consents = consents
        self._clock = clock
        self.catalogue: Watched[Catalogue] = Watched("attribute_definitions", self._load)

    async def define(self, viewer: Viewer, spec: AttributeSpec) -> AttributeDefinition:
        """Declare an attribute (admins only).

        Raises ForbiddenError, InvalidInputError, UnknownPurposeError, ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        check_spec(spec)
        if spec.purpose is not None:
            await self._consents.get(spec.purpose)
        definition = self._definition(spec)
        await self._store.insert(definition)
        await self.catalogue.refresh()
        return definition

    async def ensure_standard_attributes(self) -> None:
        """Declare the attributes that ship with the product and that this deployment does not have.

        The purposes that ship come first, since attributes and enrichers name them.
        """
        await self._consents.ensure_standard_purposes()
        known = (await self.catalogue.current()).by_key
        await self._store.insert_missing(
            [self._definition(spec) for spec in STANDARD_ATTRIBUTES if spec.key not in known]
        )
        await self.catalogue.refresh()

    async def page(self, viewer: Viewer, request: PageRequest) -> Page[AttributeDefinition]:
        """Return the definitions the viewer may know of, oldest first."""
        definitions = (await self.catalogue.current()).by_id.values()
        known = [
            definition
            for definition in definitions
            if may_know(viewer, definition) and (request.after is None or definition.id > request.after)
        ]
        return cut(known[: request.first + 1], request.first)

    async def find(self, viewer: Viewer, attribute_id: AttributeId) -> AttributeDefinition | None:
        """Return a definition; None for one that does not exist or that the viewer may not know of."""
        found = (await self.catalogue.current()).by_id.get(attribute_id)
        return found if found is not None and may_know(viewer, found) else None

    def _definition(self, spec: AttributeSpec) -> AttributeDefinition:
        now = self._clock()
        given = {each.name: getattr(spec, each.name) for each in fields(spec)}
        return AttributeDefinition(id=AttributeId(new_id("att", now)), created_at=now, **given)

    async def _load(self) -> Catalogue:
        return catalogue(await self._store.all())
