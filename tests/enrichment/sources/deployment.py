"""One process of a deployment, with the real stores, whose calls go to the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.access.model import Scope, Viewer, ViewerKind
from server.services.ground import lay_ground
from server.services.sources import build_sources
from tests.api import settings_for
from tests.enrichment.sources.simulator import secret
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from server.enrichment.configured import ListedEnricher
    from server.kit.mongo import Database
    from server.services.ground import Ground
    from server.services.sources import SourceServices
    from tests.enrichment.sources.simulator import Stand

ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))
READER = Viewer(kind=ViewerKind.APP, scopes=frozenset({Scope.CONFIGURATION_READ}))


@dataclass(frozen=True, slots=True)
class Deployment:
    """One process of a deployment."""

    ground: Ground
    sources: SourceServices
    clock: FakeClock

    async def made(self, key: str = "hunter", preset: str = "hunter_person") -> ListedEnricher:
        """Return an enricher of a preset with its secret, switched on."""
        created = await self.sources.configuring.create(ADMIN, key, preset_key=preset)
        with_secret = await self.sources.configuring.set_secret(
            ADMIN, created.configured.id, "api_key", secret("api_key")
        )
        return await self.sources.configuring.set_enabled(
            ADMIN, with_secret.configured.id, with_secret.configured.version, is_enabled=True
        )


async def deployed(database: Database, mongodb_url: str, stand: Stand) -> Deployment:
    """Return a process on this database."""
    clock = FakeClock()
    ground = lay_ground(settings_for(mongodb_url, database.name), database, clock)
    await ground.stores.create_indexes()
    await ground.attributes.ensure_standard_attributes()
    return Deployment(ground, build_sources(ground, transport=stand.transport), clock)
