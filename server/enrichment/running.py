"""Makes one look-up: from a leased job to claims and a state, written together and once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.enrichment.model import (
    LIVE_STATES,
    EnrichmentState,
    Found,
    LookUpState,
    NoMatch,
    ReasonCode,
    Skip,
    Trouble,
)
from server.enrichment.planning import hash_of, inputs_of
from server.enrichment.states import cancelled, may_conclude, may_give_up, may_start, state_fields, state_of
from server.kit.jobs.model import Done, GiveUp, HandBack, RetryLater
from server.profiles.errors import InvalidValueError
from server.profiles.model import ProfileId, ProfileUpdate, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.enrichment.model import Enricher, Enrichers, Finding
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.profiles.model import Claim, Profile, Value
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)
_FAILURE_STANDS = timedelta(days=1)  # before a sign-in may try once more what failed for good


@dataclass(frozen=True, slots=True)
class _Conclusion:
    """How a look-up ended, as it is written."""

    state: EnrichmentState
    code: ReasonCode | None
    findings: tuple[Finding, ...]
    stands: timedelta | None


class LookUps:
    """Runs the jobs of kind ENRICH.

    Exactly one lease of a job writes a result: it marks the state with its fence when it starts, and its
    result is written only where that mark still stands. Asking the source happens at least once.
    """

    def __init__(self, *, profiles: Profiles, clock: Clock, enrichers: Enrichers) -> None:
        self._profiles = profiles
        self._clock = clock
        self._enrichers = enrichers

    async def run(self, job: Job) -> JobResult:
        """Look up, and write what was found."""
        enricher = self._enrichers().get(job.payload["enricher"])
        if enricher is None:
            return GiveUp(reason="The enricher is not configured any more.")
        profile, state = await self._turn(job)
        if profile is None or state is None:
            return Done()
        inputs = inputs_of(enricher, await self._known(profile))
        started = await self._start(job, enricher, profile, state, inputs)
        if started is None:
            return HandBack()
        if not await self._profiles.may_use(started, enricher.purpose):
            await self._cancel(started, job)
            return Done()
        result = Skip(code=ReasonCode.MISSING_INPUT) if inputs is None else await enricher.look_up(inputs)
        if isinstance(result, Trouble):
            return RetryLater(reason=result.reason, after=result.after)
        return await self._conclude(job, enricher, started, result)

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Show when it is tried again; the reason is for the log, since a source's words may be anything."""
        _log.info("look-up %s is tried again at %s: %s", job.id, at, reason)
        profile, state = await self._turn(job)
        if profile is not None and state is not None:
            waiting = replace(
                state,
                state=EnrichmentState.RETRY_SCHEDULED,
                at=self._clock(),
                code=ReasonCode.TEMPORARY_PROBLEM,
                next_attempt_at=at,
            )
            await self._write(profile, job, waiting, may_conclude(job.payload["enricher"], job))

    async def given_up(self, job: Job, reason: str) -> None:
        """Show that it failed for good; what an earlier look-up found stays until it expires."""
        _log.warning("look-up %s was given up: %s", job.id, reason)
        profile, state = await self._turn(job)
        if profile is not None and state is not None:
            now = self._clock()
            failed = replace(
                state,
                state=EnrichmentState.FAILED,
                at=now,
                code=ReasonCode.GIVEN_UP,
                next_attempt_at=None,
                expires_at=now + _FAILURE_STANDS,
            )
            await self._write(profile, job, failed, may_give_up(job.payload["enricher"], job))

    async def _turn(self, job: Job) -> tuple[Profile | None, LookUpState | None]:
        """Return the profile and the state that wait for this job; None where nothing does any more.

        The profile may be gone, a later job may have taken the job's place because the input changed,
        or an earlier lease may have written the result and ended before it could say so.
        """
        profile = await self._profiles.find_living(ProfileId(job.profile_id or ""))
        state = None if profile is None else state_of(profile, job.payload["enricher"])
        if state is None or state.job_id != job.id or state.state not in LIVE_STATES:
            return None, None
        return profile, state

    async def _known(self, profile: Profile) -> dict[str, Value]:
        attributes = await self._profiles.known_attributes(profile)
        return {key: attribute.value for key, attribute in attributes.items()}

    async def _start(
        self,
        job: Job,
        enricher: Enricher,
        profile: Profile,
        state: LookUpState,
        inputs: Mapping[str, Value] | None,
    ) -> Profile | None:
        """Mark the state with the job's fence; None where a later lease or another job was faster."""
        now = self._clock()
        running = replace(
            state,
            state=EnrichmentState.RUNNING,
            at=now,
            fence=job.fence,
            input_hash="" if inputs is None else hash_of(enricher, inputs),
            attempts=job.attempts,
            code=None,
            last_run_at=now,
            next_attempt_at=None,
        )
        return await self._write(profile, job, running, may_start(enricher.key, job))

    async def _conclude(
        self, job: Job, enricher: Enricher, profile: Profile, result: Found | NoMatch | Skip
    ) -> JobResult:
        """Write claims and state together; claims of ours that were not made again are taken back."""
        state = state_of(profile, enricher.key)
        if state is None:
            return Done()
        now = self._clock()
        end = _conclusion(result, enricher)
        expires_at = None if end.stands is None else now + end.stands
        claims = await self._claims(enricher, profile, end.findings, expires_at)
        concluded = replace(
            state,
            state=end.state,
            at=now,
            code=end.code,
            expires_at=expires_at,
            attribute_ids=tuple(claim.attribute_id for claim in claims),
        )
        written = await self._write(
            profile,
            job,
            concluded,
            {**may_conclude(enricher.key, job), **await self._consent(enricher, claims)},
            claims,
            _left_over(enricher, profile, claims),
        )
        return HandBack() if written is None else Done()

    async def _write(
        self,
        profile: Profile,
        job: Job,
        state: LookUpState,
        guard: Mapping[str, Any],
        claims: tuple[Claim, ...] = (),
        retracted: tuple[Claim, ...] = (),
    ) -> Profile | None:
        part = state_fields(job.payload["enricher"], state)
        update = ProfileUpdate(part=part, only_if=guard, claims=claims, retracted=retracted)
        return await self._profiles.write(profile.id, update)

    async def _cancel(self, profile: Profile, job: Job) -> None:
        """End a look-up that the person does not allow: nobody is asked, what was known stays as it is."""
        enricher = job.payload["enricher"]
        state = state_of(profile, enricher)
        if state is not None:
            await self._write(profile, job, cancelled(state, self._clock()), may_conclude(enricher, job))

    async def _consent(self, enricher: Enricher, claims: Sequence[Claim]) -> Mapping[str, Any]:
        """Return the guard that what the look-up and its findings need consent for is still allowed."""
        by_id = (await self._profiles.catalogue.current()).by_id
        purposes = {by_id[claim.attribute_id].purpose for claim in claims if claim.attribute_id in by_id}
        return await self._profiles.consent_guard(enricher.purpose, *purposes)

    async def _claims(
        self,
        enricher: Enricher,
        profile: Profile,
        findings: Sequence[Finding],
        expires_at: datetime | None,
    ) -> tuple[Claim, ...]:
        """Return the claims.

        Left out is what the enricher does not declare, what no attribute is defined for, what does not fit
        its attribute, and what the person does not allow the attribute for.
        """
        known = await self._profiles.catalogue.current()
        claims: list[Claim] = []
        for finding in findings:
            definition = known.find(finding.key)
            if (
                definition is None
                or finding.key not in enricher.outputs
                or not await self._profiles.may_use(profile, definition.purpose)
            ):
                continue
            try:
                claim = self._profiles.claim(
                    definition,
                    finding.value,
                    _source(enricher),
                    confidence=finding.confidence,
                    expires_at=expires_at,
                )
            except InvalidValueError:
                _log.warning("enricher %s gave a value that does not fit %s", enricher.key, finding.key)
            else:
                claims.append(replace(claim, consent=enricher.purpose))
        return tuple(claims)


def _source(enricher: Enricher) -> Source:
    return Source(kind=SourceKind.ENRICHER, key=enricher.key)


def _conclusion(result: Found | NoMatch | Skip, enricher: Enricher) -> _Conclusion:
    match result:
        case Found():
            return _Conclusion(EnrichmentState.SUCCEEDED, None, result.findings, enricher.ttl)
        case NoMatch():
            return _Conclusion(EnrichmentState.NO_MATCH, None, (), enricher.ttl)
        case Skip():
            return _Conclusion(EnrichmentState.SKIPPED, result.code, (), None)


def _left_over(enricher: Enricher, profile: Profile, claims: Sequence[Claim]) -> tuple[Claim, ...]:
    made = {claim.attribute_id for claim in claims}
    source = _source(enricher)
    return tuple(
        claim
        for attribute_id, by_source in profile.claims.items()
        for claim in by_source
        if claim.source == source and attribute_id not in made
    )
