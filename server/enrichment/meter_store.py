"""What sources were asked, in MongoDB: collection `enricher_meters`, one document an enricher.

Document: `_id tokens filled_at slack holders day day_spent month month_spent calls failures openings
open_until probe stop last_error last_refusal days`. One statement decides on a call and takes it, so that
workers who ask at the same time share what there is; it leaves its refusal in `last_refusal`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from server.enrichment.metering import Refusal
from server.enrichment.model import OutcomeClass, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.enrichment.metering import Grant, Settlement
    from server.enrichment.model import Enricher, Limits
    from server.kit.mongo import Database, Document

COLLECTION = "enricher_meters"
TRIPS_AFTER = 5  # failures one after the other
_FIRST_PAUSE = timedelta(seconds=30)  # of a breaker that tripped; doubled each time it trips again
_LONGEST_PAUSE = timedelta(minutes=10)
_MOMENT = timedelta(milliseconds=100)  # until somebody's place may be free
_LEAST_SLACK, _SLOWER, _FASTER = (
    0.1,
    0.5,
    1.1,
)  # of the rate: halved when a source is busy, then back in steps
_KEPT = 31  # days of counts

Expression = dict[str, Any]


class MeterStore:
    """Reads and writes meters."""

    def __init__(self, database: Database) -> None:
        self._meters = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make nothing: a meter is found by its id."""

    async def reserve(
        self, enricher: Enricher, grant: Grant, now: datetime, until: datetime
    ) -> Refusal | None:
        """Take a call and a place, which is free again at `until` at the latest; else return why not."""
        found: Document = await self._meters.find_one_and_update(
            {"_id": enricher.key},
            _reservation(enricher, grant, now, until),
            projection={"last_refusal": 1},
            upsert=True,
            return_document=True,
        )
        refusal = found.get("last_refusal")
        if refusal is None:
            return None
        code = None if refusal["code"] is None else ReasonCode(refusal["code"])
        return Refusal(code=code, until=refusal["until"])

    async def release(self, grant: Grant) -> None:
        """Give back a call that was not made."""
        await self._meters.update_one(
            {"_id": grant.enricher},
            [{"$set": {**_given_back(grant), **_free_place(grant), "calls": {"$subtract": ["$calls", 1]}}}],
        )

    async def settle(self, grant: Grant, settlement: Settlement, revision: int, now: datetime) -> None:
        """Note what a call came to."""
        fields = _free_place(grant) | (_given_back(grant) if settlement.is_free else {})
        fields |= _breaker(settlement.outcome, grant, now) | _pace(settlement.outcome)
        if settlement.stop is not None:
            fields["stop"] = {
                "code": settlement.stop.value,
                "until": settlement.until,
                "revision": revision if settlement.stop is ReasonCode.CONFIGURATION else None,
            }
        if settlement.stop is ReasonCode.CONFIGURATION:
            fields["last_error"] = {"$literal": {"message": settlement.error, "at": now}}
        counts = {"calls": 1, settlement.outcome.value: 1}
        fields |= _counted(now, counts if settlement.is_free else counts | {"spent": grant.cost})
        await self._meters.update_one({"_id": grant.enricher}, [{"$set": fields}])

    async def reopen(self, key: str) -> bool:
        """Let a source be asked again at once, whatever it said; False where it never was."""
        nothing = {"stop": None, "open_until": None, "failures": 0, "openings": 0, "slack": 1.0}
        written = await self._meters.update_one({"_id": key}, {"$set": nothing})
        return written.matched_count == 1

    async def all(self, keys: Sequence[str]) -> dict[str, Document]:
        """Return the meters of these enrichers, by key, as they were last written."""
        found = self._meters.find({"_id": {"$in": list(keys)}})
        return {each["_id"]: each async for each in found}


def _reservation(enricher: Enricher, grant: Grant, now: datetime, until: datetime) -> list[Expression]:
    limits = enricher.limits
    taken: Expression = {
        "tokens": {"$subtract": ["$tokens", 1]},
        "holders": {"$concatArrays": ["$holders", [{"id": grant.id, "until": until}]]},
        "day_spent": {"$add": ["$day_spent", grant.cost]},
        "month_spent": {"$add": ["$month_spent", grant.cost]},
        "calls": {"$add": ["$calls", 1]},
        # A breaker that may close lets one call through to see, and nobody else meanwhile.
        "open_until": {"$cond": [_has_tripped(), until, _or("$open_until", None)]},
        "probe": {"$cond": [_has_tripped(), grant.id, None]},
    }
    is_granted: Expression = {"$eq": ["$last_refusal", None]}
    return [
        {"$set": _caught_up(limits, grant, now)},
        {"$set": {"last_refusal": _refusal(enricher, now)}},
        {"$set": {name: {"$cond": [is_granted, value, f"${name}"]} for name, value in taken.items()}},
    ]


def _caught_up(limits: Limits, grant: Grant, now: datetime) -> Expression:
    """Return the fields as time alone has changed them: tokens, places, a new day."""
    seconds = {"$divide": [{"$max": [0, {"$subtract": [now, _or("$filled_at", now)]}]}, 1000]}
    rate, month = limits.rate_per_second or 0.0, f"{now:%Y-%m}"
    most = max(1.0, rate)
    tokens = {"$add": [_or("$tokens", most), {"$multiply": [seconds, rate, _or("$slack", 1.0)]}]}
    return {
        "tokens": {"$min": [most, tokens]},
        "filled_at": {"$max": ["$filled_at", now]},
        "holders": {"$filter": {"input": _or("$holders", []), "cond": {"$gt": ["$$this.until", now]}}},
        "day_spent": {"$cond": [{"$eq": ["$day", grant.day]}, "$day_spent", 0]},
        "day": grant.day,
        "month_spent": {"$cond": [{"$eq": ["$month", month]}, "$month_spent", 0]},
        "month": month,
        "calls": _or("$calls", 0),
    }


