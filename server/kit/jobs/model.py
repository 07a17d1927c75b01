"""Jobs, and what running one can come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

JobId = NewType("JobId", str)

MAX_ATTEMPTS = 5


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
    `dedupe` at most one is live. `payload` holds ids and plain values, never personal data: a job is
    read long after a person was erased.
    """

    id: JobId
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    profile_id: str | None = None
    run_at: datetime | None = None
    dedupe: str | None = None
    max_attempts: int = MAX_ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as stored.

    `run_at` is the earliest run while queued and the end of the lease while leased. `fence` counts the
    leases: whoever writes on behalf of a job does so under its fence, so that a worker which lost its
    lease without noticing writes nothing. `attempts` counts the leases that were not handed back.
    """

    id: JobId
    kind: str
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
class RetryLater:
    """It failed in a way that may pass; `after` overrides the schedule (a provider's Retry-After)."""

    reason: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """It failed in a way that trying again doesn't mend: a dead letter."""

    reason: str


JobResult = Done | HandBack | RetryLater | GiveUp


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
