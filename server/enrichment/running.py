"""Makes one look-up: from a leased job to claims and a state, written together and once."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.concluding import errand_of
from server.enrichment.endings import miss_stands
from server.enrichment.metering import Refusal
from server.enrichment.model import (
    LIVE_STATES,
    EnricherKind,
    EnrichmentState,
    Found,
    LookUpState,
    NoMatch,
    OutcomeClass,
    ReasonCode,
    Scope,
    Trouble,
)
from server.enrichment.overseeing import RunState
from server.enrichment.people import source_of
from server.enrichment.planning import following, hash_of, inputs_of, stands_against
from server.enrichment.queueing import Errand
from server.enrichment.retrying import Failure, Retry, after_trouble
from server.enrichment.states import Hold, may_start, state_fields, state_of
from server.kit.jobs.model import Done, GiveUp, HandBack, RetryLater, Urgency, Wait
from server.profiles.model import ProfileId, ProfileUpdate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from server.enrichment.concluding import Answer, Concluding
    from server.enrichment.metering import Grant, Meters
    from server.enrichment.model import Enricher, Enrichers, Result
    from server.enrichment.people import People
    from server.enrichment.result_store import ResultStore
    from server.enrichment.suppression_store import SuppressionStore
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.profiles.model import Profile, Value
    from server.profiles.service import Profiles

    WithdrawnAt = Callable[[str], Awaitable[datetime | None]]  # by the slug of a source
    StateOfRun = Callable[[str], Awaitable[RunState]]  # by its id
    Owe = Callable[[str, str, str], Awaitable[None]]  # profile, enricher and reference of a call-back to come

_log = logging.getLogger(__name__)
_PERSONAL_RESULT_STANDS = timedelta(days=1)  # longer than a look-up goes on: it is there against paying twice
_PAUSED = timedelta(minutes=1)  # after which a job looks whether its run goes on
_UNREADY = frozenset({ReasonCode.BREAKER, ReasonCode.BUDGET, ReasonCode.QUOTA, ReasonCode.CONFIGURATION})


@dataclass(frozen=True, slots=True)
class _Turn:
    """A look-up that waits for this very job."""

    job: Job
    enricher: Enricher
    profile: Profile
    state: LookUpState
    inputs: Mapping[str, Value]

    @property
    def hold(self) -> Hold:
        """What the turn holds once it has started."""
        return Hold(self.enricher, self.job.id, self.job.fence, EnrichmentState.RUNNING)


class LookUps:
    """Runs the jobs of kind ENRICH.

    Exactly one lease of a job writes a result: it marks the state with its fence when it starts, and its
    result is written only where that mark still stands. Asking the source happens at least once, and no
    oftener than the budget has room for.
    """

    def __init__(  # noqa: PLR0913 - each is asked for something
        self,
        *,
        profiles: Profiles,
        people: People,
        meters: Meters,
        results: ResultStore,
        suppressions: SuppressionStore,
        concluding: Concluding,
        withdrawn_at: WithdrawnAt,
        run_state: StateOfRun,
        owe: Owe,
        enrichers: Enrichers,
        clock: Clock,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._profiles = profiles
        self._people = people
        self._meters = meters
        self._results = results
        self._suppressions = suppressions
        self._concluding = concluding
        self._withdrawn_at = withdrawn_at
        self._run_state = run_state
        self._owe = owe
        self._enrichers = enrichers
        self._clock = clock
        self._draw = draw

    async def run(self, job: Job) -> JobResult:
        """Look up, and write what was found."""
        enricher = self._enrichers().get(job.payload["enricher"])
        if enricher is None:
            return GiveUp(reason="The enricher is not configured any more.")
        waiting = await self._waiting_for(job)
        if waiting is None:
            return Done()
        profile, state = waiting
        run_state = await self._run_state(job.payload["run"]) if "run" in job.payload else RunState.RUNNING
        if run_state is RunState.PAUSED:
            return Wait(reason="Its run is paused.", after=_PAUSED)
        if run_state is RunState.CANCELLED:
            return _done(await self._concluding.refused(job, enricher, profile, ReasonCode.CANCELLED))
        standing = (await self._people.look_at(profile, [enricher])).standing(enricher)
        against = stands_against(enricher, standing, is_forced=errand_of(job).is_fresh)
        inputs = inputs_of(enricher, standing.known)
        if against is not None or inputs is None:
            code = against or ReasonCode.MISSING_INPUT
            return _done(await self._concluding.refused(job, enricher, profile, code))
        return await self._take(_Turn(job, enricher, profile, state, inputs))

    async def called_back(self, profile_id: str, enricher_key: str, reference: str, result: Result) -> bool:
        """Write what a source that was PENDING says at last; whether anybody still waited for it.

        Trouble other than LEGAL is left to the job, which asks again when its time comes.
        """
        profile = await self._profiles.find_living(ProfileId(profile_id))
        enricher = self._enrichers().get(enricher_key)
        state = None if profile is None else state_of(profile, enricher_key)
        if profile is None or enricher is None or state is None or _trouble_in(result):
            return False
        if state.state is not EnrichmentState.AWAITING_PROVIDER or state.reference != reference:
            return False
        hold = Hold(enricher, state.job_id, state.fence, EnrichmentState.AWAITING_PROVIDER)
        errand = Errand(urgency=Urgency.ORDINARY)
        return await self._concluding.answered(hold, profile, result, errand, self._clock())

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Show when it is tried again; what `run` has shown itself stays. The reason is for the log alone."""
        _log.info("look-up %s is tried again at %s: %s", job.id, at, reason)
        waiting, enricher = await self._waiting_for(job), self._enrichers().get(job.payload["enricher"])
        if waiting is not None and enricher is not None and waiting[1].state is EnrichmentState.RUNNING:
            retry = Retry(
                state=EnrichmentState.RETRY_SCHEDULED,
                code=ReasonCode.TEMPORARY_PROBLEM,
                delay=at - self._clock(),
            )
            await self._concluding.put_off(job, enricher, waiting[0], retry)

    async def given_up(self, job: Job, reason: str) -> None:
        """Show that it failed for good, where `run` has not shown that itself."""
        _log.warning("look-up %s was given up: %s", job.id, reason)
        waiting = await self._waiting_for(job)
        if waiting is not None:
            enricher = self._enrichers().get(job.payload["enricher"])
            await self._concluding.failed(job, enricher, waiting[0], ReasonCode.GIVEN_UP)

    async def _waiting_for(self, job: Job) -> tuple[Profile, LookUpState] | None:
        """Return the profile and the state that wait for this job; None where nothing does any more.

        The profile may be gone, a later job may have taken the job's place because the input changed,
        or an earlier lease may have written the result and ended before it could say so.
        """
        profile = await self._profiles.find_living(ProfileId(job.profile_id or ""))
        state = None if profile is None else state_of(profile, job.payload["enricher"])
        if profile is None or state is None or state.job_id != job.id or state.state not in LIVE_STATES:
            return None
        return profile, state

    async def _take(self, turn: _Turn) -> JobResult:
        """Answer from what is known, else ask the source, unless it must not be asked now."""
        known = None if errand_of(turn.job).is_fresh else await self._known(turn)
        grant = None if known is not None else await self._meters.reserve(turn.enricher, turn.job)
        if isinstance(grant, Refusal):
            return await self._put_off(turn, grant)
        started = await self._start(turn)
        if started is None:
            await self._meters.release(grant)
            return HandBack()
        if known is not None:
            return await self._conclude(turn, started, *known)
        result = await self._ask(turn)
        return await self._settle(turn, started, grant, result)

    async def _known(self, turn: _Turn) -> tuple[Found | NoMatch, datetime] | None:
        if turn.enricher.kind is EnricherKind.OFFLINE:
            return None
        found = await self._results.find(turn.enricher, turn.inputs, self._clock())
        if found is None:
            return None
        withdrawn_at = await self._withdrawn_at(source_of(turn.enricher).slug)
        return None if withdrawn_at is not None and found[1] <= withdrawn_at else found

    async def _put_off(self, turn: _Turn, refusal: Refusal) -> JobResult:
        """Wait until the source may be asked; what is a matter of moments is not shown."""
        delay = max(refusal.until - self._clock(), timedelta(0))
        if refusal.code in _UNREADY:
            retry = Retry(state=EnrichmentState.BLOCKED, code=refusal.code, delay=delay)
            await self._concluding.put_off(turn.job, turn.enricher, turn.profile, retry)
        reason = f"The source can't be asked now: {refusal.code or 'too fast'}."
        is_passed_on = refusal.code in _UNREADY and self._has_further_steps(turn.enricher)
        return Wait(reason=reason, after=delay, is_shared=not is_passed_on)

    def _has_further_steps(self, enricher: Enricher) -> bool:
        """Whether others of its group go on where this one is blocked, and want to be told soon."""
        return bool(following(enricher, self._enrichers().values()))

    async def _start(self, turn: _Turn) -> Profile | None:
        """Mark the state with the job's fence.

        None where a later lease or another job was faster, or the person took consent back.
        """
        now, key = self._clock(), turn.enricher.key
        running = replace(
            turn.state,
            state=EnrichmentState.RUNNING,
            at=now,
            fence=turn.job.fence,
            input_hash=hash_of(turn.enricher, turn.inputs),
            attempts=turn.job.attempts,
            code=None,
            last_run_at=now,
            next_attempt_at=None,
        )
        consent = await self._profiles.consent_guard(turn.enricher.purpose)
        guard = {**may_start(key, turn.job), **consent}
        update = ProfileUpdate(part=state_fields(key, running), only_if=guard)
        return await self._profiles.write(turn.profile.id, update)

    async def _ask(self, turn: _Turn) -> Result:
        try:
            async with asyncio.timeout(turn.enricher.limits.timeout.total_seconds()):
                return await turn.enricher.look_up(turn.inputs)
        except TimeoutError:
            return Trouble(reason="The source did not answer in time.")

    async def _settle(self, turn: _Turn, started: Profile, grant: Grant | None, result: Result) -> JobResult:
        """Settle the call, and write what it came to."""
        now = self._clock()
        if (trouble := _trouble_in(result)) is not None:
            further = after_trouble(
                trouble, attempts=turn.job.attempts, waits=turn.state.waits, now=now, draw=self._draw()
            )
            until = now + further.delay if isinstance(further, Retry) and further.is_shared else None
            await self._meters.settle(turn.enricher, grant, result, until)
            return await self._after_trouble(turn, started, trouble, further)
        await self._meters.settle(turn.enricher, grant, result, None)
        if isinstance(result, Trouble):
            person = await self._people.look_at(started, [turn.enricher])
            await self._suppressions.add(person.addresses(), now, by=None, enricher=turn.enricher.key)
        elif grant is not None and isinstance(result, Found | NoMatch):
            await self._keep(turn, result, now)
        return await self._conclude(turn, started, result, now)

    async def _keep(self, turn: _Turn, result: Found | NoMatch, now: datetime) -> None:
        enricher = turn.enricher
        stands = enricher.ttl if isinstance(result, Found) else miss_stands(enricher, turn.state)
        if enricher.scope is Scope.PERSON:
            stands = min(stands, _PERSONAL_RESULT_STANDS)
        await self._results.keep(enricher, turn.inputs, result, turn.profile.id, now=now, until=now + stands)

    async def _conclude(self, turn: _Turn, started: Profile, result: Answer, at: datetime) -> JobResult:
        errand = errand_of(turn.job)
        return _done(await self._concluding.answered(turn.hold, started, result, errand, at))

    async def _after_trouble(
        self, turn: _Turn, started: Profile, trouble: Trouble, further: Retry | Failure
    ) -> JobResult:
        job, enricher = turn.job, turn.enricher
        if isinstance(further, Failure):
            await self._concluding.failed(job, enricher, started, further.code)
            return GiveUp(reason=trouble.reason)
        if trouble.reference is not None:
            await self._owe(started.id, enricher.key, trouble.reference)
        await self._concluding.put_off(job, enricher, started, further, trouble.reference)
        if further.is_counted:
            return RetryLater(reason=trouble.reason, after=further.delay)
        is_passed_on = further.code in _UNREADY and self._has_further_steps(enricher)
        is_shared = further.is_shared and not is_passed_on
        return Wait(reason=trouble.reason, after=further.delay, is_shared=is_shared)


def _trouble_in(result: Result) -> Trouble | None:
    """Return what keeps the source from answering; a person's wish not to be looked up is an answer."""
    if isinstance(result, Trouble) and result.kind is not OutcomeClass.LEGAL:
        return result
    return None


def _done(is_written: bool) -> JobResult:  # noqa: FBT001 - what became of a write
    return Done() if is_written else HandBack()