def _refusal(enricher: Enricher, now: datetime) -> Expression:
    """Return what stands in the way of a call, the most lasting first; null where nothing does."""
    limits = enricher.limits
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow, next_month = midnight + timedelta(days=1), (midnight.replace(day=1) + timedelta(days=32))
    stops: list[tuple[Expression, object, object]] = [
        (_is_stopped(enricher.revision, now), "$stop.code", "$stop.until"),
        ({"$gt": [_or("$open_until", None), now]}, ReasonCode.BREAKER.value, "$open_until"),
    ]
    if limits.budget_per_day is not None:
        is_spent = {"$gt": [{"$add": ["$day_spent", limits.cost]}, limits.budget_per_day]}
        stops.append((is_spent, ReasonCode.BUDGET.value, tomorrow))
    if limits.budget_per_month is not None:
        is_spent = {"$gt": [{"$add": ["$month_spent", limits.cost]}, limits.budget_per_month]}
        stops.append((is_spent, ReasonCode.BUDGET.value, next_month.replace(day=1)))
    if limits.concurrency is not None:
        stops.append(({"$gte": [{"$size": "$holders"}, limits.concurrency]}, None, now + _MOMENT))
    if limits.rate_per_second is not None:
        pace = {"$multiply": [limits.rate_per_second, _or("$slack", 1.0)]}
        wait = {"$ceil": {"$multiply": [1000, {"$divide": [{"$subtract": [1, "$tokens"]}, pace]}]}}
        stops.append(({"$lt": ["$tokens", 1]}, None, {"$add": [now, wait]}))
    branches = [{"case": case, "then": {"code": code, "until": at}} for case, code, at in stops]
    return {"$switch": {"branches": branches, "default": None}}


def _is_stopped(revision: int, now: datetime) -> Expression:
    """Return whether the source said so; what was wrong with its configuration ends with a new revision."""
    is_another = {
        "$and": [{"$ne": [_or("$stop.revision", None), None]}, {"$ne": ["$stop.revision", revision]}]
    }
    return {"$and": [{"$gt": [_or("$stop.until", None), now]}, {"$not": [is_another]}]}


def _free_place(grant: Grant) -> Expression:
    return {"holders": {"$filter": {"input": _or("$holders", []), "cond": {"$ne": ["$$this.id", grant.id]}}}}


def _given_back(grant: Grant) -> Expression:
    """Return the budgets with the cost back in them, unless their time is over."""
    month = grant.day[:7]
    return {
        "day_spent": {
            "$cond": [{"$eq": ["$day", grant.day]}, {"$subtract": ["$day_spent", grant.cost]}, "$day_spent"]
        },
        "month_spent": {
            "$cond": [{"$eq": ["$month", month]}, {"$subtract": ["$month_spent", grant.cost]}, "$month_spent"]
        },
    }


def _has_tripped() -> Expression:
    return {"$gte": [_or("$failures", 0), TRIPS_AFTER]}


def _breaker(outcome: OutcomeClass, grant: Grant, now: datetime) -> Expression:
    """Return the breaker after a call: failures that pass trip it, any answer closes it.

    Calls that were under way when it tripped and fail too do not make its pause any longer.
    """
    if outcome is not OutcomeClass.TRANSIENT:
        return {"failures": 0, "openings": 0, "open_until": None}
    failures = {"$add": [_or("$failures", 0), 1]}
    openings = _or("$openings", 0)
    longest = _LONGEST_PAUSE // timedelta(milliseconds=1)
    first = _FIRST_PAUSE // timedelta(milliseconds=1)
    pause = {"$multiply": [first, {"$pow": [2, {"$min": [openings, 10]}]}]}
    is_last_straw = {"$eq": [failures, TRIPS_AFTER]}
    trips = {"$or": [is_last_straw, {"$eq": [_or("$probe", None), grant.id]}]}
    return {
        "failures": failures,
        "openings": {"$cond": [trips, {"$add": [openings, 1]}, openings]},
        "open_until": {
            "$cond": [trips, {"$add": [now, {"$min": [pause, longest]}]}, _or("$open_until", None)]
        },
    }


def _pace(outcome: OutcomeClass) -> Expression:
    slack = _or("$slack", 1.0)
    if outcome is OutcomeClass.THROTTLED:
        return {"slack": {"$max": [_LEAST_SLACK, {"$multiply": [slack, _SLOWER]}]}}
    return {"slack": {"$min": [1.0, {"$multiply": [slack, _FASTER]}]}}


def _counted(now: datetime, counts: dict[str, int]) -> Expression:
    """Return the counts of the day with these added, and of days long gone no more."""
    day, oldest = f"{now:%Y-%m-%d}", f"{now - timedelta(days=_KEPT):%Y-%m-%d}"
    kept = {
        "$arrayToObject": {
            "$filter": {"input": {"$objectToArray": _or("$days", {})}, "cond": {"$gt": ["$$this.k", oldest]}}
        }
    }
    today = {name: {"$add": [_or(f"$days.{day}.{name}", 0), amount]} for name, amount in counts.items()}
    return {"days": {"$mergeObjects": [kept, {day: {"$mergeObjects": [_or(f"$days.{day}", {}), today]}}]}}


def _or(expression: object, default: object) -> Expression:
    return {"$ifNull": [expression, default]}
