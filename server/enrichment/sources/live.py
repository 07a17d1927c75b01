"""The enrichers that run in this process: what is built in, and what admins configured and switched on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from server.enrichment.sources.compiling import UnusableEnricherError, running_form, spec_for
from server.enrichment.sources.source import HttpSource
from server.kit.errors import ExpectedError
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.configured import ConfiguredEnricher, EnricherId
    from server.enrichment.model import Enricher
    from server.enrichment.sources.callbacks import Callbacks
    from server.enrichment.sources.spec import EnricherSpec
    from server.enrichment.sources.store import EnricherStore
    from server.kit.calling import Caller
    from server.kit.clock import Clock
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)


class LiveEnrichers:
    """Follows the configuration; `configured` has to be loaded once before `running` tells all of it."""

    def __init__(
        self,
        *,
        store: EnricherStore,
        profiles: Profiles,
        callbacks: Callbacks,
        caller: Caller,
        clock: Clock,
        built_in: Mapping[str, Enricher],
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._callbacks = callbacks
        self._caller = caller
        self._clock = clock
        self.built_in = built_in
        self._running: Mapping[str, Enricher] = built_in
        self.configured: Watched[Mapping[EnricherId, ConfiguredEnricher]] = Watched("enrichers", self._load)

    def running(self) -> Mapping[str, Enricher]:
        """Return what runs, by key."""
        return self._running

    def source(self, key: str, spec: EnricherSpec, secrets: Mapping[str, str]) -> HttpSource:
        """Return what asks the provider of a spec."""
        return HttpSource(
            key=key,
            spec=spec,
            secrets=secrets,
            caller=self._caller,
            clock=self._clock,
            new_callback=self._callbacks.begin,
        )

    async def source_of(self, key: str) -> HttpSource | None:
        """Return what asks the provider of a configured enricher that runs; None where there is none."""
        attributes = await self._profiles.catalogue.current()
        for each in (await self.configured.current()).values():
            if each.key == key and key in self._running:
                return self.source(key, spec_for(each, attributes), each.secrets)
        return None

    async def close(self) -> None:
        """Close the connections that are open."""
        await self._caller.close()

    async def _load(self) -> Mapping[EnricherId, ConfiguredEnricher]:
        """Return what is configured; what is on and can work is compiled, anything else is off."""
        stored = {each.id: each for each in await self._store.all()}
        attributes = await self._profiles.catalogue.current()
        running = dict(self.built_in)
        for each in stored.values():
            if each.is_enabled and each.archived_at is None:
                try:
                    running[each.key] = running_form(each, attributes, self.source)
                except (ExpectedError, UnusableEnricherError) as error:
                    _log.error("the enricher %s is off: %s", each.key, error)
        self._running = running
        return stored
