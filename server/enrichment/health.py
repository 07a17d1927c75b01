"""How sources do, for admins, and the list of who is not to be looked up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.enrichment.model import OutcomeClass, ReasonCode
from server.enrichment.overseeing import EnricherHealth
from server.enrichment.service import named
from server.kit.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.access.model import Viewer
    from server.enrichment.meter_store import MeterStore
    from server.enrichment.model import Enricher, Enrichers
    from server.enrichment.suppression_store import SuppressionStore
    from server.kit.clock import Clock
    from server.kit.mongo import Document

_SHOWN = 7  # days


class Overseeing:
    """Every method is for admins."""

    def __init__(
        self, *, meters: MeterStore, suppressions: SuppressionStore, enrichers: Enrichers, clock: Clock
    ) -> None:
        self._meters = meters
        self._suppressions = suppressions
        self._enrichers = enrichers
        self._clock = clock

    async def health(self, viewer: Viewer) -> list[EnricherHealth] | None:
        """Return how each source does that was ever asked; None for who is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        configured = self._enrichers()
        meters = await self._meters.all(list(configured))
        return [health_of(configured[key], meter, self._clock()) for key, meter in sorted(meters.items())]

    async def reopen(self, viewer: Viewer, key: str) -> EnricherHealth:
        """Let a source be asked again at once, whatever it said; its budgets stay as they are.

        Raises ForbiddenError, UnknownEnricherError, and NotFoundError for one that was never asked.
        """
        require_scope(viewer, Scope.ADMIN)
        (enricher,) = named(self._enrichers(), [key])
        if not await self._meters.reopen(key):
            raise NotFoundError("This enricher was never asked anything.")
        return health_of(enricher, (await self._meters.all([key]))[key], self._clock())

    async def suppress(self, viewer: Viewer, email: str) -> None:
        """Keep every source from being asked about this address; raise ForbiddenError, InvalidInputError."""
        require_scope(viewer, Scope.ADMIN)
        await self._suppressions.add([_address(email)], self._clock(), by=viewer.key_id, enricher=None)

    async def lift(self, viewer: Viewer, email: str) -> None:
        """Take that back; raise ForbiddenError, InvalidInputError and NotFoundError."""
        require_scope(viewer, Scope.ADMIN)
        if not await self._suppressions.lift(_address(email)):
            raise NotFoundError("Nobody with this address asked not to be looked up.")


def health_of(enricher: Enricher, meter: Document, now: datetime) -> EnricherHealth:
    """Return what a meter says at this moment; pure."""
    is_today, is_this_month = meter.get("day") == f"{now:%Y-%m-%d}", meter.get("month") == f"{now:%Y-%m}"
    blocked_by, blocked_until = _block(enricher, meter, now)
    error = meter.get("last_error") or {}
    return EnricherHealth(
        enricher=enricher,
        calls=meter.get("calls", 0),
        calls_under_way=sum(each["until"] > now for each in meter.get("holders", ())),
        outcomes=_outcomes(meter.get("days", {}), now),
        spent_today=meter["day_spent"] if is_today else 0,
        spent_this_month=meter["month_spent"] if is_this_month else 0,
        pace=meter.get("slack", 1.0),
        blocked_by=blocked_by,
        blocked_until=blocked_until,
        last_error=error.get("message"),
        last_error_at=error.get("at"),
    )


def _outcomes(days: Mapping[str, Mapping[str, int]], now: datetime) -> dict[str, int]:
    oldest = f"{now - timedelta(days=_SHOWN - 1):%Y-%m-%d}"
    shown = [counts for day, counts in days.items() if day >= oldest]
    totals = {each.value: sum(counts.get(each.value, 0) for counts in shown) for each in OutcomeClass}
    return {outcome: count for outcome, count in totals.items() if count}


def _block(enricher: Enricher, meter: Document, now: datetime) -> tuple[ReasonCode | None, datetime | None]:
    stop = meter.get("stop") or {}
    if stop.get("until") and stop["until"] > now and stop.get("revision") in (None, enricher.revision):
        return ReasonCode(stop["code"]), stop["until"]
    if meter.get("open_until") and meter["open_until"] > now:
        return ReasonCode.BREAKER, meter["open_until"]
    refusal = meter.get("last_refusal") or {}
    if refusal.get("code") == ReasonCode.BUDGET.value and refusal["until"] > now:
        return ReasonCode.BUDGET, refusal["until"]
    return None, None


def _address(email: str) -> str:
    if "@" not in email.strip("@ "):
        raise InvalidInputError("This is no e-mail address: it needs an @ between two parts.", field="email")
    return email
