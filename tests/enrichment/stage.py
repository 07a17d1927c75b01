"""Enrichment with everything below it, on a real database and a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.access.model import Scope, Viewer, ViewerKind
from server.consent.service import Consents
from server.consent.store import ConsentStore
from server.enrichment.changes import EnrichmentRequested
from server.enrichment.concluding import Concluding
from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.fitting import Fitting
from server.enrichment.meter_store import MeterStore
from server.enrichment.metering import Meters
from server.enrichment.model import (
    ENRICH,
    Enricher,
    EnricherKind,
    EnrichmentState,
    Finding,
    Found,
    ReasonCode,
    Trigger,
)
from server.enrichment.people import People
from server.enrichment.result_store import ResultStore
from server.enrichment.run_store import RunStore
from server.enrichment.running import LookUps
from server.enrichment.service import Enrichments
from server.enrichment.suppression_store import SuppressionStore
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.kit.relay import Relay
from server.profiles.attributes import Attributes
from server.profiles.changes import AttributesChanged, ProfileCreated, ProfileMerged
from server.profiles.definition_store import DefinitionStore
from server.profiles.erased_store import ErasedStore
from server.profiles.model import (
    PERSON,
    IdentityKind,
    IdentityRef,
    Profile,
    ProfileId,
    ProfileUpdate,
)
from server.profiles.service import Profiles
from server.profiles.store import ProfileStore
from server.profiles.withdrawal_store import WithdrawalStore
from server.worker import Worker
from tests.core import SECRET
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from server.enrichment.model import Enrichment, Result
    from server.kit.jobs.model import JobHandler
    from server.kit.mongo import Database
    from server.profiles.model import Value

    Ask = Callable[[Mapping[str, Value]], Awaitable[Result]]

APP = Viewer(
    kind=ViewerKind.APP,
    scopes=frozenset({Scope.ENRICHMENT_RUN, Scope.PROFILES_READ, Scope.CONFIGURATION_READ}),
)


def enricher(
    key: str = "oracle",
    *,
    look_up: Ask | None = None,
    inputs: tuple[str, ...] = ("email",),
    triggers: frozenset[Trigger] = frozenset(Trigger),
    ttl: timedelta = timedelta(days=30),
    revision: int = 1,
    outputs: frozenset[str] = frozenset({"job_title"}),
) -> Enricher:
    """Return an enricher that finds a job title unless told otherwise."""

    async def find_title(_: Mapping[str, Value]) -> Result:
        return Found(findings=(Finding(key="job_title", value="Countess"),))

    return Enricher(
        key=key,
        name=key.title(),
        kind=EnricherKind.OFFLINE,
        triggers=triggers,
        inputs=inputs,
        ttl=ttl,
        look_up=look_up or find_title,
        revision=revision,
        outputs=outputs,
    )


def provider(key: str = "oracle", look_up: Ask | None = None, **overrides: Any) -> Enricher:  # noqa: ANN401 - any field
    """Return an enricher that asks somebody else, and costs."""
    return replace(enricher(key, look_up=look_up), kind=EnricherKind.HTTP, **overrides)


class Oracle:
    """A source that says what it is told to, and counts the questions."""

    def __init__(self, *answers: Result) -> None:
        self.answers = list(answers)
        self.asked: list[Mapping[str, Value]] = []

    async def __call__(self, inputs: Mapping[str, Value]) -> Result:
        self.asked.append(inputs)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def title(value: str) -> Found:
    return Found(findings=(Finding(key="job_title", value=value),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a test plays on."""

    clock: FakeClock
    database: Database
    jobs: JobStore
    meters: MeterStore
    consents: Consents
    attributes: Attributes
    profiles: Profiles
    profile_store: ProfileStore
    queue: JobQueue
    enrichers: tuple[Enricher, ...]

    def configured(self) -> Mapping[str, Enricher]:
        """Return the enrichers by key."""
        return {each.key: each for each in self.enrichers}

    @property
    def enrichment(self) -> Enrichments:
        """The planning half."""
        return Enrichments(
            profiles=self.profiles,
            people=self.people,
            queue=self.queue,
            clock=self.clock,
            enrichers=self.configured,
        )

    @property
    def look_ups(self) -> LookUps:
        """The running half."""
        return LookUps(
            profiles=self.profiles,
            people=self.people,
            meters=Meters(store=self.meters, clock=self.clock),
            results=self.results,
            suppressions=self.suppressions,
            concluding=self.concluding,
            run_state=self.runs.state,
            owe=self.owe,
            withdrawn_at=WithdrawalStore(self.database).last_request,
            enrichers=self.configured,
            clock=self.clock,
            draw=lambda: 1.0,
        )

    @property
    def concluding(self) -> Concluding:
        """How look-ups end."""
        return Concluding(
            profiles=self.profiles,
            people=self.people,
            fitting=Fitting(profiles=self.profiles),
            enrichers=self.configured,
            clock=self.clock,
        )

    @property
    def people(self) -> People:
        """How enrichers look at people."""
        return People(profiles=self.profiles, suppressions=self.suppressions, clock=self.clock)

    @property
    def suppressions(self) -> SuppressionStore:
        """Who asked not to be looked up."""
        return SuppressionStore(self.database, secret=SECRET)

    @property
    def results(self) -> ResultStore:
        """What sources said."""
        return ResultStore(self.database, secret=SECRET)

    @property
    def runs(self) -> RunStore:
        """Bulk runs."""
        return RunStore(self.database)

    async def owe(self, profile_id: str, enricher_key: str, reference: str) -> None:
        """Note that a source will call back."""
        await self.database["owed"].insert_one(
            {"profile": profile_id, "enricher": enricher_key, "reference": reference}
        )

    def worker(
        self,
        name: str = "ada",
        *,
        handlers: Mapping[str, JobHandler] | None = None,
        is_planning: bool = True,
    ) -> Worker:
        """Return a worker with the table of reactions that matters here, and these handlers besides."""
        return Worker(
            name=name,
            relay=self.relay(is_planning=is_planning),
            queue=self.queue,
            handlers={ENRICH: self.look_ups, **(handlers or {})},
        )

    def relay(self, *, is_planning: bool) -> Relay:
        """Return what takes changes to the reactions that matter here."""
        enrichment = self.enrichment
        return Relay(
            outboxes=self.profile_store,
            reactions={
                ProfileCreated: (),
                ProfileMerged: (enrichment.on_merged,),
                AttributesChanged: (enrichment.on_attributes_changed,) if is_planning else (),
                EnrichmentRequested: (enrichment.on_requested,),
            },
            clock=self.clock,
        )

    def with_enrichers(self, *enrichers: Enricher) -> Stage:
        """Return the same stage with other enrichers."""
        return replace(self, enrichers=enrichers)

    async def person(self, number: int = 1, **values: object) -> Profile:
        """Return a new person who said these things about themselves."""
        ref = IdentityRef(kind=IdentityKind.USER_ID, value=f"user-{number}")
        profile = await self.profiles.create((ref,))
        return await self.say(profile.id, **values) if values else profile

    async def say(self, profile_id: ProfileId, **values: object) -> Profile:
        """Let the person say these things."""
        claims = await self.profiles.claims(values, PERSON)
        written = await self.profiles.write(profile_id, ProfileUpdate(claims=claims))
        assert written is not None
        return written

    async def profile(self, profile_id: ProfileId) -> Profile:
        """Return the profile as it is now."""
        found = await self.profiles.find(profile_id)
        assert found is not None
        return found

    async def values(self, profile_id: ProfileId) -> dict[str, Value]:
        """Return what is known, by key."""
        known = await self.profiles.known_attributes(await self.profile(profile_id))
        return {key: attribute.value for key, attribute in known.items()}

    async def shown(self, profile_id: ProfileId) -> Enrichment:
        """Return where the one enricher stands, as an app sees it."""
        (found,) = await self.enrichment.enrichments_of(APP, await self.profile(profile_id))
        return found

    async def all_shown(self, profile_id: ProfileId) -> dict[str, tuple[EnrichmentState, ReasonCode | None]]:
        """Return where every enricher stands and why, by key."""
        found = await self.enrichment.enrichments_of(APP, await self.profile(profile_id))
        return {each.enricher.key: (each.state, each.reason.code if each.reason else None) for each in found}


