"""Where look-ups stand, as people, apps and admins see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.enrichment.model import MESSAGES, Enrichment, EnrichmentState, Reason, ReasonCode
from server.enrichment.planning import stands_against
from server.enrichment.states import state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher, LookUpState
    from server.enrichment.people import Person
    from server.profiles.model import AttributeDefinition, AttributeId

# Why nothing was looked up that is worth saying of somebody of whom nothing is written.
_TELLING = frozenset(
    {
        ReasonCode.MISSING_INPUT,
        ReasonCode.CONDITION_NOT_MET,
        ReasonCode.ALREADY_KNOWN,
        ReasonCode.SUPPRESSED,
    }
)
# What concerns us and the source, and nobody whom it is about.
_OURS = frozenset(
    {
        *(ReasonCode.QUOTA, ReasonCode.BUDGET, ReasonCode.CONFIGURATION, ReasonCode.BREAKER),
        *(ReasonCode.THROTTLED, ReasonCode.BAD_ANSWER),
    }
)


def shown(
    person: Person, enrichers: Iterable[Enricher], definitions: Mapping[AttributeId, AttributeDefinition]
) -> list[Enrichment]:
    """Return where every enricher stands that was considered, or would not be for a reason; pure."""
    found: list[Enrichment] = []
    for enricher in enrichers:
        state = state_of(person.profile, enricher.key)
        if not person.allows(enricher.purpose):
            found.append(_idle(enricher, ReasonCode.CONSENT_MISSING))
        elif state is not None:
            keys = [definitions[each].key for each in state.attribute_ids if each in definitions]
            found.append(_enrichment(enricher, state, keys, person.now))
        elif (against := stands_against(enricher, person.standing(enricher))) in _TELLING:
            found.append(_idle(enricher, against))
    return found


def for_people(enrichment: Enrichment) -> Enrichment:
    """Return what the person themself is shown: where it stands and why, but not how we go about it."""
    reason = enrichment.reason
    is_ours = reason is not None and reason.code in _OURS
    code = ReasonCode.TEMPORARY_PROBLEM
    return replace(
        enrichment,
        reason=Reason(code=code, message=MESSAGES[code]) if is_ours else reason,
        attempts=None,
        last_run_at=None,
        next_attempt_at=None,
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


def _idle(enricher: Enricher, code: ReasonCode) -> Enrichment:
    """Return the state of a look-up of which nothing is written, or nothing that may be shown."""
    states = {
        ReasonCode.CONSENT_MISSING: EnrichmentState.CANCELLED,
        ReasonCode.SUPPRESSED: EnrichmentState.SUPPRESSED,
    }
    return Enrichment(
        enricher=enricher,
        state=states.get(code, EnrichmentState.SKIPPED),
        reason=Reason(code=code, message=MESSAGES[code]),
    )
