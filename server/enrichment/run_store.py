"""Bulk runs in MongoDB: collection `enrichment_runs`.

Document: `_id enrichers condition state most_cost requested_by requested_at finished_at profiles_seen
look_ups_queued cost is_capped after`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.enrichment.overseeing import BulkRun, RunId, RunState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from server.kit.mongo import Database, Document

COLLECTION = "enrichment_runs"


class RunStore:
    """Reads and writes bulk runs."""

    def __init__(self, database: Database) -> None:
        self._runs = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make nothing: runs are few, and found by their ids."""

    async def insert(self, run: BulkRun) -> None:
        """Store a new run."""
        await self._runs.insert_one(
            {
                "_id": run.id,
                "enrichers": list(run.enrichers),
                "condition": run.condition,
                "state": run.state.value,
                "most_cost": run.most_cost,
                "requested_by": run.requested_by,
                "requested_at": run.requested_at,
                "finished_at": None,
                "profiles_seen": 0,
                "look_ups_queued": 0,
                "cost": 0,
                "is_capped": False,
                "after": None,
            }
        )

    async def find(self, run_id: str) -> BulkRun | None:
        """Return the run with this id."""
        found = await self._runs.find_one({"_id": run_id})
        return None if found is None else _model(found)

    async def state(self, run_id: str) -> RunState:
        """Return where a run stands; one that is gone was called off."""
        found = await self._runs.find_one({"_id": run_id}, {"state": 1})
        return RunState.CANCELLED if found is None else RunState(found["state"])

    async def page(self, before: str | None, limit: int) -> list[BulkRun]:
        """Return the latest runs, or those before this one."""
        criteria = {} if before is None else {"_id": {"$lt": before}}
        return [_model(each) async for each in self._runs.find(criteria).sort("_id", -1).limit(limit)]

    async def move(
        self, run_id: str, states: Collection[RunState], to: RunState, ended_at: datetime | None
    ) -> BulkRun | None:
        """Let a run in one of these states go on to another; None where it is in none of them."""
        found: Document | None = await self._runs.find_one_and_update(
            {"_id": run_id, "state": {"$in": [each.value for each in states]}},
            {"$set": {"state": to.value, "finished_at": ended_at}},
            return_document=True,
        )
        return None if found is None else _model(found)

    async def reserve(self, run: BulkRun, cost: int) -> bool:
        """Set aside what the next profiles may cost; False where somebody is ahead or halted the run."""
        within = {} if run.most_cost is None else {"cost": {"$lte": run.most_cost - cost}}
        written = await self._runs.update_one(
            {"_id": run.id, "after": run.after, "state": RunState.RUNNING.value, **within},
            {"$inc": {"cost": cost}},
        )
        return written.matched_count == 1

    async def advance(self, run: BulkRun, after: str, *, profiles: int, look_ups: int, refund: int) -> None:
        """Note that these profiles are done, and that what they cost is so much less than was set aside."""
        await self._runs.update_one(
            {"_id": run.id, "after": run.after},
            {
                "$set": {"after": after},
                "$inc": {"profiles_seen": profiles, "look_ups_queued": look_ups, "cost": -refund},
            },
        )

    async def note_capped(self, run: BulkRun) -> None:
        """Note that it ended because of what it may cost."""
        await self._runs.update_one({"_id": run.id}, {"$set": {"is_capped": True}})


def _model(document: Document) -> BulkRun:
    fields: dict[str, Any] = {name: value for name, value in document.items() if name != "_id"}
    return BulkRun(
        **{
            **fields,
            "id": RunId(document["_id"]),
            "enrichers": tuple(document["enrichers"]),
            "state": RunState(document["state"]),
        }
    )
