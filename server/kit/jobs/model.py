"""Jobs, and what running one can come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, NewType, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

JobId = NewType("JobId", str)

MAX_ATTEMPTS = 5


class Urgency(IntEnum):
    """Who waits for a job; the more urgent come first, though never alone (see lanes.py)."""

    INTERACTIVE = 0  # somebody watches
    ORDINARY = 1
    BACKGROUND = 2
    BULK = 3


class JobState(StrEnum):
    """Where a job is: the first two are live, the others final."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Work to be done once.

    Two jobs with one `id` are one job, for as long as the first is kept (see the store); of jobs with one
    `dedupe` at most one is live. Jobs of one kind, `urgency` and `topic` wait behind each other; all such
    lanes move on side by side, so that many jobs about one topic keep nobody else's waiting. `payload` holds
    ids and plain values, never personal data: a job is read long after a person was erased.
    """

    id: JobId
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    profile_id: str | None = None
    run_at: datetime | None = None
    dedupe: str | None = None
    max_attempts: int = MAX_ATTEMPTS
    urgency: Urgency = Urgency.ORDINARY
    topic: str = ""

    @property
    def lane(self) -> str:
        """Where it waits: jobs of one lane run in the order in which they are due."""
        return f"{self.urgency.value}:{self.kind}:{self.topic}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as stored.

    `run_at` is the earliest run while queued and the end of the lease while leased. `fence` counts the
    leases: whoever writes on behalf of a job does so under its fence, so that a worker which lost its
    lease without noticing writes nothing. `attempts` counts the leases that were not handed back.
    """

    id: JobId
    kind: str
    lane: str
    payload: Mapping[str, Any]
    profile_id: str | None
    state: JobState
    run_at: datetime
    fence: int
    attempts: int
    max_attempts: int
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    trace: str | None = None  # the request that it goes back to, where that is traced

    @property
    def urgency(self) -> Urgency:
        """How urgent it is."""
        return Urgency(int(self.lane.partition(":")[0]))

    @property
    def is_exhausted(self) -> bool:
        """Whether it was started more often than allowed: it takes its workers down with it."""
        return self.attempts > self.max_attempts

    @property
    def is_last_attempt(self) -> bool:
        """Whether there is no further attempt after this one."""
        return self.attempts >= self.max_attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The job's effect is written, or there was nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack:
    """It was interrupted through no fault of its own, and may start again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It can't be done yet, which is no failure; the handler has shown it in whatever way it likes.

    With `is_shared` whatever stands in the way stands in the way of the whole lane.
    """

    reason: str
    after: timedelta
    is_shared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """It failed in a way that may pass; `after` overrides the schedule (a provider's Retry-After)."""

    reason: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """It failed in a way that trying again doesn't mend: a dead letter."""

    reason: str


JobResult = Done | HandBack | Wait | RetryLater | GiveUp


class JobHandler(Protocol):
    """Runs the jobs of one kind.

    Any of these may be called more than once for one job, also by two workers at the same time: what
    they write is guarded by the job's id and fence.
    """

    async def run(self, job: Job) -> JobResult:
        """Do the work. What is raised counts as a failure that may pass."""
        ...

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Note that the job will be tried again; called before it is put back."""
        ...

    async def given_up(self, job: Job, reason: str) -> None:
        """Note that the job will not be tried again; called before it becomes a dead letter."""
        ...
