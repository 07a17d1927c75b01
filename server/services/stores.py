"""What is kept where."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from server.access.admin_store import AdminStore
from server.access.audit_store import AuditStore
from server.access.document_store import DocumentStore
from server.access.issuer_store import IssuerStore
from server.access.limit_store import LimitStore
from server.access.revocation_store import RevocationStore
from server.access.store import KeyStore
from server.audiences.store import AudienceStore
from server.consent.store import ConsentStore
from server.enrichment.meter_store import MeterStore
from server.enrichment.result_store import ResultStore
from server.enrichment.run_store import RunStore
from server.enrichment.sources.area_store import AreaStore
from server.enrichment.sources.callback_store import CallbackStore
from server.enrichment.sources.store import EnricherStore
from server.enrichment.suppression_store import SuppressionStore
from server.enrichment.visit_store import VisitStore
from server.events.store import EventStore
from server.hooks.delivery_store import DeliveryStore
from server.hooks.store import HookStore
from server.identity.store import IdentityStore
from server.kit.jobs.store import JobStore
from server.kit.roster import RosterStore
from server.privacy.store import PrivacyStore
from server.profiles.definition_store import DefinitionStore
from server.profiles.erased_store import ErasedStore
from server.profiles.history_store import HistoryStore
from server.profiles.search_store import SearchStore
from server.profiles.store import ProfileStore
from server.profiles.withdrawal_store import WithdrawalStore
from server.questions.log_store import LogStore
from server.questions.store import QuestionStore

if TYPE_CHECKING:
    from server.kit.migrating import Filling, Migration
    from server.kit.mongo import Database
    from server.kit.sealing import Sealed
    from server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is kept where; each makes its own indexes."""

    keys: KeyStore
    issuers: IssuerStore
    admins: AdminStore
    revocations: RevocationStore
    limits: LimitStore
    audit: AuditStore
    documents: DocumentStore
    consents: ConsentStore
    definitions: DefinitionStore
    profiles: ProfileStore
    history: HistoryStore
    withdrawals: WithdrawalStore
    erased: ErasedStore
    search: SearchStore
    identity: IdentityStore
    events: EventStore
    audiences: AudienceStore
    enrichers: EnricherStore
    callbacks: CallbackStore
    areas: AreaStore
    visits: VisitStore
    questions: QuestionStore
    answers: LogStore
    meters: MeterStore
    look_up_results: ResultStore
    suppressions: SuppressionStore
    runs: RunStore
    jobs: JobStore
    roster: RosterStore
    hooks: HookStore
    deliveries: DeliveryStore
    privacy: PrivacyStore

    async def create_indexes(self) -> None:
        """Make every index; does nothing where they exist."""
        for each in fields(self):
            await getattr(self, each.name).create_indexes()

    def migrations(self) -> list[Migration | Filling]:
        """Return how documents of earlier versions become those of this one."""
        return [
            each for field in fields(self) for each in getattr(getattr(self, field.name), "migrations", ())
        ]

    @property
    def sealed(self) -> dict[str, Sealed]:
        """What lies sealed in the database, by what it is."""
        return {
            "providers": self.identity.providers.sealed,
            "identity secrets": self.identity.hosts.sealed,
            "enrichers": self.enrichers.sealed,
            "hooks": self.hooks.sealed,
        }


def build_stores(settings: Settings, database: Database) -> Stores:
    """Return the stores over one database."""
    return Stores(
        keys=KeyStore(database),
        issuers=IssuerStore(database),
        admins=AdminStore(database),
        revocations=RevocationStore(database),
        limits=LimitStore(database),
        audit=AuditStore(database),
        documents=DocumentStore(database),
        consents=ConsentStore(database),
        definitions=DefinitionStore(database),
        profiles=ProfileStore(database),
        history=HistoryStore(database, retention=settings.claim_history),
        withdrawals=WithdrawalStore(database),
        erased=ErasedStore(database, secret=settings.secret_of_stores),
        search=SearchStore(database),
        identity=IdentityStore(database, secret=settings.secret_of_stores),
        events=EventStore(database),
        audiences=AudienceStore(database),
        enrichers=EnricherStore(database, secret=settings.secret_of_stores),
        callbacks=CallbackStore(database),
        areas=AreaStore(database),
        visits=VisitStore(database),
        questions=QuestionStore(database),
        answers=LogStore(database),
        meters=MeterStore(database),
        look_up_results=ResultStore(database, secret=settings.secret_of_stores),
        suppressions=SuppressionStore(database, secret=settings.secret_of_stores),
        runs=RunStore(database),
        jobs=JobStore(database),
        roster=RosterStore(database),
        hooks=HookStore(database, secret=settings.secret_of_stores),
        deliveries=DeliveryStore(database),
        privacy=PrivacyStore(database),
    )