async def build_stage(
    database: Database,
    *,
    enrichers: Sequence[Enricher] = (),
    clock: FakeClock | None = None,
    profile_store: ProfileStore | None = None,
    jobs: JobStore | None = None,
    meters: MeterStore | None = None,
    draw: Callable[[], float] = lambda: 1.0,
) -> Stage:
    """Return a stage with indexes and the standard attributes."""
    clock = clock or FakeClock()
    profile_store = profile_store or ProfileStore(database)
    jobs = jobs or JobStore(database)
    definitions = DefinitionStore(database)
    consent_store = ConsentStore(database)
    for store in (profile_store, definitions, consent_store, jobs):
        await store.create_indexes()
    consents = Consents(store=consent_store, clock=clock)
    queue = JobQueue(store=jobs, clock=clock, draw=draw)
    attributes = Attributes(store=definitions, consents=consents, queue=queue, clock=clock)
    profiles = Profiles(
        store=profile_store,
        erased=ErasedStore(database, secret=SECRET),
        attributes=attributes,
        consents=consents,
        clock=clock,
    )
    await attributes.ensure_standard_attributes()
    return Stage(
        clock=clock,
        database=database,
        jobs=jobs,
        meters=meters or MeterStore(database),
        consents=consents,
        attributes=attributes,
        profiles=profiles,
        profile_store=profile_store,
        queue=queue,
        enrichers=tuple(enrichers) or (email_domain(),),
    )
