"""The services of enrichment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.enrichment.concluding import Concluding
from server.enrichment.fitting import Fitting
from server.enrichment.metering import Meters
from server.enrichment.model import ENRICH
from server.enrichment.people import People
from server.enrichment.running import LookUps
from server.enrichment.service import Enrichments
from server.enrichment.waiting import running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from server.enrichment.model import Enrichers
    from server.kit.jobs.model import JobHandler
    from server.profiles.model import Profile
    from server.services.ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentServices:
    """What decides on look-ups and what makes them; `running` tells what one may fill any moment."""

    enrichment: Enrichments
    running: Callable[[Profile], Mapping[str, datetime]]
    job_handlers: Mapping[str, JobHandler]


def build_enrichment(ground: Ground, enrichers: Enrichers) -> EnrichmentServices:
    """Return them."""
    look_ups = build_look_ups(ground, enrichers)
    people = People(profiles=ground.profiles, suppressions=ground.stores.suppressions, clock=ground.clock)
    return EnrichmentServices(
        enrichment=Enrichments(
            profiles=ground.profiles,
            people=people,
            queue=ground.queue,
            clock=ground.clock,
            enrichers=enrichers,
        ),
        running=lambda profile: running(profile, enrichers()),
        job_handlers={ENRICH: look_ups},
    )


def build_look_ups(ground: Ground, enrichers: Enrichers) -> LookUps:
    """Return what makes the look-ups of these enrichers."""
    profiles, stores, clock = ground.profiles, ground.stores, ground.clock
    people = People(profiles=profiles, suppressions=stores.suppressions, clock=clock)
    return LookUps(
        profiles=profiles,
        people=people,
        meters=Meters(store=stores.meters, clock=clock),
        results=stores.look_up_results,
        suppressions=stores.suppressions,
        concluding=Concluding(
            profiles=profiles,
            people=people,
            fitting=Fitting(profiles=profiles),
            enrichers=enrichers,
            clock=clock,
        ),
        withdrawn_at=stores.withdrawals.last_request,
        enrichers=enrichers,
        clock=clock,
    )
