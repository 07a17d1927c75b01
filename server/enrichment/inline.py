"""Look-ups that never leave the process, made in the write of a sign-in: what they find is there at once."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.concluding import left_over
from server.enrichment.endings import ended
from server.enrichment.model import EnricherKind, EnrichmentState, LookUpState, Trigger, Trouble
from server.enrichment.planning import inputs_of, judge
from server.enrichment.states import state_fields, state_of, unchanged_since
from server.kit.ids import new_id
from server.kit.jobs.model import JobId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.concluding import Concluding
    from server.enrichment.model import Enricher, Enrichers, Result
    from server.enrichment.people import People, Person
    from server.enrichment.planning import Verdict
    from server.profiles.model import AttributeId, Claim, Profile, ProfileUpdate, Value
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)
_LONGEST = timedelta(milliseconds=50)  # of one look-up; nobody waits longer for what a job finds as well


class Inline:
    """Adds to a sign-in what can be worked out from it."""

    def __init__(
        self, *, profiles: Profiles, people: People, concluding: Concluding, enrichers: Enrichers
    ) -> None:
        self._profiles = profiles
        self._people = people
        self._concluding = concluding
        self._enrichers = enrichers

    async def derived(self, profile: Profile, update: ProfileUpdate) -> ProfileUpdate:
        """Return the write of a sign-in with what our own enrichers make of it; nothing is read or written.

        What takes too long is left out, since the job that the sign-in brings about makes it anyway.
        """
        trigger = Trigger.SIGN_UP if profile.logins == 0 else Trigger.SIGN_IN
        offline = [each for each in self._enrichers().values() if each.kind is EnricherKind.OFFLINE]
        person = await self._people.look_at(_after(profile, update), offline)
        for enricher in offline:
            standing = person.standing(enricher)
            verdict = judge(enricher, trigger, standing, state_of(profile, enricher.key), person.now)
            inputs = inputs_of(enricher, standing.known)
            if verdict.blocked_by is None and inputs is not None:
                update = await self._with(enricher, person, verdict, inputs, update)
        return update

    async def _with(
        self,
        enricher: Enricher,
        person: Person,
        verdict: Verdict,
        inputs: Mapping[str, Value],
        update: ProfileUpdate,
    ) -> ProfileUpdate:
        result = await _looked_up(enricher, inputs)
        if isinstance(result, Trouble):
            return update
        before = state_of(person.profile, enricher.key)
        begun = LookUpState(
            state=EnrichmentState.RUNNING,
            at=person.now,
            job_id=JobId(new_id("job", person.now)),  # that no job has: it is over before one could begin
            fence=0,
            input_hash=verdict.input_hash,
            attempts=1,
            last_run_at=person.now,
        )
        ending, claims = await self._concluding.weigh(enricher, person, begun, result, person.now)
        ids = tuple(each.attribute_id for each in claims.values())
        state = replace(ended(begun, ending, person.now), attribute_ids=ids)
        consent = await self._profiles.consent_guard(enricher.purpose)
        return replace(
            update,
            claims=(*update.claims, *claims.values()),
            retracted=(*update.retracted, *left_over(enricher, person.profile, claims)),
            part={**update.part, **state_fields(enricher.key, state)},
            only_if={**update.only_if, **unchanged_since(enricher.key, before), **consent},
        )


async def _looked_up(enricher: Enricher, inputs: Mapping[str, Value]) -> Result:
    try:
        async with asyncio.timeout(_LONGEST.total_seconds()):
            return await enricher.look_up(inputs)
    except TimeoutError:
        _log.warning("enricher %s takes too long to be asked at a sign-in", enricher.key)
        return Trouble(reason="It takes too long to be asked at a sign-in.")


def _after(profile: Profile, update: ProfileUpdate) -> Profile:
    """Return the profile with the claims of a write."""
    gone = {claim.id for claim in update.retracted}
    claims: dict[AttributeId, tuple[Claim, ...]] = {
        attribute_id: tuple(claim for claim in about if claim.id not in gone)
        for attribute_id, about in profile.claims.items()
    }
    for claim in update.claims:
        others = (each for each in claims.get(claim.attribute_id, ()) if each.source != claim.source)
        claims[claim.attribute_id] = (*others, claim)
    return replace(profile, claims=claims)
