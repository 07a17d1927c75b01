"""What a profile remembers of its look-ups, as documents in its `enrichments` part, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from server.enrichment.endings import CALLED_OFF_STANDS, Ending, ended, refused_ending
from server.enrichment.model import LIVE_STATES, EnrichmentState, LookUpState, ReasonCode
from server.kit.jobs.model import JobId
from server.profiles.model import AttributeId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher
    from server.kit.jobs.model import Job
    from server.profiles.model import Profile


def state_of(profile: Profile, enricher: str) -> LookUpState | None:
    """Return where this enricher stands for the profile; None where it was never considered."""
    entry = profile.enrichments.get(enricher)
    if entry is None:
        return None
    return LookUpState(
        state=EnrichmentState(entry["state"]),
        at=entry["at"],
        job_id=JobId(entry["job"]),
        fence=entry["fence"],
        input_hash=entry["input"],
        code=None if entry["code"] is None else ReasonCode(entry["code"]),
        attempts=entry["attempts"],
        last_run_at=entry["last_run_at"],
        next_attempt_at=entry["next_attempt_at"],
        expires_at=entry["expires_at"],
        attribute_ids=tuple(AttributeId(each) for each in entry["attributes"]),
        waits=entry.get("waits", {}),  # entries of an earlier version have none of these three
        misses=entry.get("misses", 0),
        reference=entry.get("reference"),
    )


def state_fields(enricher: str, state: LookUpState) -> dict[str, Any]:
    """Return the update of the profile that remembers this state."""
    return {
        f"enrichments.{enricher}": {
            "state": state.state.value,
            "at": state.at,
            "job": state.job_id,
            "fence": state.fence,
            "input": state.input_hash,
            "code": None if state.code is None else state.code.value,
            "attempts": state.attempts,
            "last_run_at": state.last_run_at,
            "next_attempt_at": state.next_attempt_at,
            "expires_at": state.expires_at,
            "attributes": list(state.attribute_ids),
            "waits": dict(state.waits),
            "misses": state.misses,
            "reference": state.reference,
        }
    }


def unchanged_since(enricher: str, state: LookUpState | None) -> Mapping[str, Any]:
    """Return the guard of a plan: no other was made meanwhile."""
    return {f"enrichments.{enricher}.job": {"$exists": False} if state is None else state.job_id}


def may_start(enricher: str, job: Job) -> Mapping[str, Any]:
    """Return the guard of a start: it is this job's turn, it has no result yet, and no later lease began."""
    return {
        f"enrichments.{enricher}.job": job.id,
        f"enrichments.{enricher}.state": {"$in": sorted(LIVE_STATES)},
        f"enrichments.{enricher}.fence": {"$lt": job.fence},
    }


@dataclass(frozen=True, slots=True)
class Hold:
    """A look-up as somebody left it: what they write holds only while nobody else took it up."""

    enricher: Enricher
    job_id: JobId
    fence: int
    state: EnrichmentState


def is_held(state: LookUpState, hold: Hold) -> bool:
    """Whether it is still as they left it."""
    return (state.job_id, state.fence, state.state) == (hold.job_id, hold.fence, hold.state)


def may_conclude(hold: Hold) -> Mapping[str, Any]:
    """Return the guard of an end: nobody took the look-up up meanwhile, and it has no result yet."""
    key = hold.enricher.key
    return {
        f"enrichments.{key}.job": hold.job_id,
        f"enrichments.{key}.state": hold.state.value,
        f"enrichments.{key}.fence": hold.fence,
    }


def cancelled(state: LookUpState, now: datetime) -> LookUpState:
    """Return the state of a look-up that the person does not allow (any more); it never counts as fresh."""
    last = ended(state, refused_ending(ReasonCode.CONSENT_MISSING, now), now)
    return replace(last, attribute_ids=())


def called_off(state: LookUpState, now: datetime) -> LookUpState:
    """Return the state of a look-up that somebody called off; what an earlier one found stays on show."""
    ending = Ending(
        state=EnrichmentState.CANCELLED,
        code=ReasonCode.CANCELLED,
        expires_at=now + CALLED_OFF_STANDS,
        misses=state.misses,
    )
    return ended(state, ending, now)


def may_cancel(enricher: str, state: LookUpState) -> Mapping[str, Any]:
    """Return the guard of a cancellation: no other look-up was planned meanwhile."""
    return {f"enrichments.{enricher}.job": state.job_id}


def requeued(state: LookUpState, now: datetime) -> LookUpState:
    """Return the state of a look-up that failed and is begun once more."""
    return replace(
        state, state=EnrichmentState.QUEUED, at=now, code=None, attempts=0, next_attempt_at=None, waits={}
    )


def may_requeue(enricher: str, job: Job) -> Mapping[str, Any]:
    """Return the guard of a second beginning: this job failed, and no other took its place."""
    return {
        f"enrichments.{enricher}.job": job.id,
        f"enrichments.{enricher}.state": EnrichmentState.FAILED.value,
    }


def may_give_up(enricher: str, job: Job) -> Mapping[str, Any]:
    """Return the guard of a failure: the job has no result yet, and no later lease began."""
    return {
        f"enrichments.{enricher}.job": job.id,
        f"enrichments.{enricher}.state": {"$in": sorted(LIVE_STATES)},
        f"enrichments.{enricher}.fence": {"$lte": job.fence},
    }
