"""The database as a backup reads it, whatever is in it: every collection, BSON as it lies there.

Reads are commands of our own, since the driver tells nobody at which moment of the cluster it read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from bson import decode, encode
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp
from pymongo.errors import AutoReconnect, OperationFailure

from server.backups.errors import BackupError, SnapshotGoneError
from server.backups.model import Kind, Section

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorChangeStream

    from server.backups.model import Manifest
    from server.kit.mongo import Database, Document

Moment = Timestamp  # of the cluster's clock: orders all writes

BACKUPS = "backups"
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_TRIES = 3  # of a read that met an election; between two the driver waits for a primary
_GONE = {239, 246}  # SnapshotTooOld, SnapshotUnavailable
_FORGOTTEN = {280, 286}  # ChangeStreamFatalError, ChangeStreamHistoryLost
_WRITES = {"insert", "update", "replace", "delete"}
_MOST_DOCUMENTS = 2**31 - 1  # of a reply, which has 16 MB at most anyway
_MOST_EVENTS = 1_000  # that come at once
_AWAIT_MS = 20  # for how long the server waits for an event before it says that there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A document was written; `key` is its `_id` as BSON, `place` where in the stream that stands."""

    collection: str
    key: bytes
    at: Moment
    place: bytes


class Tail:
    """What is written to the database, in order. `place` is where to go on after what was taken."""

    def __init__(self, stream: AsyncIOMotorChangeStream[RawBSONDocument], place: bytes | None) -> None:
        self._stream = stream
        self._waiting: Event | None = None
        self.place = place

    async def take(self, until: Moment | None = None) -> Event | None:
        """Return the next event; None where there is none just now, or it is from after `until`."""
        event, self._waiting = self._waiting or await self._next(), None
        if event is not None and until is not None and event.at > until:
            self._waiting = event
            return None
        self.place = self.place if event is None else event.place
        return event

    @property
    def is_waiting(self) -> bool:
        """Whether there is an event from after the last `until`."""
        return self._waiting is not None

    async def close(self) -> None:
        """End the stream."""
        await self._stream.close()

    async def _next(self) -> Event | None:
        try:
            found = await self._stream.try_next()
        except OperationFailure as error:
            if error.code in _FORGOTTEN:
                raise BackupError(_TOO_LATE) from None
            raise
        if found is None:
            if self._stream.resume_token is not None:
                self.place = encode(self._stream.resume_token)
            return None
        if found["operationType"] not in _WRITES:
            raise BackupError(
                f"A collection was dropped or renamed while the backup was made ({found['operationType']}):"
                " begin anew in another folder."
            )
        return Event(
            collection=found["ns"]["coll"],
            key=key_of(found["documentKey"].raw),
            at=found["clusterTime"],
            place=found["_id"].raw,
        )


_TOO_LATE = (
    "The oplog does not reach back any more to where this backup was interrupted: begin anew in another"
    " folder, and give the replica set a larger oplog if that happens again."
)


