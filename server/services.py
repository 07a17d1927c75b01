"""Every object made once, by hand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from server.access.audit import AuditLog
from server.access.audit_store import AuditStore
from server.access.service import Access
from server.access.store import KeyStore
from server.access.tokens import ViewerTokens
from server.consent.service import Consents
from server.consent.store import ConsentStore
from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.model import ENRICH
from server.enrichment.running import LookUps
from server.enrichment.service import Enrichments
from server.identity.configuring import SignInProviders
from server.identity.providers.bounded import BoundedClient, provider_transport
from server.identity.service import Identity
from server.identity.store import IdentityStore
from server.kit.clock import system_clock
from server.kit.following import Follower
from server.kit.jobs.periodic import Periodic
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.kit.mongo import connect, open_database, why_unreachable
from server.kit.sealing import Seal
from server.privacy.anonymising import Anonymising
from server.privacy.erasing import Erasing
from server.privacy.exporting import Exporting
from server.privacy.holding_store import HoldingStore
from server.privacy.holdings import HOLDINGS
from server.privacy.model import ANONYMISE, ERASE, EXPORT, RETAIN, RETAIN_EVERY
from server.privacy.model import WITHDRAW as WITHDRAW_CONSENT
from server.privacy.retaining import Retaining, why_unknown
from server.privacy.service import Privacy
from server.privacy.store import PrivacyStore
from server.privacy.withdrawing import Withdrawing as WithdrawingConsent
from server.profiles.attributes import Attributes
from server.profiles.claiming import Claiming
from server.profiles.consenting import Consenting
from server.profiles.definition_store import DefinitionStore
from server.profiles.erased_store import ErasedStore
from server.profiles.expiring import EVERY, EXPIRE, Expiring
from server.profiles.following import WATCHED, Following
from server.profiles.history_store import HistoryStore
from server.profiles.reading import Reading
from server.profiles.reranking import RERANK, Reranking
from server.profiles.sampling_store import ProfileSample
from server.profiles.search_store import SearchStore
from server.profiles.service import Profiles
from server.profiles.store import ProfileStore
from server.profiles.sweep_store import SweepStore
from server.profiles.uniting import Uniting
from server.profiles.withdrawal_store import WithdrawalStore
from server.profiles.withdrawing import WITHDRAW, Withdrawals, Withdrawing
from server.questions.answering import Answering
from server.questions.authoring import Authoring
from server.questions.explaining import Explaining
from server.questions.log_store import LogStore
from server.questions.porting import Porting
from server.questions.results import Results
from server.questions.service import Questions
from server.questions.simulating import Simulating
from server.questions.store import QuestionStore
from server.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.kit.clock import Clock
    from server.kit.jobs.model import JobHandler
    from server.kit.mongo import Client, Database
    from server.kit.watching import Watched
    from server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is kept where; each makes its own indexes."""

    keys: KeyStore
    audit: AuditStore
    consents: ConsentStore
    definitions: DefinitionStore
    profiles: ProfileStore
    history: HistoryStore
    withdrawals: WithdrawalStore
    erased: ErasedStore
    search: SearchStore
    identity: IdentityStore
    questions: QuestionStore
    answers: LogStore
    jobs: JobStore
    privacy: PrivacyStore

    async def create_indexes(self) -> None:
        """Make every index; does nothing where they exist."""
        for each in fields(self):
            await getattr(self, each.name).create_indexes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the product can do."""

    settings: Settings
    clock: Clock
    client: Client
    database: Database
    stores: Stores
    access: Access
    audit: AuditLog
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
    questions: Questions
    answering: Answering
    authoring: Authoring
    explaining: Explaining
    simulating: Simulating
    porting: Porting
    results: Results
    enrichment: Enrichments
    queue: JobQueue
    job_handlers: Mapping[str, JobHandler]
    periodic: tuple[Periodic, ...]

    @property
    def watched(self) -> tuple[Watched[Any], ...]:
        """The configuration that this process holds in memory."""
        return (
            self.access.key_ring,
            self.consents.purposes,
            self.attributes.catalogue,
            self.questions.live,
            self.identity.providers.live,
        )

    async def why_not_ready(self) -> str | None:
        """Return why this process can't serve, or None."""
        return await why_unreachable(self.database)

    def close(self) -> None:
        """Let go of the database."""
        self.client.close()


