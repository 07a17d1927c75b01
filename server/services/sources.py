"""Where findings come from: what is built in, and the providers that admins configure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.enrichment.enrichers.browser import browser_device, browser_language, browser_time_zone
from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.enrichers.geo_database import geo_database
from server.enrichment.enrichers.phone import phone
from server.enrichment.enrichers.us_zip import us_zip
from server.enrichment.sources.area_table import AreaTable
from server.enrichment.sources.callbacks import Callbacks
from server.enrichment.sources.configuring import Configuring
from server.enrichment.sources.live import LiveEnrichers
from server.enrichment.sources.plugins import plugins
from server.enrichment.sources.trying import Trying
from server.enrichment.visits import Visits
from server.kit.calling import Caller
from server.kit.http import GuardedTransport

if TYPE_CHECKING:
    from server.enrichment.model import Enricher
    from server.kit.http import HttpTransport
    from server.services.ground import Ground
    from server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceServices:
    """What is configured, what runs of it, and what providers still owe."""

    live: LiveEnrichers
    configuring: Configuring
    trying: Trying
    callbacks: Callbacks
    areas: AreaTable
    visits: Visits


def built_in_enrichers(settings: Settings, areas: AreaTable) -> dict[str, Enricher]:
    """Return what is always on: what needs no network, and what installed plugins bring."""
    offline = [
        email_domain(),
        phone(),
        us_zip(),
        browser_language(),
        browser_time_zone(),
        browser_device(),
        areas.enricher(),
    ]
    if settings.geo_database is not None:
        offline.append(geo_database(settings.geo_database))
    ours = {each.key: each for each in offline}
    return {**ours, **plugins(ours)}


def build_sources(ground: Ground, *, transport: HttpTransport | None = None) -> SourceServices:
    """Return them; tests hand in a transport of their own."""
    settings, clock, profiles = ground.settings, ground.clock, ground.profiles
    callbacks = Callbacks(store=ground.stores.callbacks, public_url=settings.public_url, clock=clock)
    caller = Caller(transport or GuardedTransport(settings.enrichment_hosts), ground.instruments.tracing)
    areas = AreaTable(store=ground.stores.areas, caller=caller)
    live = LiveEnrichers(
        store=ground.stores.enrichers,
        profiles=profiles,
        callbacks=callbacks,
        caller=caller,
        clock=clock,
        built_in=built_in_enrichers(settings, areas),
    )
    return SourceServices(
        live=live,
        configuring=Configuring(
            store=ground.stores.enrichers,
            live=live,
            profiles=profiles,
            consents=ground.consents,
            clock=clock,
            allowed_hosts=settings.enrichment_hosts,
        ),
        trying=Trying(live=live, profiles=profiles, clock=clock),
        callbacks=callbacks,
        areas=areas,
        visits=Visits(
            store=ground.stores.visits,
            profiles=profiles,
            enrichers=live.running,
            clock=clock,
            secret=settings.secret,
        ),
    )
