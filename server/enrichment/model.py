"""Enrichers, what a look-up can find, and where each stands for one profile."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime, timedelta

    from server.kit.jobs.model import JobId
    from server.profiles.model import AttributeId, Value

ENRICH = "enrich"  # the kind of our jobs


class Trigger(StrEnum):
    """What makes us consider a look-up."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    ATTRIBUTES_CHANGED = "attributes_changed"
    MANUAL = "manual"


class EnricherKind(StrEnum):
    """Whether a look-up leaves this process."""

    OFFLINE = "offline"
    HTTP = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an enricher says about one attribute, by key. `confidence` is between 0 and 1."""

    key: str
    value: Value
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The look-up found something."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMatch:
    """The source knows nothing about this person; that is an answer, not a failure."""


class ReasonCode(StrEnum):
    """Why a look-up was not made, was not made yet, or found nothing."""

    MISSING_INPUT = "missing_input"
    INVALID_INPUT = "invalid_input"
    TEMPORARY_PROBLEM = "temporary_problem"
    GIVEN_UP = "given_up"
    NOT_TRIGGERED = "not_triggered"
    IN_PROGRESS = "in_progress"
    STILL_FRESH = "still_fresh"
    CONSENT_MISSING = "consent_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """The look-up was not worth making, and will not be until the input changes."""

    code: ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The look-up failed in a way that may pass. `after` is what the source asked for; else the schedule."""

    reason: str
    after: timedelta | None = None


Result = Found | NoMatch | Skip | Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """A configured source of claims.

    `inputs` are the keys of the attributes it needs, all of them; `look_up` gets their values by key.
    `revision` goes up when the same input could now give something else. What was found, and that
    nothing was, stands for `ttl`. `purpose` is the consent that it needs, by key.
    """

    key: str
    name: str
    kind: EnricherKind
    triggers: frozenset[Trigger]
    inputs: tuple[str, ...]
    ttl: timedelta
    look_up: Callable[[Mapping[str, Value]], Awaitable[Result]] = field(repr=False)
    revision: int = 1
    purpose: str | None = None


class EnrichmentState(StrEnum):
    """Where a look-up stands."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRY_SCHEDULED = "retry_scheduled"
    SUCCEEDED = "succeeded"
    NO_MATCH = "no_match"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE_STATES = frozenset({EnrichmentState.QUEUED, EnrichmentState.RUNNING, EnrichmentState.RETRY_SCHEDULED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpState:
    """What a profile remembers of one enricher.

    `job` and `fence` say on whose behalf the last write was made, and guard the next one. `input_hash`
    tells whether the input changed since. `at` is the time of the last write.
    """

    state: EnrichmentState
    at: datetime
    job_id: JobId
    fence: int
    input_hash: str
    code: ReasonCode | None = None
    attempts: int = 0
    last_run_at: datetime | None = None
    next_attempt_at: datetime | None = None
    expires_at: datetime | None = None
    attribute_ids: tuple[AttributeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a look-up stands where it stands: for programs, and in one sentence for people."""

    code: ReasonCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """One enricher's state for one profile, as it is shown. `attributes_set` holds keys."""

    enricher: Enricher
    state: EnrichmentState
    reason: Reason | None = None
    attempts: int = 0
    last_run_at: datetime | None = None
    next_attempt_at: datetime | None = None
    expires_at: datetime | None = None
    is_stale: bool = False
    attributes_set: tuple[str, ...] = ()


MESSAGES: Mapping[ReasonCode, str] = {
    ReasonCode.MISSING_INPUT: "What the look-up starts from is not known yet.",
    ReasonCode.INVALID_INPUT: "What the look-up starts from is nothing that could be looked up.",
    ReasonCode.TEMPORARY_PROBLEM: "The source could not be reached; it will be tried again.",
    ReasonCode.GIVEN_UP: "It was tried several times and did not work.",
    ReasonCode.NOT_TRIGGERED: "The look-up is not made on this occasion.",
    ReasonCode.IN_PROGRESS: "The look-up is being made.",
    ReasonCode.STILL_FRESH: "The last look-up started from the same and still counts.",
    ReasonCode.CONSENT_MISSING: "The person did not agree to it, or no longer does.",
}
