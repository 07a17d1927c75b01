"""Guarded writes to documents by id that share a command: the cost of driver and journal is per command."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from server.kit.mongo import (
    BSONError,
    BulkWriteError,
    PyMongoError,
    ReturnDocument,
    UpdateOne,
    WriteConcernError,
    bounded,
)
from server.kit.tracing import seen_span, share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from server.kit.joint_reads import JointReads
    from server.kit.mongo import Document, UndecodedCollection

    Pipeline = Sequence[Mapping[str, Any]]

_AT_ONCE = 2  # commands out; while they are, those who come wait for the next one together
_MOST = 8  # statements of one command: of more the first wait for the last, and this process for MongoDB
_UNWRITABLE = (BSONError, OverflowError)  # what the driver says of a statement that is no BSON
_SECONDS = 15.0  # for one command: nobody waits longer for others than for a primary and a majority


@dataclass(slots=True, kw_only=True)
class _Statement:
    """A write that waits; what comes of it is whether it was written, or has to go alone."""

    document_id: str
    guard: Document
    pipeline: Pipeline
    span: Any = field(default_factory=seen_span)
    outcome: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class JointWrites:
    """Updates documents of one collection, each where its guard holds, and returns them as they are then.

    Who asks alone has a command of their own, which writes and returns in one. Those who ask while others are
    out go together, and read what came of it together. Each statement is a write by itself, done once or not
    at all: one that does not come through goes again alone, so that its trouble is that of nobody else.

    MongoDB does not say which statements of a command found their document. So each asks that it be made
    where it is missing, and sees to it that this fails: by its id where it is there and the guard does not
    hold, by `always`, a field of every document that no guard names, where it is not.
    """

    def __init__(
        self,
        collection: UndecodedCollection,
        fields: Mapping[str, Any],
        read: Callable[[Any], Document],
        reads: JointReads,
        *,
        always: str,
    ) -> None:
        self._collection = collection
        self._fields = fields
        self._read = read
        self._reads = reads
        self._exists = _fails_without(always)
        self._waiting: list[_Statement] = []
        self._is_due = False
        self._out = 0

    async def update(self, document_id: str, guard: Document, pipeline: Pipeline) -> Document | None:
        """Return the document after the update; None where there is none or the guard does not hold.

        Raises DuplicateKeyError. The document may be shared, so it is not to be changed.
        """
        statement = _Statement(document_id=document_id, guard=guard, pipeline=pipeline)
        self._waiting.append(statement)
        self._prepare()
        if await statement.outcome:
            return await self._reads.find(document_id)
        return await self._alone(statement)

    async def _alone(self, statement: _Statement) -> Document | None:
        self._out += 1
        try:
            found: Any = await self._collection.find_one_and_update(
                {"_id": statement.document_id, **statement.guard},
                statement.pipeline,
                projection=self._fields,
                return_document=ReturnDocument.AFTER,
            )
        finally:
            self._out -= 1
            self._prepare()
        return None if found is None else self._read(found)

    def _prepare(self) -> None:
        """Have a command sent at the end of this turn."""
        if self._waiting and not self._is_due and self._out < _AT_ONCE:
            self._is_due = True
            # In a context of its own: time limits of whoever happens to be first are not for the others.
            asyncio.get_running_loop().call_soon(self._send, context=Context())

    def _send(self) -> None:
        self._is_due = False
        batch = self._next_batch()
        if len(batch) == 1:
            batch[0].outcome.set_result(False)  # it goes by itself
        elif batch:
            self._out += 1
            share(each.span for each in batch)
            with bounded(_SECONDS):
                self._write(batch).add_done_callback(lambda written: self._deliver(batch, written))
        self._prepare()

    def _next_batch(self) -> list[_Statement]:
        """Take those who have waited longest, of each document one, without whoever has gone meanwhile."""
        batch: dict[str, _Statement] = {}
        left: list[_Statement] = []
        for each in self._waiting:
            if each.outcome.done():
                continue
            if each.document_id in batch or len(batch) == _MOST:
                left.append(each)
            else:
                batch[each.document_id] = each
        self._waiting = left
        return list(batch.values())

    def _write(self, batch: Sequence[_Statement]) -> asyncio.Future[Any]:
        updates = [
            UpdateOne({"_id": each.document_id, **each.guard}, [self._exists, *each.pipeline], upsert=True)
            for each in batch
        ]
        # motor's stub says coroutine; what it returns is a future
        return cast("asyncio.Future[Any]", self._collection.bulk_write(updates, ordered=False))

    def _deliver(self, batch: Sequence[_Statement], written: asyncio.Future[Any]) -> None:
        self._out -= 1
        error = written.exception()
        failed: set[int] = set()
        if isinstance(error, BulkWriteError):
            failed = {each["index"] for each in error.details["writeErrors"]}
            error = _not_acknowledged(error)
        elif isinstance(error, _UNWRITABLE):
            failed = set(range(len(batch)))  # as nothing was sent
        for index, each in enumerate(batch):
            if each.outcome.done():
                continue  # whoever asked has given up
            if index in failed:
                each.outcome.set_result(False)
            elif error is not None:
                each.outcome.set_exception(error)
            else:
                each.outcome.set_result(True)
        self._prepare()


def _fails_without(name: str) -> Document:
    """Return the stage that changes nothing about a document with this field and fails on one without."""
    is_missing = {"$eq": [{"$type": f"${name}"}, "missing"]}
    fails = {"$toInt": {"$concat": ["there is no ", "$_id"]}}
    return {"$set": {name: {"$cond": [is_missing, fails, f"${name}"]}}}


def _not_acknowledged(error: BulkWriteError) -> PyMongoError | None:
    """Return what those hear whose statements were written, where no majority confirmed them in time."""
    errors: list[Document] = (error.details or {}).get("writeConcernErrors") or []
    return (
        WriteConcernError(errors[0].get("errmsg", ""), errors[0].get("code"), errors[0]) if errors else None
    )
