"""Reads of documents by id that share a command: the driver's cost is per command, not per document."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any

from server.kit.mongo import BSONError, find_all
from server.kit.tracing import seen_span, share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from server.kit.mongo import Collection, Document, UndecodedCollection

    Waiting = dict[str, list[tuple[asyncio.Future[Document | None], Any]]]  # each with the span around

_AT_ONCE = 2  # commands out; while they are, those who come wait for the next one together
_MOST = 100  # documents of one command: fewer than MongoDB puts into its first batch
_SECONDS = 10.0  # for one command: nobody waits longer for others than for a primary


class JointReads:
    """Finds documents of one collection by id.

    Who asks in the same turn of the loop is answered by one command; who asks alone does not wait. Nobody
    joins a command that is out already, so that everybody sees what was written before they asked. A command
    has a time of its own, whoever is in it: those who have less stop waiting by themselves.
    """

    def __init__(
        self,
        collection: Collection | UndecodedCollection,
        fields: Mapping[str, Any],
        read: Callable[[Any], Document] = dict,
        *,
        ask: Callable[..., None] = find_all,
    ) -> None:
        self._ask = ask
        self._collection = collection
        self._fields = fields
        self._read = read
        self._waiting: Waiting = {}
        self._is_due = False
        self._out = 0

    async def find(self, document_id: str) -> Document | None:
        """Return the document with this id, or None; it may be shared, so it is not to be changed."""
        answer: asyncio.Future[Document | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(document_id, []).append((answer, seen_span()))
        self._prepare()
        return await answer

    def _prepare(self) -> None:
        """Have a command sent at the end of this turn."""
        if self._waiting and not self._is_due and self._out < _AT_ONCE:
            self._is_due = True
            # In a context of its own: time limits of whoever happens to be first are not for the others.
            asyncio.get_running_loop().call_soon(self._send, context=Context())

    def _send(self) -> None:
        self._is_due = False
        batch = self._next_batch()
        if batch:
            self._out += 1
            share(span for answers in batch.values() for _, span in answers)
            ids = list(batch)
            criteria: Document = {"_id": ids[0] if len(ids) == 1 else {"$in": ids}}
            self._ask(
                self._collection, criteria, self._fields, _SECONDS, lambda found: self._deliver(batch, found)
            )
        self._prepare()

    def _next_batch(self) -> Waiting:
        """Take those who have waited longest, without whoever has gone meanwhile."""
        ids = [each for each, answers in self._waiting.items() if not all(one.done() for one, _ in answers)]
        batch = {each: self._waiting.pop(each) for each in ids[:_MOST]}
        if len(ids) <= _MOST:
            self._waiting.clear()
        return batch

    def _deliver(self, batch: Waiting, found: Future[Any] | asyncio.Future[Any]) -> None:
        self._out -= 1
        documents: dict[str, Document] = {}
        error = found.exception()
        if error is None:
            try:
                documents = {each["_id"]: each for each in map(self._read, found.result())}
            except BSONError as damaged:
                error = damaged
        for document_id, answers in batch.items():
            for answer, _ in answers:
                if answer.done():
                    continue  # whoever asked has given up
                if error is not None:
                    answer.set_exception(error)
                else:
                    answer.set_result(documents.get(document_id))
        self._prepare()
