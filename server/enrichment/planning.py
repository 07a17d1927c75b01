"""Which look-ups to make for a profile, and why not the others; pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import LIVE_STATES, EnrichmentState, ReasonCode, Trigger
from server.enrichment.visits import Passing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher, LookUpState
    from server.profiles.model import Value

# A live look-up that nobody wrote about for this long has lost its job; its retries end within hours.
_LOST_AFTER = timedelta(days=1)
_ASKED_FOR = frozenset({Trigger.MANUAL, Trigger.BULK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What of one person decides about one enricher.

    `known` are values by attribute key. `is_listed` says whether the list of those who asked not to be looked
    up has an address of theirs, `has_address` whether it could have. `fits` says whether the enricher's
    condition holds, `is_filled` whether others know all that it is wanted for.
    """

    known: Mapping[str, Value]
    is_allowed: bool = True
    is_listed: bool = False
    has_address: bool = True
    fits: bool = True
    is_filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to look up, or what stands against it; `input_hash` is empty where an input is missing."""

    blocked_by: ReasonCode | None
    input_hash: str = ""


def judge(
    enricher: Enricher,
    trigger: Trigger,
    standing: Standing,
    state: LookUpState | None,
    now: datetime,
    *,
    is_forced: bool = False,
) -> Verdict:
    """Return whether `enricher` should look a person up on this occasion.

    No force replaces consent, nor brings in what is missing; it only repeats what still counts.
    """
    blocked_by = stands_against(enricher, standing, is_forced=is_forced)
    if blocked_by is None and not _is_occasion(enricher, trigger, state, now):
        blocked_by = ReasonCode.NOT_TRIGGERED
    inputs = inputs_of(enricher, standing.known)
    if blocked_by is not None or inputs is None:
        return Verdict(blocked_by=blocked_by or ReasonCode.MISSING_INPUT)
    input_hash = hash_of(enricher, inputs)
    if state is None or state.input_hash != input_hash:
        return Verdict(blocked_by=None, input_hash=input_hash)
    if state.state is EnrichmentState.SUPPRESSED and is_forced and standing.has_address:
        return Verdict(blocked_by=None, input_hash=input_hash)  # the list has the say, and says nothing
    return Verdict(blocked_by=_blocked_by(trigger, state, now, is_forced=is_forced), input_hash=input_hash)


def stands_against(enricher: Enricher, standing: Standing, *, is_forced: bool = False) -> ReasonCode | None:
    """Return why this person is not to be looked up at all: asked when it is queued and when it runs."""
    if not enricher.is_enabled:
        return ReasonCode.DISABLED
    if not standing.is_allowed:
        return ReasonCode.CONSENT_MISSING
    if standing.is_listed:
        return ReasonCode.SUPPRESSED
    if not standing.fits:
        return ReasonCode.CONDITION_NOT_MET
    if standing.is_filled and not is_forced:
        return ReasonCode.ALREADY_KNOWN
    return None if inputs_of(enricher, standing.known) is not None else ReasonCode.MISSING_INPUT


def chosen(enrichers: Iterable[Enricher], verdicts: Mapping[str, Verdict]) -> list[Enricher]:
    """Return those to queue: of each group only the first in order, and none while one of it is under way."""
    in_order = sorted(enrichers, key=lambda each: (each.position, each.key))
    busy = {each.group for each in in_order if verdicts[each.key].blocked_by is ReasonCode.IN_PROGRESS} - {
        None
    }
    wanted: list[Enricher] = []
    for each in in_order:
        if verdicts[each.key].blocked_by is None and (each.group is None or each.group not in busy):
            wanted.append(each)
            busy.add(each.group)
    return wanted


def following(enricher: Enricher, enrichers: Iterable[Enricher]) -> list[Enricher]:
    """Return the steps of its group that come after this one, in order."""
    if enricher.group is None:
        return []
    place = (enricher.position, enricher.key)
    group = [each for each in enrichers if each.group == enricher.group]
    later = [each for each in group if (each.position, each.key) > place]
    return sorted(later, key=lambda each: (each.position, each.key))


def inputs_of(enricher: Enricher, known: Mapping[str, Value]) -> dict[str, Value] | None:
    """Return the values that the enricher starts from; None where one of them is missing."""
    if not known.keys() >= set(enricher.inputs):
        return None
    return {key: known[key] for key in enricher.inputs}


def hash_of(enricher: Enricher, inputs: Mapping[str, Value]) -> str:
    """Return what changes if and only if a look-up could give something else.

    It is kept with the profile. For what must not be kept its tag stands, which nobody can guess it from.
    """
    kept = {key: value.tag if isinstance(value, Passing) else value for key, value in inputs.items()}
    text = json.dumps([enricher.revision, kept], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_occasion(enricher: Enricher, trigger: Trigger, state: LookUpState | None, now: datetime) -> bool:
    """Whether the enricher wants this occasion; one that refreshes takes any once its results are stale."""
    if trigger in enricher.triggers or trigger in _ASKED_FOR:
        return True
    is_stale = state is not None and state.expires_at is not None and state.expires_at <= now
    return enricher.refresh and is_stale


def _blocked_by(trigger: Trigger, state: LookUpState, now: datetime, *, is_forced: bool) -> ReasonCode | None:
    if state.state in LIVE_STATES:
        last_sign = max(state.at, state.next_attempt_at or state.at)
        return ReasonCode.IN_PROGRESS if last_sign > now - _LOST_AFTER else None
    if state.state is EnrichmentState.SUPPRESSED:
        return ReasonCode.SUPPRESSED
    is_fresh = state.expires_at is None or state.expires_at > now
    is_worth_repeating = trigger in _ASKED_FOR and state.state is EnrichmentState.FAILED
    return ReasonCode.STILL_FRESH if is_fresh and not is_forced and not is_worth_repeating else None
