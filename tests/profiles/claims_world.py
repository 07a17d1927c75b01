"""Everything about claims on one database, with a worker to drain and passes that can be cut short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore
from server.kit.relay import Relay
from server.profiles.changes import AttributesChanged, ProfileCreated, ProfileMerged
from server.profiles.expiring import EXPIRE, Expiring
from server.profiles.history_store import HistoryStore
from server.profiles.model import ProfileUpdate
from server.profiles.reranking import RERANK, Reranking
from server.profiles.store import ProfileStore
from server.profiles.sweep_store import SweepStore
from server.profiles.withdrawal_store import WithdrawalStore
from server.profiles.withdrawing import WITHDRAW, Withdrawals, Withdrawing
from server.worker import Worker
from tests.factories.profiles import claim, user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.kit.mongo import Document
    from server.profiles.model import AttributeDefinition, Profile, ProfileId, Source, Value
    from tests.core import Core
    from tests.fakes import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsWorld:
    """What a test plays on."""

    core: Core
    clock: FakeClock
    jobs: JobStore
    queue: JobQueue
    history: HistoryStore
    store: WithdrawalStore
    sweeps: SweepStore

    @property
    def withdrawals(self) -> Withdrawals:
        """The asking half."""
        return Withdrawals(store=self.store, history=self.history, queue=self.queue, clock=self.clock)

    def withdrawing(self, *, store: WithdrawalStore | None = None) -> Withdrawing:
        """Return the working half; `store` may be one that ends the process."""
        return Withdrawing(
            store=store or self.store,
            sweeps=self.sweeps,
            history=self.history,
            profiles=self.core.profiles,
            clock=self.clock,
        )

    @property
    def worker(self) -> Worker:
        """A worker with what concerns claims."""
        profiles = self.core.profiles
        keep = (self.withdrawals.keep_ended,)
        reactions = {ProfileCreated: (), AttributesChanged: keep, ProfileMerged: keep}
        return Worker(
            name="ada",
            relay=Relay(outboxes=ProfileStore(self.core.database), reactions=reactions, clock=self.clock),
            queue=self.queue,
            handlers={
                EXPIRE: Expiring(sweeps=self.sweeps, profiles=profiles, clock=self.clock),
                RERANK: Reranking(
                    store=self.sweeps, catalogue=self.core.attributes.catalogue, clock=self.clock
                ),
                WITHDRAW: self.withdrawing(),
            },
        )

    async def person(self, number: int = 1) -> Profile:
        """Return a new person."""
        return await self.core.profiles.recognise(user(f"user-{number}"))

    async def say(
        self,
        profile_id: ProfileId,
        definition: AttributeDefinition,
        value: Value,
        source: Source,
        *,
        lasts: timedelta | None = None,
    ) -> Profile:
        """Let a source say something now, for a time."""
        now = self.clock()
        told = claim(
            value,
            source,
            attribute_id=definition.id,
            observed_at=now,
            expires_at=None if lasts is None else now + lasts,
        )
        written = await self.core.profiles.write(profile_id, ProfileUpdate(claims=(told,)))
        assert written is not None
        self.clock.advance(timedelta(seconds=1))
        return written

    async def stored(self, profile_id: ProfileId) -> Document:
        """Return a profile as it lies in the database."""
        found = await self.core.database["profiles"].find_one({"_id": profile_id})
        assert found is not None
        return found

    async def values(self, profile_id: ProfileId) -> Mapping[str, object]:
        """Return what searches find the profile by."""
        return {entry["k"]: entry["v"] for entry in (await self.stored(profile_id))["values"]}

    async def past(self, profile_id: ProfileId) -> list[object]:
        """Return the values in the history of a profile, the latest first."""
        found = self.core.database["claim_history"].find({"profile_id": profile_id}).sort("_id", -1)
        return [entry["value"] async for entry in found]


async def build_claims_world(core: Core, clock: FakeClock) -> ClaimsWorld:
    """Return the world with its indexes."""
    jobs = JobStore(core.database)
    world = ClaimsWorld(
        core=core,
        clock=clock,
        jobs=jobs,
        queue=JobQueue(store=jobs, clock=clock, draw=lambda: 1.0),
        history=HistoryStore(core.database, retention=timedelta(days=730)),
        store=WithdrawalStore(core.database),
        sweeps=SweepStore(core.database),
    )
    for store in (jobs, world.history, world.store):
        await store.create_indexes()
    return world
