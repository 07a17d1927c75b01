"""The core as one process holds it, built by hand on a database: two of them are two processes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.revocation_store import RevocationStore
from server.access.revoking import Revocations
from server.access.service import Access
from server.access.store import KeyStore
from server.access.tokens import ViewerTokens
from server.consent.service import Consents
from server.consent.store import ConsentStore
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.profiles.attributes import Attributes
from server.profiles.claiming import Claiming
from server.profiles.definition_store import DefinitionStore
from server.profiles.erased_store import ErasedStore
from server.profiles.history_store import HistoryStore
from server.profiles.service import Profiles
from server.profiles.store import ProfileStore
from server.questions.answering import Answering
from server.questions.authoring import Authoring
from server.questions.log_store import LogStore
from server.questions.results import Results
from server.questions.service import Questions
from server.questions.store import QuestionStore

if TYPE_CHECKING:
    from server.kit.clock import Clock
    from server.kit.mongo import Database, Document

SECRET = "a secret of at least thirty-two characters"
ISSUER = "https://acquaint.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Access, profiles and questions on one database."""

    database: Database
    access: Access
    consents: Consents
    attributes: Attributes
    profiles: Profiles
    claiming: Claiming
    questions: Questions
    answering: Answering
    authoring: Authoring
    results: Results

    async def outbox(self, profile_id: str) -> list[Document]:
        """Return what a profile announced and nobody took yet."""
        found = await self.database["profiles"].find_one({"_id": profile_id})
        assert found is not None
        entries: list[Document] = found["outbox"]
        return entries


def build_core(database: Database, clock: Clock, *, secret: str = SECRET) -> Core:
    """Return the core of one process."""
    tokens = ViewerTokens(secret=secret, issuer=ISSUER, clock=clock)
    consents = Consents(store=ConsentStore(database), clock=clock)
    queue = JobQueue(store=JobStore(database), clock=clock)
    attributes = Attributes(store=DefinitionStore(database), consents=consents, queue=queue, clock=clock)
    profiles = Profiles(
        store=ProfileStore(database),
        erased=ErasedStore(database, secret=secret),
        attributes=attributes,
        consents=consents,
        clock=clock,
    )
    store = QuestionStore(database)
    questions = Questions(profiles=profiles, store=store, clock=clock, secret=secret)
    return Core(
        database=database,
        access=Access(
            store=KeyStore(database), tokens=tokens, revocations=_revocations(database, clock), clock=clock
        ),
        consents=consents,
        attributes=attributes,
        profiles=profiles,
        claiming=Claiming(profiles=profiles, history=_history(database), clock=clock),
        questions=questions,
        answering=Answering(profiles=profiles, questions=questions, store=store, clock=clock),
        results=Results(profiles=profiles, store=store, log=LogStore(database)),
        authoring=Authoring(profiles=profiles, questions=questions, store=store, clock=clock),
    )


def _revocations(database: Database, clock: Clock) -> Revocations:
    return Revocations(store=RevocationStore(database), clock=clock)


def _history(database: Database) -> HistoryStore:
    return HistoryStore(database, retention=timedelta(days=730))


async def create_indexes(database: Database) -> None:
    """Make the indexes that the core's stores need."""
    stores = (KeyStore, ConsentStore, DefinitionStore, ProfileStore, QuestionStore, LogStore)
    await asyncio.gather(
        _history(database).create_indexes(), *(store(database).create_indexes() for store in stores)
    )
