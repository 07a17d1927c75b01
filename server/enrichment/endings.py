"""How a look-up ends, by what came of it; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import EnrichmentState, NoMatch, ReasonCode, Skip

if TYPE_CHECKING:
    from datetime import datetime

    from server.enrichment.model import Enricher, LookUpState
    from server.enrichment.retrying import Retry

_FAILURE_STANDS = timedelta(days=1)  # before a sign-in may try once more what failed for good
CALLED_OFF_STANDS = timedelta(days=1)  # before a sign-in may bring back what somebody called off
_LONGEST_MISS = timedelta(days=180)
_ENDS = {
    ReasonCode.SUPPRESSED: EnrichmentState.SUPPRESSED,
    ReasonCode.CONSENT_MISSING: EnrichmentState.CANCELLED,
    ReasonCode.DISABLED: EnrichmentState.CANCELLED,
    ReasonCode.CANCELLED: EnrichmentState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the profile will remember. It stands until `expires_at`; None is until the input changes."""

    state: EnrichmentState
    code: ReasonCode | None = None
    expires_at: datetime | None = None
    misses: int = 0


def found_ending(enricher: Enricher, rejected: ReasonCode | None, at: datetime) -> Ending:
    """Return the end of a look-up that found something, at that time."""
    if rejected is not None:
        stands = enricher.no_match_ttl or enricher.ttl
        return Ending(state=EnrichmentState.REJECTED, code=rejected, expires_at=at + stands)
    return Ending(state=EnrichmentState.SUCCEEDED, expires_at=at + enricher.ttl)


def other_ending(enricher: Enricher, result: NoMatch | Skip, state: LookUpState, at: datetime) -> Ending:
    """Return the end of a look-up that found nothing, or was not made.

    That nothing was found stands twice as long each time that the same input finds nothing.
    """
    if isinstance(result, Skip):
        return Ending(state=EnrichmentState.SKIPPED, code=result.code)
    return Ending(
        state=EnrichmentState.NO_MATCH, expires_at=at + miss_stands(enricher, state), misses=state.misses + 1
    )


def miss_stands(enricher: Enricher, state: LookUpState) -> timedelta:
    """Return for how long it stands that nothing was found, after the misses before."""
    first = enricher.no_match_ttl or enricher.ttl
    doubled: timedelta = first * 2 ** min(state.misses, 10)
    return max(first, min(doubled, _LONGEST_MISS))


def failure_ending(code: ReasonCode, at: datetime) -> Ending:
    """Return the end of a look-up that went wrong for good."""
    return Ending(state=EnrichmentState.FAILED, code=code, expires_at=at + _FAILURE_STANDS)


def refused_ending(code: ReasonCode, at: datetime) -> Ending:
    """Return the end of a look-up that is not to be made (any more), as planning judges it."""
    state = _ENDS.get(code, EnrichmentState.SKIPPED)
    return Ending(state=state, code=code, expires_at=None if state is EnrichmentState.SUPPRESSED else at)


def ended(state: LookUpState, ending: Ending, at: datetime) -> LookUpState:
    """Return the state at the end; which attributes it filled is said by whoever writes the claims."""
    return replace(
        state,
        state=ending.state,
        at=at,
        code=ending.code,
        expires_at=ending.expires_at,
        misses=ending.misses,
        next_attempt_at=None,
        waits={},
        reference=None,
    )


def waiting(state: LookUpState, retry: Retry, at: datetime, reference: str | None) -> LookUpState:
    """Return the state of a look-up that is tried again, with one more wait for this reason."""
    return replace(
        state,
        state=retry.state,
        at=at,
        code=retry.code,
        next_attempt_at=at + retry.delay,
        waits={**state.waits, retry.code.value: state.waits.get(retry.code.value, 0) + 1},
        reference=reference,
    )
