"""Queueing look-ups: states in the profile, and the announcements that make their jobs; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.enrichment.changes import EnrichmentRequested
from server.enrichment.model import EnrichmentState, LookUpState, Trigger
from server.enrichment.states import state_fields, state_of, unchanged_since
from server.kit.changes import ChangeId
from server.kit.ids import new_id
from server.kit.jobs.model import JobId, Urgency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher
    from server.enrichment.planning import Verdict
    from server.profiles.model import Profile

URGENCY: Mapping[Trigger, Urgency] = {
    Trigger.SIGN_UP: Urgency.ORDINARY,
    Trigger.SIGN_IN: Urgency.ORDINARY,
    Trigger.ATTRIBUTES_CHANGED: Urgency.ORDINARY,
    Trigger.REFRESH: Urgency.BACKGROUND,
    Trigger.MANUAL: Urgency.INTERACTIVE,
    Trigger.BULK: Urgency.BULK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """On whose behalf look-ups are queued. `run_id` is that of a bulk run.

    With `is_fresh` the source itself has to be asked: what it said before does not count.
    """

    urgency: Urgency
    run_id: str | None = None
    is_fresh: bool = False


@dataclass(slots=True)
class Queueing:
    """Parts of a write to one profile that queue look-ups."""

    part: dict[str, Any] = field(default_factory=dict)
    guard: dict[str, Any] = field(default_factory=dict)
    changes: list[EnrichmentRequested] = field(default_factory=list)


def queueing(
    profile: Profile,
    wanted: Iterable[Enricher],
    verdicts: Mapping[str, Verdict],
    errand: Errand,
    now: datetime,
) -> Queueing:
    """Return the parts; the guard is that nobody else planned the same meanwhile."""
    parts = Queueing()
    for enricher in wanted:
        before = state_of(profile, enricher.key)
        job_id = JobId(new_id("job", now))
        queued = _queued(before, job_id, verdicts[enricher.key], now)
        parts.part |= state_fields(enricher.key, queued)
        parts.guard |= unchanged_since(enricher.key, before)
        parts.changes.append(_requested(profile, enricher, job_id, errand, now))
    return parts


def _queued(before: LookUpState | None, job_id: JobId, verdict: Verdict, now: datetime) -> LookUpState:
    """Return the queued state; what the look-up before it found stays on show meanwhile."""
    queued = LookUpState(
        state=EnrichmentState.QUEUED, at=now, job_id=job_id, fence=0, input_hash=verdict.input_hash
    )
    if before is None:
        return queued
    return LookUpState(
        state=queued.state,
        at=now,
        job_id=job_id,
        fence=0,
        input_hash=verdict.input_hash,
        last_run_at=before.last_run_at,
        expires_at=before.expires_at,
        attribute_ids=before.attribute_ids,
        misses=before.misses if before.input_hash == verdict.input_hash else 0,
    )


def _requested(
    profile: Profile, enricher: Enricher, job_id: JobId, errand: Errand, now: datetime
) -> EnrichmentRequested:
    return EnrichmentRequested(
        id=ChangeId(new_id("chg", now)),
        at=now,
        profile_id=profile.id,
        enricher=enricher.key,
        job_id=job_id,
        urgency=errand.urgency.value,
        run_id=errand.run_id,
        is_fresh=errand.is_fresh,
    )
