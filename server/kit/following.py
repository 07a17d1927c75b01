"""One change stream for a whole process, handed to everybody who listens, from wherever each left off.

A change stream costs the database a cursor and this process a thread, so listeners share one. What it brings
are the ids of changed documents; whoever wants to know more reads them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import re
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.kit.errors import ExpectedError, InvalidInputError
from server.kit.mongo import PyMongoError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from server.kit.mongo import Database

_log = logging.getLogger(__name__)
_REMEMBERED = 10_000  # changes that whoever comes back finds in memory, some 3 MB
_MOST_WAITING = 1_000  # changes that a listener may be behind
_CATCHING_UP = 2  # listeners that may read older changes at the same time, each with a thread
_RETRY_SECONDS = 1.0
_TOKEN = re.compile("[0-9A-F]{16,512}")


class LostTrackError(ExpectedError):
    """The listener can't be told what it missed: it fell too far behind, or was away for too long."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A document changed. `token` is the place in the stream; tokens sort in the order of the stream."""

    token: str
    id: str

    @property
    def cursor(self) -> str:
        """The place as an opaque text."""
        return base64.urlsafe_b64encode(f"change:{self.token}".encode()).decode()


def read_change_cursor(cursor: str) -> str:
    """Return the token of a cursor; raise InvalidInputError for anything we did not make."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not _TOKEN.fullmatch(text.removeprefix("change:")) or not text.startswith("change:"):
        raise InvalidInputError("`after` must be the cursor of an earlier event.", field="after")
    return text.removeprefix("change:")


@dataclass(slots=True, eq=False)
class _Listener:
    waiting: deque[Changed] = field(default_factory=deque)
    is_lost: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, change: Changed) -> None:
        if len(self.waiting) >= _MOST_WAITING:
            self.lose()
        elif not self.is_lost:
            self.waiting.append(change)
        self.news.set()

    def lose(self) -> None:
        self.is_lost = True
        self.waiting.clear()
        self.news.set()

    async def take(self) -> list[Changed]:
        """Return what came, at least one change; raise LostTrackError where it came too fast."""
        while not self.waiting:
            if self.is_lost:
                raise LostTrackError(_TOO_FAR_BEHIND)
            self.news.clear()
            await self.news.wait()
        taken = list(self.waiting)
        self.waiting.clear()
        return taken


_TOO_FAR_BEHIND = (
    "Changes were missed, since they came faster than they were read: read anew, then listen again."
)
_TOO_LONG_AGO = "What changed since is not known any more: read anew, then listen without `after`."


class Follower:
    """Follows one collection while anybody listens."""

    def __init__(self, database: Database, collection: str, match: dict[str, Any]) -> None:
        self._collection = database[collection]
        self._pipeline: Sequence[dict[str, Any]] = [{"$match": match}, {"$project": {"documentKey": 1}}]
        self._listeners: set[_Listener] = set()
        self._remembered: deque[Changed] = deque(maxlen=_REMEMBERED)
        self._known_since = ""  # everything after this token is remembered
        self._position = ""
        self._wanting = 0  # who listen, or wait for the stream to be open
        self._is_wanted = asyncio.Event()
        self._is_open = asyncio.Event()
        self._catching_up = asyncio.Semaphore(_CATCHING_UP)

    async def run(self) -> None:
        """Follow while anybody listens, until cancelled."""
        while True:
            await self._is_wanted.wait()
            try:
                await self._follow()
            except PyMongoError as error:
                _log.warning("change stream lost: %s", error)
                self._forget()
                await asyncio.sleep(_RETRY_SECONDS)

    @asynccontextmanager
    async def listen(self, after: str | None) -> AsyncIterator[AsyncIterator[list[Changed]]]:
        """Listen from now on, or from after a token; changes come in batches, in order.

        Iterating raises LostTrackError for a listener that reads too slowly, or where the database does not
        know any more what came after the token.
        """
        listener = _Listener()
        self._wanting += 1
        self._is_wanted.set()
        try:
            await self._is_open.wait()
            self._listeners.add(listener)
            missed = [each for each in self._remembered if after is not None and each.token > after]
            older = after if after is not None and after < self._known_since else None
            yield self._changes(listener, missed, older, self._position)
        finally:
            self._listeners.discard(listener)
            self._wanting -= 1
            if not self._wanting:
                self._is_wanted.clear()

    async def _changes(
        self, listener: _Listener, missed: list[Changed], older: str | None, position: str
    ) -> AsyncIterator[list[Changed]]:
        if older is not None:
            async for change in self._between(older, position):
                yield [change]
        elif missed:
            yield missed
        while True:
            yield await listener.take()

    async def _between(self, after: str, until: str) -> AsyncIterator[Changed]:
        """Read changes from the database's log: those after one token up to another."""
        async with self._catching_up:
            try:
                async with self._collection.watch(self._pipeline, resume_after={"_data": after}) as stream:
                    while (stream.resume_token or {"_data": after})["_data"] < until:
                        event = await stream.try_next()
                        if event is not None and event["_id"]["_data"] <= until:
                            yield _changed(event)
            except PyMongoError:
                raise LostTrackError(_TOO_LONG_AGO) from None

    async def _follow(self) -> None:
        async with self._collection.watch(self._pipeline) as stream:
            while self._is_wanted.is_set():
                self._advance(await stream.try_next(), stream.resume_token)
            self._forget()  # before the stream is closed, so that whoever comes meanwhile waits for the next

    def _advance(self, event: dict[str, Any] | None, token: Mapping[str, Any] | None) -> None:
        """Note how far the stream has come; without an event it tells that there was none up to a token."""
        if event is not None:
            self._announce(_changed(event))
        elif token is not None:
            self._position = token["_data"]
        if self._position and not self._is_open.is_set():
            self._known_since = self._position
            self._is_open.set()

    def _announce(self, change: Changed) -> None:
        if len(self._remembered) == _REMEMBERED:
            self._known_since = self._remembered[0].token
        self._remembered.append(change)
        self._position = change.token
        for listener in self._listeners:
            listener.tell(change)

    def _forget(self) -> None:
        """Begin anew after the stream was lost: whoever listens may have missed something."""
        self._is_open.clear()
        self._remembered.clear()
        self._position = self._known_since = ""
        for listener in self._listeners:
            listener.lose()


def _changed(event: dict[str, Any]) -> Changed:
    return Changed(event["_id"]["_data"], str(event["documentKey"]["_id"]))