def build_services(settings: Settings, *, clock: Clock = system_clock) -> Services:
    """Return the services of one process; nothing is dialled before it is needed."""
    if (problem := why_unknown(settings.retention, HOLDINGS)) is not None:
        raise SettingsError(problem)
    client = connect(settings.mongodb_url)
    database = open_database(client, settings.database)
    stores = Stores(
        keys=KeyStore(database),
        audit=AuditStore(database),
        consents=ConsentStore(database),
        definitions=DefinitionStore(database),
        profiles=ProfileStore(database),
        history=HistoryStore(database, retention=settings.claim_history),
        withdrawals=WithdrawalStore(database),
        erased=ErasedStore(database, secret=settings.secret),
        search=SearchStore(database),
        identity=IdentityStore(database, secret=settings.secret),
        questions=QuestionStore(database),
        answers=LogStore(database),
        jobs=JobStore(database),
        privacy=PrivacyStore(database),
    )
    tokens = ViewerTokens(secret=settings.secret, issuer=settings.public_url, clock=clock)
    access = Access(store=stores.keys, tokens=tokens, clock=clock)
    consents = Consents(store=stores.consents, clock=clock)
    queue = JobQueue(store=stores.jobs, clock=clock)
    attributes = Attributes(store=stores.definitions, consents=consents, queue=queue, clock=clock)
    profiles = Profiles(
        store=stores.profiles,
        erased=stores.erased,
        attributes=attributes,
        consents=consents,
        clock=clock,
    )
    uniting = Uniting(store=stores.profiles, catalogue=attributes.catalogue, clock=clock)
    identity = Identity(
        profiles=profiles,
        access=access,
        store=stores.identity,
        providers=SignInProviders(
            settings.sign_in_providers,
            store=stores.identity.providers,
            profiles=profiles,
            client=BoundedClient(provider_transport(settings)),
            public_url=settings.public_url,
            clock=clock,
        ),
        unite=uniting.join,
        seal=Seal(settings.secret, "link"),
        clock=clock,
    )
    questions = Questions(profiles=profiles, store=stores.questions, clock=clock, secret=settings.secret)
    authoring = Authoring(profiles=profiles, questions=questions, store=stores.questions, clock=clock)
    enrichers = (email_domain(),)
    holdings = HoldingStore(database, HOLDINGS)
    erasing = Erasing(profiles=profiles, store=stores.privacy, holdings=holdings, queue=queue, clock=clock)
    sweeps = SweepStore(database)
    follower = Follower(database, "profiles", WATCHED)
    return Services(
        settings=settings,
        clock=clock,
        client=client,
        database=database,
        stores=stores,
        access=access,
        privacy=Privacy(
            profiles=profiles,
            consents=consents,
            store=stores.privacy,
            queue=queue,
            clock=clock,
            secret=settings.secret,
            public_url=settings.public_url,
        ),
        audit=AuditLog(store=stores.audit, clock=clock),
        consents=consents,
        attributes=attributes,
        profiles=profiles,
        follower=follower,
        following=Following(follower=follower, profiles=profiles, clock=clock),
        reading=Reading(store=stores.search, attributes=attributes, consents=consents, clock=clock),
        claiming=Claiming(profiles=profiles, history=stores.history, clock=clock),
        withdrawals=Withdrawals(store=stores.withdrawals, history=stores.history, queue=queue, clock=clock),
        uniting=uniting,
        consenting=Consenting(profiles=profiles, consents=consents, clock=clock),
        identity=identity,
        questions=questions,
        answering=Answering(profiles=profiles, questions=questions, store=stores.questions, clock=clock),
        authoring=authoring,
        explaining=Explaining(profiles=profiles, questions=questions),
        simulating=Simulating(
            profiles=profiles,
            questions=questions,
            store=stores.questions,
            sample=ProfileSample(database),
            clock=clock,
        ),
        porting=Porting(
            profiles=profiles, attributes=attributes, authoring=authoring, store=stores.questions
        ),
        results=Results(store=stores.questions, log=stores.answers),
        enrichment=Enrichments(profiles=profiles, queue=queue, clock=clock, enrichers=enrichers),
        queue=queue,
        job_handlers={
            ERASE: erasing,
            ANONYMISE: Anonymising(
                profiles=profiles, store=stores.privacy, holdings=holdings, queue=queue, clock=clock
            ),
            EXPORT: Exporting(profiles=profiles, store=stores.privacy, holdings=holdings, clock=clock),
            WITHDRAW_CONSENT: WithdrawingConsent(
                profiles=profiles, holdings=holdings, queue=queue, clock=clock
            ),
            RETAIN: Retaining(holdings=holdings, erasing=erasing, clock=clock, rules=settings.retention),
            ENRICH: LookUps(profiles=profiles, clock=clock, enrichers=enrichers),
            EXPIRE: Expiring(sweeps=sweeps, profiles=profiles, clock=clock),
            RERANK: Reranking(store=sweeps, catalogue=attributes.catalogue, clock=clock),
            WITHDRAW: Withdrawing(
                store=stores.withdrawals,
                sweeps=sweeps,
                history=stores.history,
                profiles=profiles,
                clock=clock,
            ),
        },
        periodic=(Periodic(kind=EXPIRE, every=EVERY), Periodic(kind=RETAIN, every=RETAIN_EVERY)),
    )
