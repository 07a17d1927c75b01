"""Enrichment: decides which look-ups to make, queues them, and shows where each stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.access.model import Scope
from server.access.service import require_scope
from server.enrichment.changes import EnrichmentRequested
from server.enrichment.errors import UnknownEnricherError
from server.enrichment.model import (
    ENRICH,
    MESSAGES,
    Enrichment,
    EnrichmentState,
    LookUpState,
    Reason,
    ReasonCode,
    Trigger,
)
from server.enrichment.planning import judge
from server.enrichment.states import cancelled, may_cancel, state_fields, state_of, unchanged_since
from server.kit.changes import ChangeId
from server.kit.errors import ConflictError, NotFoundError
from server.kit.ids import new_id
from server.kit.jobs.model import JobId, NewJob
from server.profiles.model import ProfileId, ProfileUpdate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from server.access.model import Viewer
    from server.consent.changes import ConsentRecorded
    from server.enrichment.model import Enricher, Enrichers
    from server.enrichment.planning import Verdict
    from server.identity.changes import SignedIn
    from server.kit.clock import Clock
    from server.kit.jobs.service import JobQueue
    from server.profiles.changes import AttributesChanged, ProfileMerged
    from server.profiles.model import IdentityRef, Profile, Value
    from server.profiles.service import Profiles

_TRIES = 5  # plans for a profile that others write to at the same time


class Enrichments:
    """Plans look-ups and shows them; `running.LookUps` makes them."""

    def __init__(self, *, profiles: Profiles, queue: JobQueue, clock: Clock, enrichers: Enrichers) -> None:
        self._profiles = profiles
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
            await self._plan(profile, enrichers, trigger)

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
        require_scope(viewer, Scope.ENRICHMENT_RUN)
        enrichers = self._named(enricher_keys)
        profile = await self._profiles.find_living(by)
        if profile is None:
            raise NotFoundError("There is no such profile.")
        planned = await self._plan(profile, enrichers, Trigger.MANUAL, is_forced=force)
        return await self._shown(planned, enrichers)

    async def on_signed_in(self, change: SignedIn) -> None:
        """Plan for a person who came back."""
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
            await self._plan(profile, enrichers, Trigger.ATTRIBUTES_CHANGED)
        else:
            await self._cancel(profile, enrichers)

    async def on_requested(self, change: EnrichmentRequested) -> None:
        """Make the job that the profile's state speaks of; a second time changes nothing."""
        job = NewJob(
            id=JobId(change.job_id),
            kind=ENRICH,
            payload={"enricher": change.enricher},
            profile_id=change.profile_id,
        )
        await self._queue.enqueue(job)

    async def enrichments_of(self, viewer: Viewer, profile: Profile) -> list[Enrichment]:
        """Return where every enricher stands that was considered; nothing for who may not see the profile."""
        if viewer.profile_id != profile.id and not viewer.has_scope(Scope.PROFILES_READ):
            return []
        return await self._shown(profile, self._enrichers().values())

    def enrichers(self, viewer: Viewer) -> list[Enricher]:
        """Return the configured enricher for those who may read the configuration; else nothing."""
        return list(self._enrichers().values()) if viewer.has_scope(Scope.CONFIGURATION_READ) else []

    async def _plan(
        self, profile: Profile, enrichers: Collection[Enricher], trigger: Trigger, *, is_forced: bool = False
    ) -> Profile:
        """Queue what is worth it in one write, and return the profile after it."""
        for _ in range(_TRIES):
            verdicts = await self._verdicts(profile, enrichers, trigger, is_forced=is_forced)
            wanted = {key: verdict for key, verdict in verdicts.items() if verdict.blocked_by is None}
            if not wanted:
                return profile
            purposes = [self._enrichers()[key].purpose for key in wanted]
            queueing = _queueing(
                profile, wanted, await self._profiles.consent_guard(*purposes), self._clock()
            )
            written = await self._profiles.write(profile.id, queueing)
            if written is not None:
                return written
            fresh = await self._profiles.find_living(profile.id)
            if fresh is None:
                return profile
            profile = fresh
        raise ConflictError("The profile keeps changing: try again in a moment.")

    async def _verdicts(
        self, profile: Profile, enrichers: Iterable[Enricher], trigger: Trigger, *, is_forced: bool
    ) -> dict[str, Verdict]:
        known = await self._known(profile)
        now = self._clock()
        return {
            each.key: judge(
                each,
                trigger,
                known,
                state_of(profile, each.key),
                now,
                is_allowed=await self._profiles.may_use(profile, each.purpose),
                is_forced=is_forced,
            )
            for each in enrichers
        }

    async def _cancel(self, profile: Profile, enrichers: Iterable[Enricher]) -> None:
        """End the look-ups of these; what one that runs brings back is not written any more.

        Also those that have their result: it does not count any more, so that a new consent starts anew.
        """
        now = self._clock()
        for enricher in enrichers:
            state = state_of(profile, enricher.key)
            if state is not None and state.state is not EnrichmentState.CANCELLED:
                update = ProfileUpdate(
                    part=state_fields(enricher.key, cancelled(state, now)),
                    only_if=may_cancel(enricher.key, state),
                )
                await self._profiles.write(profile.id, update)

    async def _known(self, profile: Profile) -> dict[str, Value]:
        attributes = await self._profiles.known_attributes(profile)
        return {key: attribute.value for key, attribute in attributes.items()}

    async def _fed_by(self, attribute_ids: Collection[str] | None) -> list[Enricher]:
        """Return the enrichers that start from one of these attributes."""
        if attribute_ids is None:
            return list(self._enrichers().values())
        by_id: Mapping[Any, Any] = (await self._profiles.catalogue.current()).by_id
        keys = {by_id[each].key for each in attribute_ids if each in by_id}
        return [each for each in self._enrichers().values() if not keys.isdisjoint(each.inputs)]

    def _named(self, keys: Sequence[str] | None) -> list[Enricher]:
        for key in keys or ():
            if key not in self._enrichers():
                raise UnknownEnricherError(key)
        return [each for each in self._enrichers().values() if keys is None or each.key in keys]

    async def _shown(self, profile: Profile, enrichers: Iterable[Enricher]) -> list[Enrichment]:
        known = await self._known(profile)
        definitions = (await self._profiles.catalogue.current()).by_id
        now = self._clock()
        shown: list[Enrichment] = []
        for enricher in enrichers:
            state = state_of(profile, enricher.key)
            if not await self._profiles.may_use(profile, enricher.purpose):
                shown.append(_idle(enricher, EnrichmentState.CANCELLED, ReasonCode.CONSENT_MISSING))
            elif state is not None:
                keys = [definitions[each].key for each in state.attribute_ids if each in definitions]
                shown.append(_enrichment(enricher, state, keys, now))
            elif judge(enricher, Trigger.MANUAL, known, None, now).blocked_by is ReasonCode.MISSING_INPUT:
                shown.append(_idle(enricher, EnrichmentState.SKIPPED, ReasonCode.MISSING_INPUT))
        return shown


