"""Configuration held in memory, compiled once per revision and refreshed when another process changes it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from server.kit.mongo import PyMongoError, is_outage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from server.kit.mongo import Database

_log = logging.getLogger(__name__)
_POLL_SECONDS = 5.0  # how stale a process may get while the change stream is down

T = TypeVar("T")


class Fresh(Protocol):
    """What is kept in memory of a collection, and follows it."""

    @property
    def collection(self) -> str:
        """Its name."""

    async def refresh(self) -> None:
        """Load all of it anew."""

    async def heed(self, changed: object) -> None:
        """Take note that the document of this id was written or deleted."""


class Watched(Generic[T]):
    """One snapshot of some collection, made by `load`; `refresh` replaces it whole.

    Readers take `current` and keep it for the length of one decision, so that they never see half a change.
    """

    def __init__(self, collection: str, load: Callable[[], Awaitable[T]]) -> None:
        self.collection = collection
        self._load = load
        self._snapshot: T | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> T:
        """Return the snapshot, loading it on first use."""
        if self._snapshot is None:
            await self.refresh()
        if self._snapshot is None:  # pragma: no cover - `load` never returns None
            message = f"{self.collection} could not be loaded"
            raise RuntimeError(message)
        return self._snapshot

    async def refresh(self) -> None:
        """Load anew; calls that overlap run one after the other, so that the newest load wins."""
        async with self._lock:
            self._snapshot = await self._load()

    async def heed(self, changed: object) -> None:  # noqa: ARG002 - the snapshot is replaced whole
        """Load anew."""
        await self.refresh()


async def load_at_last(watched: Watched[Any]) -> None:
    """Return once there is a snapshot, however long the database is away."""
    while True:
        try:
            await watched.current()
        except PyMongoError as error:
            if not is_outage(error):
                raise
            _log.warning("%s could not be loaded, trying again: %s", watched.collection, error)
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


@dataclass(frozen=True, slots=True)
class AlsoOn:
    """A snapshot that hangs on another collection too: whatever changes there, it is loaded anew."""

    collection: str
    watched: Watched[Any]

    async def refresh(self) -> None:
        """Load all of it anew."""
        await self.watched.refresh()

    async def heed(self, changed: object) -> None:
        """Load all of it anew."""
        del changed
        await self.watched.refresh()


async def keep_fresh(database: Database, watched: Sequence[Fresh]) -> None:
    """Tell each whose collection changes, until cancelled.

    One change stream serves them all. Where it fails (an election, no leave to open one) everything is
    reloaded every few seconds instead, and the stream is tried again.
    """
    while True:
        try:
            await _follow(database, watched)
        except PyMongoError as error:
            _log.warning("change stream lost, polling: %s", error)
            with suppress(PyMongoError):
                await _refresh(watched)
            await asyncio.sleep(_POLL_SECONDS)


async def _follow(database: Database, watched: Sequence[Fresh]) -> None:
    names = [each.collection for each in watched]
    wanted = {"ns.coll": {"$in": names}}
    pipeline: list[dict[str, object]] = [{"$match": wanted}, {"$project": {"ns": 1, "documentKey": 1}}]
    async with database.watch(pipeline) as stream:
        await _refresh(watched)  # what changed before the stream was open
        async for event in stream:
            for each in watched:
                if each.collection == event["ns"]["coll"]:
                    # A collection that was dropped or renamed has no document to tell of.
                    await _loaded(
                        each,
                        each.heed(event["documentKey"]["_id"]) if "documentKey" in event else each.refresh(),
                    )


async def _refresh(watched: Sequence[Fresh]) -> None:
    for each in watched:
        await _loaded(each, each.refresh())


async def _loaded(each: Fresh, loading: Awaitable[None]) -> None:
    """Let what can't be understood be as it was: it may be of a later version, and the others go on."""
    try:
        await loading
    except PyMongoError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, no document may end what keeps all the others fresh
        _log.exception("%s could not be loaded, what was known before counts", each.collection)
