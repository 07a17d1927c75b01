"""Every object made once, by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from server.access.audit import AuditLog
from server.access.documents import TrustedDocuments
from server.access.limiting import Limits, rules_of, why_not_limits
from server.audiences.service import Audiences
from server.backups.store import SourceStore
from server.enrichment.sources.late_answers import LateAnswers
from server.events.service import Events
from server.kit.clock import system_clock
from server.kit.following import Follower
from server.kit.instruments import Instruments
from server.kit.jobs.periodic import Periodic
from server.kit.jobs.service import MOST_COUNTED
from server.kit.mongo import connect, open_database
from server.kit.watching import AlsoOn
from server.privacy.holdings import HOLDINGS
from server.privacy.model import RETAIN, RETAIN_EVERY
from server.privacy.retaining import why_unknown
from server.privacy.service import Privacy
from server.profiles.claiming import Claiming
from server.profiles.consenting import Consenting
from server.profiles.expiring import EVERY, EXPIRE
from server.profiles.following import WATCHED, Following
from server.profiles.reading import Reading
from server.profiles.uniting import Uniting
from server.profiles.withdrawing import Withdrawals
from server.services.enrichment import build_enrichment
from server.services.ground import lay_ground
from server.services.hooks import build_hooks
from server.services.identity import build_identity
from server.services.jobs import privacy_jobs, profile_jobs
from server.services.migrations import build_migrations
from server.services.questions import build_questions
from server.services.readiness import Readiness
from server.services.sources import build_sources
from server.services.tracing import tracing_of
from server.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from server.access.issuers import TokenIssuers
    from server.access.service import Access
    from server.consent.service import Consents
    from server.enrichment.service import Enrichments
    from server.hooks.service import Hooks
    from server.identity.service import Identity
    from server.kit.clock import Clock
    from server.kit.jobs.model import JobHandler
    from server.kit.jobs.service import JobQueue
    from server.kit.mongo import Client, Database
    from server.kit.tracing import Tracing
    from server.kit.watching import Fresh
    from server.migrations.service import Migrations
    from server.profiles.attributes import Attributes
    from server.profiles.service import Profiles
    from server.questions.answering import Answering
    from server.questions.authoring import Authoring
    from server.questions.explaining import Explaining
    from server.questions.porting import Porting
    from server.questions.results import Results
    from server.questions.service import Questions
    from server.questions.simulating import Simulating
    from server.services.enrichment import EnrichmentServices
    from server.services.sources import SourceServices
    from server.services.stores import Stores
    from server.settings import Settings

WIDGET_FILES = Path(__file__).parent.parent.parent / "widget" / "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the product can do."""

    settings: Settings
    clock: Clock
    instruments: Instruments
    client: Client
    database: Database
    stores: Stores
    access: Access
    issuers: TokenIssuers
    limits: Limits
    audit: AuditLog
    documents: TrustedDocuments
    privacy: Privacy
    consents: Consents
    attributes: Attributes
    profiles: Profiles
    claiming: Claiming
    withdrawals: Withdrawals
    reading: Reading
    follower: Follower
    following: Following
    uniting: Uniting
    consenting: Consenting
    identity: Identity
    events: Events
    audiences: Audiences
    questions: Questions
    answering: Answering
    authoring: Authoring
    explaining: Explaining
    simulating: Simulating
    porting: Porting
    results: Results
    enrichment: Enrichments
    enriching: EnrichmentServices
    sources: SourceServices
    late_answers: LateAnswers
    hooks: Hooks
    queue: JobQueue
    job_handlers: Mapping[str, JobHandler]
    periodic: tuple[Periodic, ...]
    readiness: Readiness
    migrations: Migrations

    @property
    def watched(self) -> tuple[Fresh, ...]:
        """What this process holds in memory of what all share: configuration, and which tokens ended."""
        return (
            self.access.key_ring,
            self.documents.live,
            self.issuers.live,
            self.access.revocations,
            self.consents.purposes,
            self.attributes.catalogue,
            AlsoOn("audiences", self.attributes.catalogue),
            self.audiences.known,
            AlsoOn("attribute_definitions", self.audiences.known),
            self.questions.live,
            self.sources.live.configured,
            AlsoOn("attribute_definitions", self.questions.live),
            AlsoOn("audiences", self.questions.live),
            self.identity.providers.live,
            self.hooks.known,
            self.identity.hosts.live,
        )

    async def why_not_ready(self) -> list[str]:
        """Return why this process can't serve, a sentence each."""
        return await self.readiness.problems(self.watched)

    async def waiting(self) -> list[tuple[str, int, timedelta]]:
        """Return what waits for workers, of each kind how much and for how long: see JobQueue.depths.

        Of the kind `react` are people with changes that nobody reacted to yet.
        """
        people, first = await self.stores.profiles.count_pending(MOST_COUNTED)
        reacting = [] if first is None else [("react", people, self.clock() - first)]
        return [*reacting, *await self.queue.depths()]

    async def last_backup(self) -> datetime | None:
        """Return when the last backup was finished; None where there is none."""
        return await SourceStore(self.database).last_finished()

    async def look_round(self) -> None:
        """Note for Prometheus what lies in the database."""
        self.instruments.found_queue(await self.waiting())
        self.instruments.found_backup(await self.last_backup())

    def close(self) -> None:
        """Let go of the database, and send what was seen last."""
        self.client.close()
        self.instruments.tracing.close()


