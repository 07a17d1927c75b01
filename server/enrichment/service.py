"""Enrichment: decides which look-ups to make, queues them, and shows where each stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.enrichment.errors import UnknownEnricherError
from server.enrichment.model import ENRICH, LIVE_STATES, ReasonCode, Trigger
from server.enrichment.planning import chosen, judge
from server.enrichment.queueing import URGENCY, Errand, queueing
from server.enrichment.showing import for_people, shown
from server.enrichment.states import called_off, cancelled, may_cancel, state_fields, state_of
from server.kit.errors import ConflictError, NotFoundError
from server.kit.jobs.model import JobId, NewJob, Urgency
from server.profiles.model import ProfileId, ProfileUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from server.access.model import Viewer
    from server.consent.changes import ConsentRecorded
    from server.enrichment.changes import EnrichmentRequested
    from server.enrichment.model import Enricher, Enrichers, Enrichment, LookUpState
    from server.enrichment.people import People
    from server.enrichment.planning import Verdict
    from server.identity.changes import SignedIn
    from server.kit.clock import Clock
    from server.kit.jobs.service import JobQueue
    from server.profiles.changes import AttributesChanged, ProfileMerged
    from server.profiles.model import IdentityRef, Profile
    from server.profiles.service import Profiles

_TRIES = 5  # plans for a profile that others write to at the same time


class Enrichments:
    """Plans look-ups and shows them; `running.LookUps` makes them."""

    def __init__(
        self, *, profiles: Profiles, people: People, queue: JobQueue, clock: Clock, enrichers: Enrichers
    ) -> None:
        self._profiles = profiles
        self._people = people
        self._queue = queue
        self._clock = clock
        self._enrichers = enrichers

    async def plan_for(
        self, profile_id: str, trigger: Trigger, *, attribute_ids: Collection[str] | None = None
    ) -> None:
        """Queue what is worth looking up, given that these attributes changed (None: maybe any did).

        Idempotent: what is queued, running, or known and fresh for the same input is not queued again.
        """
        enrichers = await self._fed_by(attribute_ids)
        profile = await self._profiles.find_living(ProfileId(profile_id)) if enrichers else None
        if profile is not None:
            await self._plan(profile, enrichers, trigger, Errand(urgency=URGENCY[trigger]))

    async def plan_in_bulk(
        self, profile: Profile, enrichers: Collection[Enricher], run_id: str
    ) -> list[Enricher]:
        """Queue what is worth looking up on behalf of a bulk run; return what that is."""
        errand = Errand(urgency=Urgency.BULK, run_id=run_id)
        return (await self._plan(profile, enrichers, Trigger.BULK, errand))[1]

    async def request(
        self,
        viewer: Viewer,
        by: ProfileId | IdentityRef,
        enricher_keys: Sequence[str] | None = None,
        *,
        force: bool = False,
    ) -> list[Enrichment]:
        """Queue these look-ups (all when None) and return the states; `force` repeats what still counts.

        Raises ForbiddenError, UnknownEnricherError and NotFoundError.
        """
        enrichers, profile = await self._addressed(viewer, by, enricher_keys)
        errand = Errand(urgency=Urgency.INTERACTIVE, is_fresh=force)
        planned, _ = await self._plan(profile, enrichers, Trigger.MANUAL, errand)
        return await self._shown(planned, enrichers)

    async def cancel(
        self, viewer: Viewer, by: ProfileId | IdentityRef, enricher_keys: Sequence[str] | None = None
    ) -> list[Enrichment]:
        """Call off what is under way (all when None) and return the states; what was found before stays.

        Raises ForbiddenError, UnknownEnricherError and NotFoundError.
        """
        enrichers, profile = await self._addressed(viewer, by, enricher_keys)
        live = [
            each
            for each in enrichers
            if (state := state_of(profile, each.key)) is not None and state.state in LIVE_STATES
        ]
        await self._end(profile, live, called_off)
        fresh = await self._profiles.find_living(profile.id)
        return await self._shown(fresh or profile, enrichers)

    async def on_signed_in(self, change: SignedIn) -> None:
        """Plan for a person who came, for the first time or again."""
        if change.is_first:
            await self.plan_for(change.profile_id, Trigger.SIGN_UP)
        await self.plan_for(change.profile_id, Trigger.SIGN_IN)

    async def on_attributes_changed(self, change: AttributesChanged) -> None:
        """Plan the look-ups that start from what changed."""
        await self.plan_for(change.profile_id, Trigger.ATTRIBUTES_CHANGED, attribute_ids=change.attribute_ids)

    async def on_merged(self, change: ProfileMerged) -> None:
        """Plan for a person of whom two profiles knew different things."""
        await self.plan_for(change.profile_id, Trigger.ATTRIBUTES_CHANGED)

    async def on_consent_recorded(self, change: ConsentRecorded) -> None:
        """Cancel what the person no longer allows; plan what they allow now."""
        enrichers = [each for each in self._enrichers().values() if each.purpose == change.purpose]
        profile = await self._profiles.find_living(ProfileId(change.profile_id)) if enrichers else None
        if profile is None:
            return
        if await self._profiles.may_use(profile, change.purpose):
            trigger = Trigger.ATTRIBUTES_CHANGED
            await self._plan(profile, enrichers, trigger, Errand(urgency=URGENCY[trigger]))
        else:
            # Also those that have their result: it counts no more, so that a new consent starts anew.
            await self._end(profile, enrichers, cancelled)

    async def on_requested(self, change: EnrichmentRequested) -> None:
        """Make the job that the profile's state speaks of; a second time changes nothing."""
        payload: dict[str, Any] = {"enricher": change.enricher}
        if change.run_id is not None:
            payload["run"] = change.run_id
        if change.is_fresh:
            payload["is_fresh"] = True
        job = NewJob(
            id=JobId(change.job_id),
            kind=ENRICH,
            payload=payload,
            profile_id=change.profile_id,
            urgency=Urgency(change.urgency),
            topic=change.enricher if change.run_id is None else f"{change.enricher}:{change.run_id}",
        )
        await self._queue.enqueue(job)

    async def enrichments_of(self, viewer: Viewer, profile: Profile) -> list[Enrichment]:
        """Return where every enricher stands that was considered; nothing for who may not see the profile."""
        if viewer.profile_id != profile.id and not viewer.has_scope(Scope.PROFILES_READ):
            return []
        found = await self._shown(profile, self._enrichers().values())
        return found if viewer.has_scope(Scope.PROFILES_READ) else [for_people(each) for each in found]

    def enrichers(self, viewer: Viewer) -> list[Enricher]:
        """Return the configured enricher for those who may read the configuration; else nothing."""
        return list(self._enrichers().values()) if viewer.has_scope(Scope.CONFIGURATION_READ) else []

    async def _addressed(
        self, viewer: Viewer, by: ProfileId | IdentityRef, enricher_keys: Sequence[str] | None
    ) -> tuple[list[Enricher], Profile]:
        require_scope(viewer, Scope.ENRICHMENT_RUN)
        enrichers = named(self._enrichers(), enricher_keys)
        profile = await self._profiles.find_living(by)
        if profile is None:
            raise NotFoundError("There is no such profile.")
        return enrichers, profile

    async def _plan(
        self, profile: Profile, enrichers: Collection[Enricher], trigger: Trigger, errand: Errand
    ) -> tuple[Profile, list[Enricher]]:
        """Queue what is worth it in one write; return the profile after it, and what was queued."""
        for _ in range(_TRIES):
            person = await self._people.look_at(profile, enrichers)
            verdicts: Mapping[str, Verdict] = {
                each.key: judge(
                    each,
                    trigger,
                    person.standing(each),
                    state_of(profile, each.key),
                    person.now,
                    is_forced=errand.is_fresh,
                )
                for each in enrichers
            }
            wanted = chosen(enrichers, verdicts)
            if not wanted:
                return profile, []
            parts = queueing(profile, wanted, verdicts, errand, person.now)
            consent = await self._profiles.consent_guard(*(each.purpose for each in wanted))
            update = ProfileUpdate(
                part=parts.part, only_if={**parts.guard, **consent}, changes=tuple(parts.changes)
            )
            written = await self._profiles.write(profile.id, update)
            if written is not None:
                return written, wanted
            fresh = await self._profiles.find_living(profile.id)
            if fresh is None:
                return profile, []
            profile = fresh
        raise ConflictError("The profile keeps changing: try again in a moment.")

    async def _end(
        self,
        profile: Profile,
        enrichers: Iterable[Enricher],
        ending: Callable[[LookUpState, datetime], LookUpState],
    ) -> None:
        """End the look-ups of these; what one that runs brings back is not written any more."""
        now = self._clock()
        for enricher in enrichers:
            state = state_of(profile, enricher.key)
            if state is not None and state.code is not ReasonCode.CONSENT_MISSING:
                update = ProfileUpdate(
                    part=state_fields(enricher.key, ending(state, now)),
                    only_if=may_cancel(enricher.key, state),
                )
                await self._profiles.write(profile.id, update)

    async def _fed_by(self, attribute_ids: Collection[str] | None) -> list[Enricher]:
        """Return the enrichers that start from one of these attributes, or have a condition that may."""
        if attribute_ids is None:
            return list(self._enrichers().values())
        by_id: Mapping[Any, Any] = (await self._profiles.catalogue.current()).by_id
        keys = {by_id[each].canonical or by_id[each].key for each in attribute_ids if each in by_id}
        return [
            each
            for each in self._enrichers().values()
            if each.condition is not None or not keys.isdisjoint(each.inputs)
        ]

    async def _shown(self, profile: Profile, enrichers: Collection[Enricher]) -> list[Enrichment]:
        person = await self._people.look_at(profile, enrichers)
        return shown(person, enrichers, (await self._profiles.catalogue.current()).by_id)


def named(configured: Mapping[str, Enricher], keys: Sequence[str] | None) -> list[Enricher]:
    """Return the enrichers with these keys, all when None; raise UnknownEnricherError."""
    for key in keys or ():
        if key not in configured:
            raise UnknownEnricherError(key)
    return [each for each in configured.values() if keys is None or each.key in keys]
