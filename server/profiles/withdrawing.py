"""Takes back everything that a source said, over all profiles and their history, and nothing else.

A new run of the source fills in again what it still says: what is made after the request stays.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.errors import InvalidInputError
from server.kit.ids import first_id, new_id
from server.kit.jobs.model import Done, HandBack, JobId, NewJob
from server.profiles.catalogue import is_source_key
from server.profiles.documents import claim_model
from server.profiles.model import ProfileUpdate, SourceKind, Withdrawal, WithdrawalId, WithdrawalState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.jobs.service import JobQueue
    from server.kit.mongo import Document
    from server.profiles.changes import AttributesChanged, ProfileMerged
    from server.profiles.history_store import HistoryStore
    from server.profiles.model import Claim, Profile, ProfileId, Source
    from server.profiles.service import Profiles
    from server.profiles.sweep_store import SweepStore
    from server.profiles.withdrawal_store import WithdrawalStore

    Forget = Callable[[Source], Awaitable[None]]

WITHDRAW = "withdraw_source"
_WITH_KEY = frozenset({SourceKind.IDENTITY, SourceKind.APP, SourceKind.ENRICHER})
_STRETCH = timedelta(minutes=1)  # of work under one lease
_BATCH = 100  # profiles
_AT_ONCE = 16  # writes under way; a journaled write waits more than it works


class Withdrawals:
    """Begins withdrawals and shows how they stand; `Withdrawing` carries them out."""

    def __init__(
        self, *, store: WithdrawalStore, history: HistoryStore, queue: JobQueue, clock: Clock
    ) -> None:
        self._store = store
        self._history = history
        self._queue = queue
        self._clock = clock

    async def withdraw(self, viewer: Viewer, source: Source) -> Withdrawal:
        """Take back what a source said up to now (admins only); while one is at work, that is returned.

        Raises ForbiddenError, and InvalidInputError for a key that no source can have or that is missing.
        """
        require_scope(viewer, Scope.ADMIN)
        if source.key is not None and not is_source_key(source.key):
            raise InvalidInputError("A source's key is small letters, digits and _.", field="key")
        if source.key is None and source.kind in _WITH_KEY:
            raise InvalidInputError(f"Say which {source.kind.value} it is, by its key.", field="key")
        now = self._clock()
        begun = await self._store.begin(
            Withdrawal(
                id=WithdrawalId(new_id("wdr", now)),
                source=source,
                requested_at=now,
                requested_by=viewer.key_id,
                state=WithdrawalState.RUNNING,
            )
        )
        # Also for one that is at work: should its job have been lost between the two writes, this mends it.
        job = NewJob(id=JobId(f"job_{begun.id}"), kind=WITHDRAW, payload={"withdrawal_id": begun.id})
        await self._queue.enqueue(job)
        return begun

    async def find(self, viewer: Viewer, withdrawal_id: WithdrawalId) -> Withdrawal | None:
        """Return a withdrawal; None for what does not exist and for who is no admin."""
        return await self._store.find(withdrawal_id) if viewer.has_scope(Scope.ADMIN) else None

    async def keep_ended(self, change: AttributesChanged | ProfileMerged) -> None:
        """Append the claims that a change ended to the history, save what is withdrawn; idempotent."""
        by_source: dict[str, list[Document]] = {}
        for claim in change.ended:
            slug = claim_model(claim["attribute_id"], claim).source.slug
            by_source.setdefault(slug, []).append({"profile_id": change.profile_id, **claim})
        for slug, claims in by_source.items():
            asked = await self._store.last_request(slug)
            since = "" if asked is None else first_id("clm", asked)
            await self._history.append([each for each in claims if each["id"] > since], change.at)


class Withdrawing:
    """Runs the jobs: batch by batch in the order of ids, until a whole pass finds nothing more.

    `forget` removes what is kept of the source outside of profiles.
    """

    def __init__(
        self,
        *,
        store: WithdrawalStore,
        sweeps: SweepStore,
        history: HistoryStore,
        profiles: Profiles,
        clock: Clock,
        forget: Forget | None = None,
    ) -> None:
        self._forget = forget
        self._store = store
        self._sweeps = sweeps
        self._history = history
        self._profiles = profiles
        self._clock = clock

    async def run(self, job: Job) -> JobResult:
        """Go on from where the last run of this job ended."""
        withdrawal = await self._store.find(WithdrawalId(job.payload["withdrawal_id"]))
        if withdrawal is None or withdrawal.state is not WithdrawalState.RUNNING:
            return Done()
        known = (await self._profiles.catalogue.current()).by_id
        if withdrawal.profiles_total is None:
            total = await self._sweeps.count_holding(withdrawal.source, known)
            await self._store.set_total(withdrawal.id, total)
        until = self._clock() + _STRETCH
        while self._clock() < until:
            if not await self._step(withdrawal):
                if self._forget is not None:
                    await self._forget(withdrawal.source)
                await self._sweeps.forget_merged(withdrawal.source, before=_limit(withdrawal))
                await self._history.erase_source(withdrawal.source.slug, before=_limit(withdrawal))
                await self._store.end(withdrawal.id, WithdrawalState.DONE, self._clock())
                return Done()
        return HandBack()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """It still runs, as far as anybody who waits needs to know."""

    async def given_up(self, job: Job, reason: str) -> None:  # noqa: ARG002 - the handler's signature
        """Note that it failed; asking again begins another."""
        await self._store.end(
            WithdrawalId(job.payload["withdrawal_id"]), WithdrawalState.FAILED, self._clock()
        )

    async def _step(self, withdrawal: Withdrawal) -> bool:
        """Do one batch; whether there is more to do."""
        progress = await self._store.progress(withdrawal.id)
        profiles = await self._next(withdrawal.source, progress.after, progress.upto)
        if progress.upto is None and not profiles:
            if progress.found == 0:
                return False
            await self._store.start_over(withdrawal.id)
            return True
        upto = progress.upto or profiles[-1].id
        if progress.upto is None:
            counts = [len(_withdrawn(profile, withdrawal)) for profile in profiles]
            await self._store.plan(withdrawal.id, upto, profiles=sum(map(bool, counts)), claims=sum(counts))
        await self._write_all(profiles, withdrawal)
        await self._store.settle(withdrawal.id, upto)
        return True

    async def _next(self, source: Source, after: ProfileId | None, upto: ProfileId | None) -> list[Profile]:
        """Return the next profiles, of a batch that was begun before only those in it."""
        known = (await self._profiles.catalogue.current()).by_id
        found = await self._sweeps.holding(source, known, after, _BATCH)
        return [profile for profile in found if upto is None or profile.id <= upto]

    async def _write_all(self, profiles: Sequence[Profile], withdrawal: Withdrawal) -> None:
        room = asyncio.Semaphore(_AT_ONCE)

        async def write(profile: Profile) -> None:
            async with room:
                await self._write(profile, withdrawal)

        async with asyncio.TaskGroup() as group:
            for profile in profiles:
                group.create_task(write(profile))

    async def _write(self, profile: Profile, withdrawal: Withdrawal) -> None:
        """Retract, unless the source said something new meanwhile; the next pass looks again."""
        claims = _withdrawn(profile, withdrawal)
        if claims:
            unchanged = {
                f"attributes.{claim.attribute_id}.{claim.source.slug}.id": claim.id for claim in claims
            }
            await self._profiles.write(profile.id, ProfileUpdate(retracted=claims, only_if=unchanged))


def _withdrawn(profile: Profile, withdrawal: Withdrawal) -> tuple[Claim, ...]:
    return tuple(
        claim
        for claims in profile.claims.values()
        for claim in claims
        if claim.source == withdrawal.source and claim.id < _limit(withdrawal)
    )


def _limit(withdrawal: Withdrawal) -> str:
    """Return the id before which lie the claims that were made before the request."""
    return first_id("clm", withdrawal.requested_at)