def _queueing(
    profile: Profile, wanted: Mapping[str, Verdict], consent: Mapping[str, object], now: datetime
) -> ProfileUpdate:
    """Return the write that queues look-ups: their states, and the announcements that make their jobs."""
    part: dict[str, Any] = {}
    guard: dict[str, Any] = dict(consent)
    changes: list[EnrichmentRequested] = []
    for enricher, verdict in wanted.items():
        before = state_of(profile, enricher)
        job_id = JobId(new_id("job", now))
        part |= state_fields(enricher, _queued(before, job_id, verdict, now))
        guard |= unchanged_since(enricher, before)
        changes.append(_requested(profile, enricher, job_id, now))
    return ProfileUpdate(part=part, only_if=guard, changes=tuple(changes))


def _queued(before: LookUpState | None, job_id: JobId, verdict: Verdict, now: datetime) -> LookUpState:
    """Return the queued state; what the look-up before it found stays on show meanwhile."""
    return LookUpState(
        state=EnrichmentState.QUEUED,
        at=now,
        job_id=job_id,
        fence=0,
        input_hash=verdict.input_hash,
        last_run_at=None if before is None else before.last_run_at,
        expires_at=None if before is None else before.expires_at,
        attribute_ids=() if before is None else before.attribute_ids,
    )


def _requested(profile: Profile, enricher: str, job_id: JobId, now: datetime) -> EnrichmentRequested:
    return EnrichmentRequested(
        id=ChangeId(new_id("chg", now)), at=now, profile_id=profile.id, enricher=enricher, job_id=job_id
    )


def _enrichment(enricher: Enricher, state: LookUpState, keys: Iterable[str], now: datetime) -> Enrichment:
    return Enrichment(
        enricher=enricher,
        state=state.state,
        reason=None if state.code is None else Reason(code=state.code, message=MESSAGES[state.code]),
        attempts=state.attempts,
        last_run_at=state.last_run_at,
        next_attempt_at=state.next_attempt_at,
        expires_at=state.expires_at,
        is_stale=state.expires_at is not None and state.expires_at <= now,
        attributes_set=tuple(keys),
    )


def _idle(enricher: Enricher, state: EnrichmentState, code: ReasonCode) -> Enrichment:
    """Return the state of a look-up of which nothing is written, or nothing that may be shown."""
    return Enrichment(enricher=enricher, state=state, reason=Reason(code=code, message=MESSAGES[code]))
