"""Work that comes round: every so often one job, however many processes ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.jobs.model import JobId, NewJob

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """A kind of job that is due once in every stretch of `every`; while one is live no other is queued."""

    kind: str
    every: timedelta

    def due(self, now: datetime) -> NewJob:
        """Return the job of the stretch that `now` lies in: one and the same, whoever asks."""
        stretch = int(now.timestamp() // self.every.total_seconds())
        return NewJob(id=JobId(f"job_{self.kind}_{stretch}"), kind=self.kind, dedupe=self.kind)
