"""The services of enrichment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.enrichment.bulk import BulkRuns
from server.enrichment.concluding import Concluding
from server.enrichment.dead_letters import DeadLetters
from server.enrichment.fitting import Fitting
from server.enrichment.following import FollowingEnrichment
from server.enrichment.health import Overseeing
from server.enrichment.inline import Inline
from server.enrichment.metering import Meters
from server.enrichment.model import ENRICH
from server.enrichment.overseeing import RUN_IN_BULK
from server.enrichment.people import People
from server.enrichment.running import LookUps
from server.enrichment.running_in_bulk import RunningInBulk
from server.enrichment.service import Enrichments
from server.enrichment.waiting import running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from server.enrichment.model import Enrichers
    from server.enrichment.running import Owe
    from server.enrichment.visits import Visits
    from server.identity.recording import Derive
    from server.kit.jobs.model import JobHandler
    from server.profiles.following import Following
    from server.profiles.model import Profile
    from server.profiles.reading import Reading
    from server.services.ground import Ground
    from server.services.sources import SourceServices


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentServices:
    """What decides on look-ups and what makes them.

    `running` tells what one may fill any moment, `derive` adds to a sign-in what can be worked out from it.
    """

    enrichment: Enrichments
    running: Callable[[Profile], Mapping[str, datetime]]
    derive: Derive
    look_ups: LookUps
    bulk: BulkRuns
    overseeing: Overseeing
    dead_letters: DeadLetters
    following: FollowingEnrichment
    job_handlers: Mapping[str, JobHandler]


def build_enrichment(
    ground: Ground, sources: SourceServices, *, reading: Reading, following: Following
) -> EnrichmentServices:
    """Return them."""
    enrichers, visits = sources.live.running, sources.visits
    stores, profiles, queue, clock = ground.stores, ground.profiles, ground.queue, ground.clock
    people = People(profiles=profiles, suppressions=stores.suppressions, clock=clock, visits=visits)
    look_ups = build_look_ups(ground, enrichers, sources.callbacks.owe, visits)
    inline = Inline(
        profiles=ground.profiles,
        people=people,
        concluding=build_concluding(ground, people, enrichers),
        enrichers=enrichers,
    )
    enrichment = Enrichments(profiles=profiles, people=people, queue=queue, clock=clock, enrichers=enrichers)
    return EnrichmentServices(
        enrichment=enrichment,
        running=lambda profile: running(profile, enrichers()),
        derive=visits.kept_for(inline.derived),
        look_ups=look_ups,
        bulk=BulkRuns(
            store=stores.runs, reading=reading, people=people, queue=queue, enrichers=enrichers, clock=clock
        ),
        overseeing=Overseeing(
            meters=stores.meters, suppressions=stores.suppressions, enrichers=enrichers, clock=clock
        ),
        dead_letters=DeadLetters(profiles=profiles, queue=queue, clock=clock),
        following=FollowingEnrichment(following=following, profiles=profiles, enrichment=enrichment),
        job_handlers={
            ENRICH: look_ups,
            RUN_IN_BULK: RunningInBulk(
                store=stores.runs,
                reading=reading,
                enrichment=enrichment,
                queue=queue,
                enrichers=enrichers,
                clock=clock,
            ),
        },
    )


def build_look_ups(ground: Ground, enrichers: Enrichers, owe: Owe, visits: Visits | None = None) -> LookUps:
    """Return what makes the look-ups of these enrichers."""
    profiles, stores, clock = ground.profiles, ground.stores, ground.clock
    people = People(profiles=profiles, suppressions=stores.suppressions, clock=clock, visits=visits)
    return LookUps(
        profiles=profiles,
        people=people,
        meters=Meters(store=stores.meters, clock=clock, instruments=ground.instruments),
        results=stores.look_up_results,
        suppressions=stores.suppressions,
        concluding=build_concluding(ground, people, enrichers),
        withdrawn_at=stores.withdrawals.last_request,
        run_state=stores.runs.state,
        owe=owe,
        enrichers=enrichers,
        clock=clock,
    )


def build_concluding(ground: Ground, people: People, enrichers: Enrichers) -> Concluding:
    """Return what writes how look-ups end."""
    return Concluding(
        profiles=ground.profiles,
        people=people,
        fitting=Fitting(profiles=ground.profiles),
        enrichers=enrichers,
        clock=ground.clock,
    )
