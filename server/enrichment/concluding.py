"""Writes how look-ups end: state and claims at once, and with them the next step of a group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.enrichment.endings import (
    Ending,
    ended,
    failure_ending,
    found_ending,
    other_ending,
    refused_ending,
    waiting,
)
from server.enrichment.model import EnrichmentState, Found, ReasonCode, Trigger, Trouble
from server.enrichment.people import source_of
from server.enrichment.planning import chosen, following, judge
from server.enrichment.queueing import Errand, Queueing, queueing
from server.enrichment.states import is_held, may_conclude, may_give_up, state_fields, state_of
from server.profiles.model import ProfileUpdate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.fitting import Fitting
    from server.enrichment.model import Enricher, Enrichers, LookUpState, NoMatch, Skip
    from server.enrichment.people import People, Person
    from server.enrichment.retrying import Retry
    from server.enrichment.states import Hold
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job
    from server.profiles.model import Claim, Profile
    from server.profiles.service import Profiles

    Answer = Found | NoMatch | Skip | Trouble

_TRIES = 5  # for a profile that others write to at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What one write says of a look-up; its claims are by attribute key."""

    state: LookUpState
    guard: Mapping[str, object]
    claims: Mapping[str, Claim]
    retracted: tuple[Claim, ...] = ()


class Concluding:
    """Every method is safe to repeat, and writes nothing where the look-up is another's by now."""

    def __init__(
        self, *, profiles: Profiles, people: People, fitting: Fitting, enrichers: Enrichers, clock: Clock
    ) -> None:
        self._profiles = profiles
        self._people = people
        self._fitting = fitting
        self._enrichers = enrichers
        self._clock = clock

    async def answered(
        self, hold: Hold, profile: Profile, result: Answer, errand: Errand, at: datetime
    ) -> bool:
        """Write an answer that the source gave `at` that time; trouble here is LEGAL.

        False where it could not be written although it is wanted. Where the person took consent back
        meanwhile, that is what is written.
        """
        found: Profile | None = profile
        for _ in range(_TRIES):
            state = None if found is None else state_of(found, hold.enricher.key)
            if found is None or state is None or not is_held(state, hold):
                return True
            person = await self._people.look_at(found, [hold.enricher])
            end = await self._end(hold, person, state, result, at)
            if await self._write(hold.enricher.key, hold.enricher, found, end, errand):
                return True
            found = await self._profiles.find_living(found.id)
        return False

    async def refused(self, job: Job, enricher: Enricher, profile: Profile, code: ReasonCode) -> bool:
        """Write that the look-up is not to be made (any more); what it found before stays on show."""
        return await self._give_up(job, enricher, profile, refused_ending(code, self._clock()))

    async def failed(self, job: Job, enricher: Enricher | None, profile: Profile, code: ReasonCode) -> bool:
        """Write that it went wrong for good; what an earlier look-up found stays until it expires."""
        return await self._give_up(job, enricher, profile, failure_ending(code, self._clock()))

    async def put_off(
        self, job: Job, enricher: Enricher, profile: Profile, retry: Retry, reference: str | None = None
    ) -> bool:
        """Write that it is tried again; one that is blocked lets the next step of its group have a go."""
        state = state_of(profile, enricher.key)
        if state is None:
            return True
        later = waiting(replace(state, fence=job.fence), retry, self._clock(), reference)
        end = _End(state=later, guard=may_give_up(enricher.key, job), claims={})
        is_passed_on = retry.state is EnrichmentState.BLOCKED
        return await self._write(
            enricher.key, enricher if is_passed_on else None, profile, end, errand_of(job)
        )

    async def _give_up(self, job: Job, enricher: Enricher | None, profile: Profile, ending: Ending) -> bool:
        key = job.payload["enricher"]
        state = state_of(profile, key)
        if state is None:
            return True
        last = ended(replace(state, fence=job.fence), ending, self._clock())
        is_hidden = ending.code is ReasonCode.CONSENT_MISSING
        end = _End(
            state=replace(last, attribute_ids=() if is_hidden else last.attribute_ids),
            guard=may_give_up(key, job),
            claims={},
        )
        return await self._write(key, enricher, profile, end, errand_of(job))

    async def _end(
        self,
        hold: Hold,
        person: Person,
        state: LookUpState,
        result: Answer,
        at: datetime,
    ) -> _End:
        """Return the end; claims of ours that were not made again are taken back."""
        enricher, now = hold.enricher, self._clock()
        guard = dict(may_conclude(hold))
        if not person.allows(enricher.purpose):
            last = ended(state, refused_ending(ReasonCode.CONSENT_MISSING, now), now)
            return _End(state=replace(last, attribute_ids=()), guard=guard, claims={})
        ending, claims = await self.weigh(enricher, person, state, result, at)
        guard |= await self._consent(enricher, claims)
        ids = tuple(each.attribute_id for each in claims.values())
        return _End(
            state=replace(ended(state, ending, now), attribute_ids=ids),
            guard=guard,
            claims=claims,
            retracted=left_over(enricher, person.profile, claims),
        )

    async def weigh(
        self, enricher: Enricher, person: Person, state: LookUpState, result: Answer, at: datetime
    ) -> tuple[Ending, Mapping[str, Claim]]:
        """Return what an answer comes to, and the claims it makes, by attribute key."""
        if isinstance(result, Found):
            fitted = await self._fitting.fit(enricher, person, result, at + enricher.ttl)
            return found_ending(enricher, fitted.rejected, at), fitted.claims
        if isinstance(result, Trouble):
            return refused_ending(ReasonCode.SUPPRESSED, at), {}
        return other_ending(enricher, result, state, at), {}

    async def _consent(self, enricher: Enricher, claims: Mapping[str, Claim]) -> Mapping[str, object]:
        """Return the guard that what the look-up and its findings need consent for is still allowed."""
        by_id = (await self._profiles.catalogue.current()).by_id
        purposes = {
            by_id[each.attribute_id].purpose for each in claims.values() if each.attribute_id in by_id
        }
        return await self._profiles.consent_guard(enricher.purpose, *purposes)

    async def _write(
        self, key: str, step: Enricher | None, profile: Profile, end: _End, errand: Errand
    ) -> bool:
        """Write the end; after a `step` of a group the next one is queued."""
        further = Queueing() if step is None else await self._next(step, profile, end.claims, errand)
        update = ProfileUpdate(
            part={**state_fields(key, end.state), **further.part},
            only_if={**end.guard, **further.guard},
            claims=tuple(end.claims.values()),
            retracted=end.retracted,
            changes=tuple(further.changes),
        )
        return await self._profiles.write(profile.id, update) is not None

    async def _next(
        self, enricher: Enricher, profile: Profile, claims: Mapping[str, Claim], errand: Errand
    ) -> Queueing:
        """Return what queues the next step of the group, given the claims of this one.

        So the states in the profile are the group's cursor: no step that has an answer is made again.
        """
        later = following(enricher, self._enrichers().values())
        if not later:
            return Queueing()
        person = await self._people.look_at(profile, later, claims=claims)
        verdicts = {
            each.key: judge(
                each, Trigger.MANUAL, person.standing(each), state_of(profile, each.key), person.now
            )
            for each in later
        }
        step = replace(errand, is_fresh=False)
        return queueing(profile, chosen(later, verdicts), verdicts, step, person.now)


def errand_of(job: Job) -> Errand:
    """Return on whose behalf a job is run."""
    return Errand(
        urgency=job.urgency,
        run_id=job.payload.get("run"),
        is_fresh=bool(job.payload.get("is_fresh")),
    )


def left_over(enricher: Enricher, profile: Profile, claims: Mapping[str, Claim]) -> tuple[Claim, ...]:
    """Return the claims that the enricher made before and does not make again."""
    made = {claim.attribute_id for claim in claims.values()}
    source = source_of(enricher)
    return tuple(
        claim
        for attribute_id, by_source in profile.claims.items()
        for claim in by_source
        if claim.source == source and attribute_id not in made
    )
