"""Jobs in MongoDB: collection `jobs`.

Document: `_id kind lane payload profile_id state run_at fence attempts max_attempts dedupe live reason worker
created_at finished_at`, and `trace` where a request that is traced raised it. `live` exists while the job is
queued or leased, for the unique index on `dedupe`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument

from server.kit.jobs.model import Job, JobId, JobState
from server.kit.migrating import Migration
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.kit.tracing import raised_by

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from server.kit.jobs.model import NewJob
    from server.kit.mongo import Database, Document

COLLECTION = "jobs"
_LANES = Migration(
    key="2026-11-lanes",
    collection=COLLECTION,
    why="Jobs that were queued by a version without lanes wait in none, and nobody takes them.",
    pending={"live": True, "lane": None},
    rewrite=[{"$set": {"lane": {"$concat": ["1:", "$kind", ":"]}}}],
)
KEPT = timedelta(days=30)  # finished jobs, so that the same id doesn't run twice and dead letters can be read


class JobStore:
    """Reads and writes jobs; every statement about a leased job is conditional on its fence."""

    migrations = (_LANES,)

    def __init__(self, database: Database) -> None:
        self._jobs = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the statements below need; does nothing where it exists."""
        await self._jobs.create_indexes(
            [
                # Where both what is queued and what is leased lies in the order in which it can be taken.
                IndexModel([("lane", 1), ("run_at", 1)], partialFilterExpression={"live": True}),
                IndexModel([("state", 1), ("_id", -1)], partialFilterExpression={"state": "dead"}),
                IndexModel(
                    "dedupe",
                    unique=True,
                    partialFilterExpression={"live": True, "dedupe": {"$type": "string"}},
                ),
                IndexModel("finished_at", expireAfterSeconds=int(KEPT.total_seconds())),
                IndexModel("profile_id"),  # to export and erase what is kept of a person
            ]
        )

    async def insert(self, job: NewJob, now: datetime) -> bool:
        """Queue a job; False where its id is known or a live job has its dedupe key."""
        try:
            await self._jobs.insert_one(job_document(job, now))
        except DuplicateKeyError:
            return False
        return True

    async def find(self, job_id: JobId) -> Job | None:
        """Return the job with this id."""
        found = await self._jobs.find_one({"_id": job_id})
        return None if found is None else _model(found)

    async def due_lanes(self, now: datetime | None) -> list[str]:
        """Return the lanes in which a job is due; where `now` is None, those that have one.

        One step in the index for each lane, however many jobs wait in it.
        """
        lanes: list[str] = []
        last = ""
        while True:
            first = await self._jobs.find_one(
                {"live": True, "lane": {"$gt": last}},
                {"lane": 1, "run_at": 1, "_id": 0},
                sort=[("lane", 1), ("run_at", 1)],
            )
            if first is None:
                return lanes
            last = first["lane"]
            if now is None or first["run_at"] <= now:
                lanes.append(last)

    async def waiting(self, lane: str, most: int) -> tuple[int, datetime | None]:
        """Return how many jobs of a lane are not done, at most `most`, and when the first can be taken."""
        criteria = {"live": True, "lane": lane}
        first = await self._jobs.find_one(criteria, {"run_at": 1, "_id": 0}, sort=[("run_at", 1)])
        count = await self._jobs.count_documents(criteria, limit=most)
        return count, None if first is None else first["run_at"]

    async def lease(self, lane: str, worker: str, now: datetime, until: datetime) -> Job | None:
        """Lease the job of a lane that has been due longest: a queued one, or one whose lease ran out."""
        found: Document | None = await self._jobs.find_one_and_update(
            {"live": True, "lane": lane, "run_at": {"$lte": now}},
            {
                "$set": {"state": JobState.LEASED.value, "worker": worker, "run_at": until},
                "$inc": {"fence": 1, "attempts": 1},
            },
            sort=[("run_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _model(found)

    async def extend(self, job: Job, until: datetime) -> bool:
        """Prolong the lease; False where it was lost."""
        return await self._write(job, {"$set": {"run_at": until}})

    async def put_back(self, job: Job, run_at: datetime, reason: str | None, *, is_counted: bool) -> bool:
        """Queue a leased job again; without `is_counted` this attempt never happened."""
        fields = {"state": JobState.QUEUED.value, "run_at": run_at, "reason": reason}
        return await self._write(job, {"$set": fields, "$inc": {"attempts": 0 if is_counted else -1}})

    async def close(self, job: Job, state: JobState, reason: str | None, now: datetime) -> bool:
        """End a leased job as done or dead; False where the lease was lost."""
        fields = {"state": state.value, "reason": reason, "finished_at": now}
        return await self._write(job, {"$set": fields, "$unset": {"live": ""}})

    async def count(self, kind: str, state: JobState) -> int:
        """Return how many jobs of this kind are in this state."""
        return await self._jobs.count_documents({"kind": kind, "state": state.value})

    async def count_live(self, lanes: Collection[str]) -> int:
        """Return how many jobs of these lanes have not ended."""
        return await self._jobs.count_documents({"live": True, "lane": {"$in": list(lanes)}})

    async def dead(self, before: str | None, limit: int) -> list[Job]:
        """Return the latest dead letters, or those before this one."""
        criteria: Document = {"state": JobState.DEAD.value}
        if before is not None:
            criteria["_id"] = {"$lt": before}
        return [_model(each) async for each in self._jobs.find(criteria).sort("_id", -1).limit(limit)]

    async def revive(self, job: Job, now: datetime) -> bool:
        """Queue a dead letter as if it were new; False where it is none, or a live job has its dedupe key."""
        fields = {"state": JobState.QUEUED.value, "live": True, "attempts": 0, "run_at": now}
        try:
            written = await self._jobs.update_one(
                {"_id": job.id, "state": JobState.DEAD.value}, {"$set": {**fields, "finished_at": None}}
            )
        except DuplicateKeyError:
            return False
        return written.matched_count == 1

    async def _write(self, job: Job, statement: Mapping[str, Any]) -> bool:
        written = await self._jobs.update_one(
            {"_id": job.id, "fence": job.fence, "state": JobState.LEASED.value}, statement
        )
        return written.matched_count == 1


def job_document(job: NewJob, now: datetime) -> Document:
    """Return the document of a job that is queued."""
    trace = raised_by()
    return {
        "_id": job.id,
        "kind": job.kind,
        "lane": job.lane,
        "payload": dict(job.payload),
        "profile_id": job.profile_id,
        "state": JobState.QUEUED.value,
        "run_at": job.run_at or now,
        "fence": 0,
        "attempts": 0,
        "max_attempts": job.max_attempts,
        "dedupe": job.dedupe,
        "live": True,
        "reason": None,
        "worker": None,
        "created_at": now,
        "finished_at": None,
        **({} if trace is None else {"trace": trace}),
    }


def _model(document: Document) -> Job:
    return Job(
        id=JobId(document["_id"]),
        kind=document["kind"],
        lane=document["lane"],
        payload=document["payload"],
        profile_id=document["profile_id"],
        state=JobState(document["state"]),
        run_at=document["run_at"],
        fence=document["fence"],
        attempts=document["attempts"],
        max_attempts=document["max_attempts"],
        reason=document["reason"],
        created_at=document["created_at"],
        finished_at=document["finished_at"],
        trace=document.get("trace"),
    )
