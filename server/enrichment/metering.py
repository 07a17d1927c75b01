"""What a source may be asked by all workers together: granted before each call, settled after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import EnricherKind, Found, NoMatch, OutcomeClass, ReasonCode, Skip
from server.kit.instruments import Instruments

if TYPE_CHECKING:
    from datetime import datetime

    from server.enrichment.meter_store import MeterStore
    from server.enrichment.model import Enricher, Result
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job

_log = logging.getLogger(__name__)
_SLACK = timedelta(seconds=30)  # between the end of a call and its settlement, before its place is given away


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One call may be made. `day` is that whose budget it was taken from."""

    enricher: str
    id: str
    day: str
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No call may be made before `until`. `code` is None for a matter of moments: no place, no token."""

    code: ReasonCode | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a call came to, as far as it matters to the calls after it.

    `is_free` gives back what the call had taken from the budget. `stop` keeps everybody from asking until
    then for this reason.
    """

    outcome: OutcomeClass
    is_free: bool
    stop: ReasonCode | None = None
    until: datetime | None = None
    error: str | None = None


class Meters:
    """Grants calls to sources and settles them; what never leaves the process is not metered."""

    def __init__(self, *, store: MeterStore, clock: Clock, instruments: Instruments | None = None) -> None:
        self._store = store
        self._clock = clock
        self._instruments = instruments or Instruments()

    async def reserve(self, enricher: Enricher, job: Job) -> Grant | Refusal | None:
        """Take a call from the budget and a place among those under way; None where nothing is metered."""
        if enricher.kind is EnricherKind.OFFLINE:
            return None
        now = self._clock()
        grant = Grant(
            enricher=enricher.key,
            id=f"{job.id}:{job.fence}",
            day=f"{now:%Y-%m-%d}",
            cost=enricher.limits.cost,
        )
        refusal = await self._store.reserve(enricher, grant, now, now + enricher.limits.timeout + _SLACK)
        return grant if refusal is None else refusal

    async def release(self, grant: Grant | None) -> None:
        """Give back a grant of which no use was made."""
        if grant is not None:
            await self._store.release(grant)

    async def settle(
        self, enricher: Enricher, grant: Grant | None, result: Result, until: datetime | None
    ) -> None:
        """Note what a call came to; `until` is when a source that refuses may be asked again."""
        if grant is None:
            return
        outcome = outcome_of(result)
        if outcome is OutcomeClass.CONFIG:
            _log.error("enricher %s is not set up properly: %s", enricher.key, result)
        settlement = Settlement(
            outcome=outcome,
            is_free=not is_billed(enricher, result),
            stop=_STOPS.get(outcome),
            until=until,
            error=None if isinstance(result, Found | NoMatch | Skip) else result.reason,
        )
        await self._store.settle(grant, settlement, enricher.revision, self._clock())
        self._instruments.looked_up(enricher.key, outcome, 0 if settlement.is_free else grant.cost)


_STOPS = {
    OutcomeClass.THROTTLED: ReasonCode.THROTTLED,
    OutcomeClass.QUOTA: ReasonCode.QUOTA,
    OutcomeClass.CONFIG: ReasonCode.CONFIGURATION,
}


def outcome_of(result: Result) -> OutcomeClass:
    """Return what the source's answer means."""
    match result:
        case Found():
            return OutcomeClass.MATCH
        case NoMatch():
            return OutcomeClass.NO_MATCH
        case Skip():
            return OutcomeClass.BAD_INPUT
    return result.kind


def is_billed(enricher: Enricher, result: Result) -> bool:
    """Whether a call with this result costs."""
    said = None if isinstance(result, Found | NoMatch | Skip) else result.is_billed
    return outcome_of(result) in enricher.limits.billed_on if said is None else said
