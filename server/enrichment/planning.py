"""Which look-ups to make for a profile, and why not the others; pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import LIVE_STATES, EnrichmentState, ReasonCode, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher, LookUpState
    from server.profiles.model import Value

# A live look-up that nobody wrote about for this long has lost its job; its retries end within hours.
_LOST_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to look up, or what stands against it; `input_hash` is empty where an input is missing."""

    blocked_by: ReasonCode | None
    input_hash: str = ""


def judge(
    enricher: Enricher,
    trigger: Trigger,
    known: Mapping[str, Value],
    state: LookUpState | None,
    now: datetime,
    *,
    is_allowed: bool = True,
    is_forced: bool = False,
) -> Verdict:
    """Return whether `enricher` should look up the person of whom `known` is known, by attribute key.

    `is_allowed` says whether the person consents to its purpose, which no force replaces.
    """
    if not is_allowed:
        return Verdict(blocked_by=ReasonCode.CONSENT_MISSING)
    if trigger not in enricher.triggers and trigger is not Trigger.MANUAL:
        return Verdict(blocked_by=ReasonCode.NOT_TRIGGERED)
    inputs = inputs_of(enricher, known)
    if inputs is None:
        return Verdict(blocked_by=ReasonCode.MISSING_INPUT)
    input_hash = hash_of(enricher, inputs)
    if state is None or state.input_hash != input_hash:
        return Verdict(blocked_by=None, input_hash=input_hash)
    return Verdict(blocked_by=_blocked_by(trigger, state, now, is_forced=is_forced), input_hash=input_hash)


def inputs_of(enricher: Enricher, known: Mapping[str, Value]) -> dict[str, Value] | None:
    """Return the values that the enricher starts from; None where one of them is missing."""
    if not known.keys() >= set(enricher.inputs):
        return None
    return {key: known[key] for key in enricher.inputs}


def hash_of(enricher: Enricher, inputs: Mapping[str, Value]) -> str:
    """Return what changes if and only if a look-up could give something else."""
    text = json.dumps([enricher.revision, inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _blocked_by(trigger: Trigger, state: LookUpState, now: datetime, *, is_forced: bool) -> ReasonCode | None:
    if state.state in LIVE_STATES:
        return ReasonCode.IN_PROGRESS if state.at > now - _LOST_AFTER else None
    is_fresh = state.expires_at is None or state.expires_at > now
    is_worth_repeating = trigger is Trigger.MANUAL and state.state is EnrichmentState.FAILED
    return ReasonCode.STILL_FRESH if is_fresh and not is_forced and not is_worth_repeating else None
