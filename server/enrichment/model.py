"""Enrichers, what a look-up can find, and where each stands for one profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from server.kit.jobs.model import JobId
    from server.profiles.conditions import Condition
    from server.profiles.model import AttributeId, Value

ENRICH = "enrich"  # the kind of our jobs


class Trigger(StrEnum):
    """What makes us consider a look-up."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    ATTRIBUTES_CHANGED = "attributes_changed"
    REFRESH = "refresh"
    MANUAL = "manual"
    BULK = "bulk"


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


class OutcomeClass(StrEnum):
    """What a source's answer means, whatever its status code; the status decides nothing by itself."""

    MATCH = "match"
    NO_MATCH = "no_match"
    REJECTED = "rejected"  # a match, but nothing that we would believe or keep
    BAD_INPUT = "bad_input"
    PENDING = "pending"  # it works on it, and will call back or wants to be asked again
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    QUOTA = "quota"
    CONFIG = "config"  # a wrong key or a wrong mapping: nothing gets better before somebody mends it
    CONTRACT = "contract"  # not what the source promised to send
    LEGAL = "legal"  # the person asked not to be looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The look-up found something, which was so at `observed_at` (None: now)."""

    findings: tuple[Finding, ...]
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMatch:
    """The source knows nothing about this person; that is an answer, not a failure."""


class ReasonCode(StrEnum):
    """Why a look-up was not made, was not made yet, or found nothing."""

    # It was not considered worth making.
    MISSING_INPUT = "missing_input"
    INVALID_INPUT = "invalid_input"
    NOT_TRIGGERED = "not_triggered"
    CONDITION_NOT_MET = "condition_not_met"
    ALREADY_KNOWN = "already_known"
    IN_PROGRESS = "in_progress"
    STILL_FRESH = "still_fresh"
    DISABLED = "disabled"
    # It must not be made.
    CONSENT_MISSING = "consent_missing"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    # It will be made, later.
    TEMPORARY_PROBLEM = "temporary_problem"
    THROTTLED = "throttled"
    AWAITING_ANSWER = "awaiting_answer"
    QUOTA = "quota"
    BUDGET = "budget"
    CONFIGURATION = "configuration"
    BREAKER = "breaker"
    # It was made, to no avail.
    LOW_CONFIDENCE = "low_confidence"
    NOTHING_USABLE = "nothing_usable"
    TIMED_OUT = "timed_out"
    BAD_ANSWER = "bad_answer"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """The look-up was not worth making, and will not be until the input changes."""

    code: ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The look-up came to no answer. `reason` is for the log and for admins, in our own words.

    `kind` is one of PENDING TRANSIENT THROTTLED QUOTA CONFIG CONTRACT LEGAL. `after` is what the source
    asked for; else the schedule of its kind. `reference` is what a source that is PENDING will call back
    with. `is_billed` says whether it costs; None leaves that to the enricher's `billed_on`.
    """

    reason: str
    kind: OutcomeClass = OutcomeClass.TRANSIENT
    after: timedelta | None = None
    reference: str | None = None
    is_billed: bool | None = None


Result = Found | NoMatch | Skip | Trouble


class Scope(StrEnum):
    """Whom a result is about: a company's is found by its domain and shared by everybody who works there."""

    PERSON = "person"
    COMPANY = "company"