def build_services(
    settings: Settings, *, clock: Clock = system_clock, tracing: Tracing | None = None
) -> Services:
    """Return the services of one process; nothing is dialled before it is needed. Tests hand in `tracing`."""
    if problem := why_unknown(settings.retention, HOLDINGS) or why_not_limits(settings.limits):
        raise SettingsError(problem)
    instruments = Instruments(tracing or tracing_of(settings))
    client = connect(settings.mongodb_url, settings.database_limits, listeners=instruments.tracing.listeners)
    database = open_database(client, settings.database)
    ground = lay_ground(settings, database, clock, instruments)
    stores, profiles, queue = ground.stores, ground.profiles, ground.queue
    attributes, consents = ground.attributes, ground.consents
    uniting = Uniting(store=stores.profiles, catalogue=attributes.catalogue, clock=clock)
    follower = Follower(database, "profiles", WATCHED)
    sources = build_sources(ground)
    reading = Reading(store=stores.search, attributes=attributes, consents=consents, clock=clock)
    following = Following(follower=follower, profiles=profiles, clock=clock)
    enriching = build_enrichment(ground, sources, reading=reading, following=following)
    identity = build_identity(ground, uniting, enriching.derive)
    asking = build_questions(ground, enriching.running)
    hooking = build_hooks(ground)
    return Services(
        settings=settings,
        clock=clock,
        instruments=ground.instruments,
        client=client,
        database=database,
        stores=stores,
        access=ground.access,
        issuers=ground.issuers,
        limits=Limits(
            store=stores.limits, rules=rules_of(settings.limits), secret=settings.secret, clock=clock
        ),
        privacy=Privacy(
            profiles=profiles,
            consents=consents,
            store=stores.privacy,
            queue=queue,
            clock=clock,
            secret=settings.secret,
            public_url=settings.public_url,
            prove_recent=identity.sessions.recent,
        ),
        audit=AuditLog(store=stores.audit, clock=clock),
        documents=TrustedDocuments(
            store=stores.documents,
            own=_documents_of_the_widget(),
            is_allow_list=settings.executes_trusted_documents_alone,
            clock=clock,
        ),
        consents=consents,
        attributes=attributes,
        profiles=profiles,
        follower=follower,
        following=following,
        reading=reading,
        claiming=Claiming(profiles=profiles, history=stores.history, clock=clock),
        withdrawals=Withdrawals(store=stores.withdrawals, history=stores.history, queue=queue, clock=clock),
        uniting=uniting,
        consenting=Consenting(profiles=profiles, consents=consents, clock=clock),
        identity=identity,
        events=Events(profiles=profiles, store=stores.events, clock=clock),
        audiences=Audiences(profiles=profiles, store=stores.audiences, clock=clock),
        questions=asking.questions,
        answering=asking.answering,
        authoring=asking.authoring,
        explaining=asking.explaining,
        simulating=asking.simulating,
        porting=asking.porting,
        results=asking.results,
        enrichment=enriching.enrichment,
        enriching=enriching,
        sources=sources,
        late_answers=LateAnswers(
            callbacks=sources.callbacks, live=sources.live, called_back=enriching.look_ups.called_back
        ),
        hooks=hooking.hooks,
        queue=queue,
        readiness=Readiness(settings=settings, database=database),
        migrations=build_migrations(settings, database, clock),
        job_handlers={
            **privacy_jobs(ground, identity, hooking.hooks),
            **profile_jobs(ground),
            **enriching.job_handlers,
            **hooking.job_handlers,
        },
        periodic=(Periodic(kind=EXPIRE, every=EVERY), Periodic(kind=RETAIN, every=RETAIN_EVERY)),
    )


def _documents_of_the_widget() -> list[str]:
    """Return the documents that the widget sends, as its build lists them; none where it was not built."""
    listed = WIDGET_FILES / "documents.json"
    return list(json.loads(listed.read_text()).values()) if listed.exists() else []
