"""The services of enrichment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.model import ENRICH
from server.enrichment.running import LookUps
from server.enrichment.service import Enrichments
from server.enrichment.waiting import running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher
    from server.kit.jobs.model import JobHandler
    from server.profiles.model import Profile
    from server.services.ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentServices:
    """What decides on look-ups and what makes them; `running` tells what one may fill any moment."""

    enrichment: Enrichments
    running: Callable[[Profile], Mapping[str, datetime]]
    job_handlers: Mapping[str, JobHandler]


def build_enrichment(ground: Ground) -> EnrichmentServices:
    """Return them."""
    built_in = {each.key: each for each in (email_domain(),)}

    def enrichers() -> Mapping[str, Enricher]:
        return built_in

    return EnrichmentServices(
        enrichment=Enrichments(
            profiles=ground.profiles, queue=ground.queue, clock=ground.clock, enrichers=enrichers
        ),
        running=lambda profile: running(profile, enrichers()),
        job_handlers={ENRICH: LookUps(profiles=ground.profiles, clock=ground.clock, enrichers=enrichers)},
    )
