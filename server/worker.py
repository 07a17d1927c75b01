"""The worker: relays announced changes, claims jobs, runs them, retries or parks them."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from server.kit.instruments import Instruments
from server.kit.jobs.model import Done, GiveUp, HandBack, RetryLater, Wait
from server.kit.logs import begin
from server.kit.mongo import PyMongoError, is_outage
from server.kit.tracing import Kind
from server.kit.waking import Waker, wake_on_writes
from server.kit.watching import keep_fresh

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from server.kit.jobs.model import Job, JobHandler, JobResult
    from server.kit.jobs.periodic import Periodic
    from server.kit.jobs.service import JobQueue
    from server.kit.mongo import Database
    from server.kit.relay import Relay
    from server.kit.watching import Fresh

_log = logging.getLogger(__name__)
_POLL_SECONDS = 1.0  # how late a worker hears of work while the change stream is down
_LOOK_SECONDS = 0.2  # from one look for what was announced to the next
_OUTAGE_SECONDS = 1.0  # between attempts while the database is away
_OVERTIME = "It took longer than a job may."
_WORN_OUT = "Its workers ended or stalled before it did, every time."


class _LeaseLostError(Exception):
    """The job belongs to another worker by now."""


class Worker:
    """One process's share of the durable work; any number may run beside each other.

    `concurrency` jobs run at once, each for at most `time_limit`. When told to stop, those in hand get
    `patience` to end and are handed back otherwise.
    """

    def __init__(  # noqa: PLR0913 - each has its reason
        self,
        *,
        name: str,
        relay: Relay,
        queue: JobQueue,
        handlers: Mapping[str, JobHandler],
        periodic: Sequence[Periodic] = (),
        concurrency: int = 8,
        time_limit: timedelta = timedelta(minutes=5),
        patience: timedelta = timedelta(seconds=8),  # container runtimes kill ten seconds after SIGTERM
        instruments: Instruments | None = None,
    ) -> None:
        self._name = name
        self._relay = relay
        self._queue = queue
        self._handlers = handlers
        self._periodic = periodic
        self._concurrency = concurrency
        self._in_hand = 0
        self._time_limit = time_limit
        self._patience = patience
        self._instruments = instruments or Instruments()
        self._instruments.expect(handlers)
        self._announced = Waker("profiles")
        self._enqueued = Waker("jobs", ("insert",))
        self._is_stopping = False

    def stop(self) -> None:
        """Take no more work; `run` returns once what is in hand has ended."""
        self._is_stopping = True
        self._announced.wake()
        self._enqueued.wake()

    async def run(self, database: Database) -> None:
        """Work until told to stop."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(wake_on_writes(database, (self._announced, self._enqueued)))
            relaying = group.create_task(self._relay_changes())
            coming_round = group.create_task(self._bring_round())
            await self._work_jobs()
            await relaying
            watching.cancel()
            coming_round.cancel()

    async def _relay_changes(self) -> None:
        await self._repeat(self._relay_some, self._announced)
        await self._relay.end()

    async def _relay_some(self) -> bool:
        """Look for changes, at most so often while few wait: together they cost a fraction of one by one."""
        now = asyncio.get_running_loop().time
        next_look = now() + _LOOK_SECONDS
        may_be_more = await self._relay.deliver(within=_LOOK_SECONDS)
        if not self._relay.was_full:
            await asyncio.sleep(next_look - now())
        return may_be_more

    async def drain(self) -> None:
        """Do everything that is due now, one thing after the other, and return: for tests and imports."""
        while await self._relay.deliver() or await self._run_next():
            pass

    async def _bring_round(self) -> None:
        """Queue what is due again and again, twice in the shortest stretch, so that none is missed."""
        if not self._periodic:
            return
        pause = min(each.every for each in self._periodic).total_seconds() / 2
        while True:
            try:
                for each in self._periodic:
                    await self._queue.bring_round(each)
            except PyMongoError as error:
                _log.warning("what comes round could not be queued, trying again: %s", error)
            await asyncio.sleep(pause)

    async def _work_jobs(self) -> None:
        try:
            async with asyncio.timeout(None) as patience, asyncio.TaskGroup() as jobs:
                await self._repeat(lambda: self._start_next(jobs), self._enqueued)
                now = asyncio.get_running_loop().time()
                patience.reschedule(now + self._patience.total_seconds())
        except TimeoutError:
            _log.warning("jobs in hand took too long to end and were handed back")

    async def _repeat(self, work: Callable[[], Awaitable[bool]], waker: Waker) -> None:
        """Call `work` again and again; when it finds nothing, sleep until woken."""
        while not self._is_stopping:
            try:
                if not await work():
                    await waker.sleep(_POLL_SECONDS * random.uniform(0.5, 1))  # noqa: S311 - spreads the polls
            except Exception as error:  # noqa: BLE001 - whatever it is, the next round may do better
                _warn("the worker could not go on, trying again", error)
                await waker.sleep(_OUTAGE_SECONDS)

    async def _start_next(self, jobs: asyncio.TaskGroup) -> bool:
        """Claim a job and let it run beside the others; whether there was one, and room for it."""
        if self._in_hand >= self._concurrency:
            return False
        job = await self._queue.claim(self._handlers.keys(), self._name)
        if job is not None:
            self._in_hand += 1
            jobs.create_task(self._run_beside(job))
        elif (rest := self._queue.rest()) is not None:
            asyncio.get_running_loop().call_later(rest.total_seconds(), self._enqueued.wake)
        return job is not None

    async def _run_beside(self, job: Job) -> None:
        """Run a job; its place is free as soon as it has run, while it is noted what became of it."""
        try:
            try:
                result = await self._reached(job)
            finally:
                self._in_hand -= 1
                self._enqueued.wake()
            await self._settle(job, result)
        except Exception as error:  # noqa: BLE001 - the lease runs out, and then it is tried again
            _warn(f"job {job.id} is left to its lease", error)

    async def _run_next(self) -> bool:
        job = await self._queue.claim(self._handlers.keys(), self._name)
        if job is not None:
            await self._settle(job, await self._reached(job))
        return job is not None

    async def _reached(self, job: Job) -> JobResult | None:
        """Return which of its ends a leased job came to; None where its lease was lost on the way."""
        begin(job=job.id, kind=job.kind)
        began = perf_counter()
        span = self._instruments.tracing.span(f"job {job.kind}", Kind.CONSUMER, link=job.trace)
        try:
            with span:
                span.note(acquaint__job=job.id)
                result = GiveUp(reason=_WORN_OUT) if job.is_exhausted else await self._attempt(job)
        except asyncio.CancelledError:
            await self._queue.hand_back(job)
            raise
        if result is not None:
            self._instruments.worked(job.kind, _end(job, result), perf_counter() - began)
        return result

    async def _attempt(self, job: Job) -> JobResult | None:
        """Return what the handler makes of the job, holding its lease meanwhile; None where it was lost."""
        result: JobResult | None = None
        try:
            async with asyncio.TaskGroup() as group:
                beating = group.create_task(self._hold(job))
                result = await self._result(job)
                beating.cancel()
        except* _LeaseLostError:
            _log.warning("job %s was taken over by another worker", job.id)
        return result

    async def _result(self, job: Job) -> JobResult:
        try:
            async with asyncio.timeout(self._time_limit.total_seconds()) as limit:
                return await self._handlers[job.kind].run(job)
        except Exception as error:  # noqa: BLE001 - a bug in one handler must not end the worker
            if is_outage(error):
                _log.warning("job %s was interrupted: %s", job.id, error)
                return HandBack()
            _log.exception("job %s (%s) failed", job.id, job.kind)
            is_over = isinstance(error, TimeoutError) and limit.expired()
            return RetryLater(reason=_OVERTIME if is_over else f"It failed with {type(error).__name__}.")

    async def _hold(self, job: Job) -> None:
        """Prolong the lease at every third of it; raise _LeaseLostError once it belongs to somebody else."""
        seconds = self._queue.lease.total_seconds() / 3
        while True:
            await asyncio.sleep(seconds)
            try:
                is_held = await self._queue.heartbeat(job)
            except PyMongoError as error:
                _log.warning("heartbeat of job %s failed: %s", job.id, error)
                continue  # what the job writes is guarded by its fence, should the lease run out
            if not is_held:
                raise _LeaseLostError

    async def _settle(self, job: Job, result: JobResult | None) -> None:
        match result:
            case None:
                return
            case Done():
                await self._queue.finish(job)
            case HandBack():
                await self._queue.hand_back(job)
            case Wait():
                await self._queue.wait(job, result)
            case RetryLater() if not job.is_last_attempt:
                await self._retry(job, result)
            case RetryLater() | GiveUp():
                await self._give_up(job, result.reason)

    async def _retry(self, job: Job, result: RetryLater) -> None:
        at = self._queue.next_run(job, result)
        await self._tell(job, self._handlers[job.kind].retry_scheduled(job, result.reason, at))
        await self._queue.retry(job, result.reason, at)

    async def _give_up(self, job: Job, reason: str) -> None:
        _log.error("job %s (%s) is a dead letter: %s", job.id, job.kind, reason)
        await self._tell(job, self._handlers[job.kind].given_up(job, reason))
        await self._queue.park(job, reason)

    async def _tell(self, job: Job, telling: Awaitable[None]) -> None:
        try:
            await telling
        except PyMongoError:
            raise  # the lease runs out, and then it is told again
        except Exception:  # noqa: BLE001 - a bug in being told must not keep the job from its end
            _log.exception("handler of job %s could not be told how it ended", job.id)


def _warn(what: str, error: Exception) -> None:
    """Log what an outage says of itself; of all else the kind, since its message may hold a value."""
    if is_outage(error):
        _log.warning("%s: %s", what, error)
    else:
        _log.warning("%s: %s", what, type(error).__name__, exc_info=True)


def _end(job: Job, result: JobResult) -> str:
    match result:
        case Done():
            return "done"
        case HandBack() | Wait():
            return "later"
        case RetryLater() if not job.is_last_attempt:
            return "again"
    return "dead"


async def run_until_signalled(worker: Worker, database: Database, watched: Sequence[Fresh] = ()) -> None:
    """Run the worker until SIGTERM or SIGINT, with the configuration that its handlers hold kept fresh."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, worker.stop)
    async with asyncio.TaskGroup() as group:
        refreshing = group.create_task(keep_fresh(database, watched))
        await worker.run(database)
        refreshing.cancel()