class MergePolicy(StrEnum):
    """What becomes of a finding about an attribute that another source speaks of already."""

    FILL_MISSING = "fill_missing"  # it is dropped
    PREFER = "prefer"  # it is a claim beside the others, and the attribute's precedence decides
    SUGGEST = "suggest"  # it is never a value: kept only where the person said something, to be confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a source may be asked, by all workers together. None is no limit.

    A call costs `cost` units where its outcome is in `billed_on`; budgets are in these units, by day and by
    month of UTC. `timeout` is for the whole look-up.
    """

    rate_per_second: float | None = None
    concurrency: int | None = None
    budget_per_day: int | None = None
    budget_per_month: int | None = None
    cost: int = 1
    billed_on: frozenset[OutcomeClass] = frozenset({OutcomeClass.MATCH})
    timeout: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """A configured source of claims, in the form in which it runs.

    `inputs` are the keys of the attributes it needs, all of them; `look_up` gets their values by key, does
    the one call and never raises for anything that a source does. `outputs` are the keys of the attributes
    it may set: a finding for any other is dropped. `revision` goes up when the same input could now give
    something else. What was found stands for `ttl`; that nothing was found for `no_match_ttl` (None: as
    long), and longer each time. `purpose` is the consent that it needs, by key.

    `condition` says about whom it is asked at all. Of a `group` one after the other is asked, by
    `position`, until all that they want is known; `wants` are keys, and one that is known with less than
    `min_confidence` is not known. A finding below `min_confidence` is dropped. With `refresh` it is asked
    again when what it found has expired and the person shows up.
    """

    key: str
    name: str
    kind: EnricherKind
    triggers: frozenset[Trigger]
    inputs: tuple[str, ...]
    ttl: timedelta
    look_up: Callable[[Mapping[str, Value]], Awaitable[Result]] = field(repr=False)
    outputs: frozenset[str]
    no_match_ttl: timedelta | None = None
    revision: int = 1
    purpose: str | None = None
    limits: Limits = field(default_factory=Limits)
    scope: Scope = Scope.PERSON
    condition: Condition | None = None
    group: str | None = None
    position: int = 0
    wants: frozenset[str] = frozenset()
    min_confidence: float = 0.0
    merge: MergePolicy = MergePolicy.PREFER
    is_enabled: bool = True
    refresh: bool = False


# What is configured at this moment, by key: read anew for every look-up.
Enrichers: TypeAlias = Callable[[], Mapping[str, Enricher]]


class EnrichmentState(StrEnum):
    """Where a look-up stands."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRY_SCHEDULED = "retry_scheduled"
    AWAITING_PROVIDER = "awaiting_provider"
    BLOCKED = "blocked"
    SUCCEEDED = "succeeded"
    NO_MATCH = "no_match"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


# A job answers for these; all others are ends.
LIVE_STATES = frozenset(
    {
        EnrichmentState.QUEUED,
        EnrichmentState.RUNNING,
        EnrichmentState.RETRY_SCHEDULED,
        EnrichmentState.AWAITING_PROVIDER,
        EnrichmentState.BLOCKED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpState:
    """What a profile remembers of one enricher.

    `job` and `fence` say on whose behalf the last write was made, and guard the next one. `input_hash`
    tells whether the input changed since. `at` is the time of the last write. `waits` counts by reason how
    often the present look-up was put off, `misses` how often in a row this input found nothing. `reference`
    is what the source will call back with.
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
    waits: Mapping[str, int] = field(default_factory=dict)
    misses: int = 0
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a look-up stands where it stands: for programs, and in one sentence for people."""

    code: ReasonCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """One enricher's state for one profile, as it is shown. `attributes_set` holds keys.

    `attempts` is None for who is not shown how often it was tried.
    """

    enricher: Enricher
    state: EnrichmentState
    reason: Reason | None = None
    attempts: int | None = 0
    last_run_at: datetime | None = None
    next_attempt_at: datetime | None = None
    expires_at: datetime | None = None
    is_stale: bool = False
    attributes_set: tuple[str, ...] = ()


MESSAGES: Mapping[ReasonCode, str] = {
    ReasonCode.MISSING_INPUT: "What the look-up starts from is not known yet.",
    ReasonCode.INVALID_INPUT: "What the look-up starts from is nothing that could be looked up.",
    ReasonCode.NOT_TRIGGERED: "The look-up is not made on this occasion.",
    ReasonCode.CONDITION_NOT_MET: "The look-up is not made for people like this one.",
    ReasonCode.ALREADY_KNOWN: "What the look-up could find is known already.",
    ReasonCode.IN_PROGRESS: "The look-up is being made.",
    ReasonCode.STILL_FRESH: "The last look-up started from the same and still counts.",
    ReasonCode.DISABLED: "The source is switched off.",
    ReasonCode.CONSENT_MISSING: "The person did not agree to it, or no longer does.",
    ReasonCode.SUPPRESSED: "The person asked not to be looked up.",
    ReasonCode.CANCELLED: "The look-up was called off.",
    ReasonCode.TEMPORARY_PROBLEM: "The source could not be reached; it will be tried again.",
    ReasonCode.THROTTLED: "The source is busy; it will be tried again.",
    ReasonCode.AWAITING_ANSWER: "The source is working on it.",
    ReasonCode.QUOTA: "The source answers no more questions for now; it will be tried again.",
    ReasonCode.BUDGET: "No more look-ups are paid for at present; it will be tried again.",
    ReasonCode.CONFIGURATION: "The source is not set up properly; it will be tried again once it is.",
    ReasonCode.BREAKER: "The source is out of order; it will be tried again.",
    ReasonCode.LOW_CONFIDENCE: "The source was not sure enough of what it found.",
    ReasonCode.NOTHING_USABLE: "Of what the source found nothing could be used.",
    ReasonCode.TIMED_OUT: "The source did not answer in time.",
    ReasonCode.BAD_ANSWER: "The source gave an answer that made no sense.",
    ReasonCode.GIVEN_UP: "It was tried several times and did not work.",
}