class SourceStore:
    """Reads a database that is written to meanwhile: nothing older than when `now` was asked last."""

    def __init__(self, database: Database, *, most_documents: int = _MOST_DOCUMENTS) -> None:
        self._database = database
        self._most_documents = most_documents
        self._backups = database[BACKUPS]
        self._seen: Moment | None = None

    async def now(self) -> Moment:
        """Return the present moment of the cluster."""
        self._seen = (await self._command({"ping": 1}))["operationTime"]
        return self._seen

    async def names(self) -> list[str]:
        """Return the collections, none of the server's own."""
        listed = await self._database.list_collections()
        found = [each async for each in listed if not each["name"].startswith("system.")]
        for each in found:
            if each["type"] != "collection" or "collation" in each["options"]:
                raise BackupError(
                    f"{each['name']} is a view, a time series or has a collation: none of ours is or has one,"
                    " and a backup can't hold it. Move it to another database."
                )
        return sorted(each["name"] for each in found)

    async def shape(self, collection: str) -> Section:
        """Return what a collection is apart from its documents."""
        listed = await self._database.list_collections(filter={"name": collection})
        options = [each["options"] async for each in listed]
        indexes = [dict(each) async for each in self._database[collection].list_indexes()]
        shape = encode({"options": options[0], "indexes": indexes})
        return Section(kind=Kind.SHAPE, collection=collection, documents=[shape])

    async def estimate(self) -> int:
        """Return about how many documents there are."""
        return sum([await self._database[each].estimated_document_count() for each in await self.names()])

    async def next_documents(self, collection: str, after: bytes | None) -> list[bytes]:
        """Return documents after this `_id` in the order of `_id`, of all types; 16 MB at most."""
        key = {} if after is None else RawBSONDocument(after)
        found = await self._find(
            collection,
            # `min` and not $gt, which would see ids of one type alone; `min` includes what it names
            {"filter": {"_id": {"$ne": key["_id"]}}, "min": {"_id": key["_id"]}} if key else {},
            {"hint": {"_id": 1}, "sort": {"_id": 1}, "batchSize": self._most_documents, "singleBatch": True},
        )
        return [each.raw for each in found["cursor"]["firstBatch"]]

    async def sections(
        self, collection: str, keys: Sequence[bytes], at: Moment | None
    ) -> AsyncIterator[Section]:
        """Yield how these documents are now or at a moment, and which of them are gone."""
        ids = [RawBSONDocument(key)["_id"] for key in keys]
        found = await self._find(
            collection, {"filter": {"_id": {"$in": ids}}}, {"batchSize": len(ids) + 1}, at=at
        )
        cursor = found["cursor"]
        if cursor["id"]:  # more than the 16 MB of a reply
            await self._command({"killCursors": collection, "cursors": [cursor["id"]]})
            half = len(keys) // 2
            for some in (keys[:half], keys[half:]):
                async for each in self.sections(collection, some, at):
                    yield each
            return
        documents = [each.raw for each in cursor["firstBatch"]]
        gone = set(keys) - {key_of(each) for each in documents}
        for kind, those in ((Kind.CHANGED, documents), (Kind.GONE, sorted(gone))):
            if those:
                yield Section(kind=kind, collection=collection, documents=those)

    async def snapshot(self, after: Moment) -> Moment:
        """Return a moment at which `sections` can read for the next minutes, not before `after`."""
        while True:
            found = await self._command({"find": BACKUPS, "limit": 1, "readConcern": {"level": "snapshot"}})
            at: Moment = found["cursor"]["atClusterTime"]
            if at >= after:
                return at

    def follow(self, since: Moment, place: bytes | None) -> Tail:
        """Return what is written since a moment or place."""
        start: Document = (
            {"start_at_operation_time": since} if place is None else {"resume_after": RawBSONDocument(place)}
        )
        fields = {"documentKey": 1, "ns": 1, "operationType": 1, "clusterTime": 1}
        stream = self._database.with_options(codec_options=_RAW).watch(
            [{"$project": fields}], batch_size=_MOST_EVENTS, max_await_time_ms=_AWAIT_MS, **start
        )
        # motor's stub does not say that the options change the type of the events
        return Tail(cast("AsyncIOMotorChangeStream[RawBSONDocument]", stream), place)

    async def note(self, backup_id: str, now: datetime) -> None:
        """Write down that a backup is being made: always a write, and an event after all that was seen."""
        await self._backups.update_one(
            {"_id": backup_id},
            {"$setOnInsert": {"started_at": now}, "$set": {"seen_at": now}, "$inc": {"notes": 1}},
            upsert=True,
        )

    async def note_finished(self, manifest: Manifest, now: datetime) -> None:
        """Write down that a backup was made."""
        figures = {"documents": manifest.documents, "bytes": manifest.bytes}
        await self._backups.update_one({"_id": manifest.id}, {"$set": {"finished_at": now, **figures}})

    async def last_finished(self) -> datetime | None:
        """Return when the last backup was finished, or None where none was."""
        found = await self._backups.find_one(
            {"finished_at": {"$ne": None}}, sort=[("finished_at", -1)], projection={"finished_at": 1}
        )
        return None if found is None else found["finished_at"]

    async def _find(
        self, collection: str, what: Document, how: Document, *, at: Moment | None = None
    ) -> RawBSONDocument:
        concern: Document = (
            {"level": "majority", "afterClusterTime": self._seen or await self.now()}
            if at is None
            else {"level": "snapshot", "atClusterTime": at}
        )
        try:
            return await self._command({"find": collection, **what, **how, "readConcern": concern})
        except OperationFailure as error:
            if error.code in _GONE:
                raise SnapshotGoneError from None
            raise

    async def _command(self, command: Document) -> RawBSONDocument:
        for _ in range(_TRIES - 1):
            try:
                return await self._database.command(command, codec_options=_RAW)
            except AutoReconnect:
                continue
        return await self._database.command(command, codec_options=_RAW)


def key_of(document: bytes) -> bytes:
    """Return a document's `_id`, as BSON of nothing else."""
    return encode({"_id": RawBSONDocument(document)["_id"]})


def is_behind(key: bytes, position: bytes) -> bool:
    """Whether a copy that came to `position` has passed `key`; also where that can't be told here.

    Only of two texts is the order told: MongoDB compares their bytes, which is Python's order of code points.
    """
    mine, other = (RawBSONDocument(each)["_id"] for each in (key, position))
    return not (isinstance(mine, str) and isinstance(other, str)) or mine <= other


def undecoded_document(raw: bytes) -> RawBSONDocument:
    """Return a document that is written as it is."""
    return RawBSONDocument(raw)


def decoded(raw: bytes) -> Document:
    """Return a document as it was given to BSON."""
    return decode(raw)
