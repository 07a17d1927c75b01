"""What happens to look-ups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from server.kit.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentRequested(Change):
    """A profile's state says that this look-up is queued: the job with this id has to exist."""

    kind: ClassVar[str] = "enrichment.requested"
    enricher: str
    job_id: str
    urgency: int = 1
    run_id: str | None = None
    is_fresh: bool = False
