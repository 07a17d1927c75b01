"""What a profile remembers of its look-ups, as documents in its `enrichments` part, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from server.enrichment.model import LIVE_STATES, EnrichmentState, LookUpState, ReasonCode
from server.kit.jobs.model import JobId
from server.profiles.model import AttributeId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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


def may_conclude(enricher: str, job: Job) -> Mapping[str, Any]:
    """Return the guard of an end: this very lease started it, and it has no result yet."""
    return {
        f"enrichments.{enricher}.job": job.id,
        f"enrichments.{enricher}.state": EnrichmentState.RUNNING.value,
        f"enrichments.{enricher}.fence": job.fence,
    }


def cancelled(state: LookUpState, now: datetime) -> LookUpState:
    """Return the state of a look-up that the person does not allow (any more); it never counts as fresh."""
    return replace(
        state,
        state=EnrichmentState.CANCELLED,
        at=now,
        code=ReasonCode.CONSENT_MISSING,
        next_attempt_at=None,
        expires_at=now,
        attribute_ids=(),
    )


def may_cancel(enricher: str, state: LookUpState) -> Mapping[str, Any]:
    """Return the guard of a cancellation: no other look-up was planned meanwhile."""
    return {f"enrichments.{enricher}.job": state.job_id}


def may_give_up(enricher: str, job: Job) -> Mapping[str, Any]:
    """Return the guard of a failure: the job has no result yet, and no later lease began."""
    return {
        f"enrichments.{enricher}.job": job.id,
        f"enrichments.{enricher}.state": {"$in": sorted(LIVE_STATES)},
        f"enrichments.{enricher}.fence": {"$lte": job.fence},
    }
