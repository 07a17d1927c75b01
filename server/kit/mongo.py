"""The connection to MongoDB with every setting that matters written down.

Motor is in maintenance: this module and the stores are the only ones that import it or PyMongo.
"""

from __future__ import annotations

import asyncio
import random
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from motor.frameworks import asyncio as threads
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import IndexModel, ReplaceOne, ReturnDocument, UpdateOne, timeout
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
    _EventListeners,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from server.kit.database_limits import DatabaseLimits
from server.kit.tracing import is_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from pymongo.topology_description import TopologyDescription

__all__ = [
    "AWARE_UTC",
    "BSONError",
    "BulkWriteError",
    "Client",
    "ClientSession",
    "Collection",
    "CommandFailedEvent",
    "CommandListener",
    "CommandStartedEvent",
    "CommandSucceededEvent",
    "ConnectionFailure",
    "Database",
    "Document",
    "DuplicateKeyError",
    "ExecutionTimeout",
    "IndexModel",
    "PyMongoError",
    "ReadConcern",
    "ReplaceOne",
    "ReturnDocument",
    "Server",
    "UpdateOne",
    "WriteConcern",
    "WriteConcernError",
    "bounded",
    "connect",
    "find_all",
    "greet",
    "has_primary",
    "in_transaction",
    "is_about_duplicates",
    "is_conflict",
    "is_outage",
    "is_refused",
    "open_database",
    "undecoded",
    "why_not_durable",
]

Document = dict[str, Any]
Client = AsyncIOMotorClient[Document]
ClientSession = AsyncIOMotorClientSession
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]
UndecodedCollection = AsyncIOMotorCollection[RawBSONDocument]

Result = TypeVar("Result")

_DUPLICATE_KEY = 11_000
_WRITE_CONFLICT = 112
_USUAL = DatabaseLimits()
_SNAPSHOT, _DURABLE = ReadConcern("snapshot"), WriteConcern(w="majority", j=True)
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.01, 0.5  # a transaction takes some 0.01
_MOST_REPEATS = 300  # longer than the minute for which MongoDB keeps locked what somebody wrote who died
_PING_SECONDS = 1.0  # those who ask for readiness give up soon themselves (Kubernetes after one second)
AWARE_UTC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)


class _Undecoded(RawBSONDocument):
    """A document as it came. To what a server says of an unconfirmed write the driver adds a field."""

    __slots__ = ()

    def update(self, fields: Mapping[str, Any]) -> None:
        """Add fields, as to a dictionary: without this PyMongo 4.20 fails at it and sends nothing again."""
        self._RawBSONDocument__inflated.update(fields)  # type: ignore[attr-defined]


_UNDECODED = CodecOptions(document_class=_Undecoded, tz_aware=True, tzinfo=UTC)


def connect(
    url: str, limits: DatabaseLimits = _USUAL, *, listeners: Sequence[CommandListener] = ()
) -> Client:
    """Return a client of the server or replica set at `url` by which nothing acknowledged is lost.

    It dials on first use. Writes wait for a majority and its journal. Reads go to the primary, so that a
    person sees the answer just given, and show what a majority has: who repeats a request that was never
    acknowledged must not be told that it is done by what a failover then takes back. The driver repeats
    a read or a write once by itself, within the time of an operation as often as it takes. `listeners` hear
    of every command that a span is around, in threads of the driver's. Raises ConfigurationError for what is
    no URL of MongoDB's.
    """
    _set_threads(limits.connections)
    try:
        client: Client = AsyncIOMotorClient(
            url,
            appname="acquaint",
            tz_aware=True,
            uuidRepresentation="standard",
            w="majority",
            journal=True,
            wTimeoutMS=1_000 * limits.majority_seconds,
            readConcernLevel="majority",
            readPreference="primary",
            retryReads=True,
            retryWrites=True,
            serverSelectionTimeoutMS=1_000 * limits.selection_seconds,
            connectTimeoutMS=1_000 * limits.connect_seconds,
            heartbeatFrequencyMS=1_000 * limits.heartbeat_seconds,
            socketTimeoutMS=1_000 * limits.silence_seconds,
            maxPoolSize=limits.connections,
            waitQueueTimeoutMS=1_000 * limits.queue_seconds,
            timeoutMS=None,  # operations say theirs: see bounded
            event_listeners=list(listeners),
        )
    except ValueError as error:  # of a port that is none, which a password may be taken for
        raise ConfigurationError(str(error)) from None
    # It asks whether anybody listens before it makes an event, but has no door to say: now and then.
    client.delegate.options.pool_options._event_listeners.__class__ = _WhileSeen  # noqa: SLF001
    return client


class _WhileSeen(_EventListeners):
    """Hears of commands that a span is around: an event made for nobody costs as much as all we count."""

    @property
    def enabled_for_commands(self) -> bool:
        return super().enabled_for_commands and is_seen()


def _set_threads(count: int) -> None:
    """Have Motor run so many threads, and not five for each core of whatever machine this is."""
    if threads.max_workers != count:
        threads.max_workers = count
        # Else only by an environment variable before the import; motor has no stub for it.
        threads._reset_global_executor()  # type: ignore[no-untyped-call] # noqa: SLF001


def find_all(
    collection: AsyncIOMotorCollection[Any],
    criteria: Document,
    fields: Mapping[str, Any],
    seconds: float,
    deliver: Callable[[Future[list[Any]]], None],
) -> None:
    """Hand what is found within so many seconds to `deliver`, in this loop.

    As Motor's `to_list` does, in the same threads, with one hand-over back and not three: what nearly every
    request waits for.
    """
    loop = asyncio.get_running_loop()

    def find() -> list[Any]:
        with timeout(seconds):
            return cast("list[Any]", collection.delegate.find(criteria, fields).to_list())

    work = threads._EXECUTOR.submit(copy_context().run, find)  # noqa: SLF001 - Motor's own
    work.add_done_callback(lambda done: loop.call_soon_threadsafe(deliver, done))


def open_database(client: Client, name: str) -> Database:
    """Return the database, with the concerns of its client."""
    return client.get_database(name, codec_options=AWARE_UTC)


def has_primary(client: Client) -> bool:
    """Whether the driver knows of a server that takes writes."""
    # motor's stub does not say that it is a property
    return cast("TopologyDescription", client.topology_description).has_writable_server()


def is_outage(error: BaseException | None) -> bool:
    """Whether it says that the database is away or can't acknowledge: the same may succeed a moment later."""
    if isinstance(error, BaseExceptionGroup):  # of what went on side by side
        return all(is_outage(each) for each in error.exceptions)
    if not isinstance(error, PyMongoError):
        return False
    may_pass = error.has_error_label("RetryableWriteError") or error.has_error_label(
        "TransientTransactionError"
    )
    return may_pass or error.timeout or isinstance(error, ConnectionFailure | WriteConcernError)


def is_conflict(error: BaseException | None) -> bool:
    """Whether a transaction met what another has written and not committed, or never will.

    What a process wrote that was killed stays locked until MongoDB gives it up, by default after a minute.
    """
    return isinstance(error, OperationFailure) and error.code == _WRITE_CONFLICT


def undecoded(collection: Collection) -> UndecodedCollection:
    """Return the collection with documents that are not decoded: see undecoded.py."""
    # motor's stub does not say that the options change the type of the documents
    return cast("UndecodedCollection", collection.with_options(codec_options=_UNDECODED))


def is_about_duplicates(error: BulkWriteError) -> bool:
    """Whether an unordered insert left out only what was there already."""
    details = error.details or {}
    return not details.get("writeConcernErrors") and all(
        each["code"] == _DUPLICATE_KEY for each in details["writeErrors"]
    )


def bounded(seconds: float) -> AbstractContextManager[None]:
    """Return the context in which each command takes no longer than what is left of so many seconds.

    The server is told (maxTimeMS) and gives up by itself: a client that went away leaves no query running.
    """
    return timeout(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What a server of MongoDB says of itself; `skew` is how far its clock is ahead of this machine's."""

    is_replicated: bool  # as replica set or sharded cluster
    skew: timedelta


async def greet(database: Database, *, seconds: float = _PING_SECONDS) -> Server | None:
    """Return what the server says, or None where it does not answer in time."""
    try:
        async with asyncio.timeout(seconds):
            said = await database.command("hello", codec_options=AWARE_UTC)
    except (PyMongoError, TimeoutError):
        return None
    # The clock of the machine, also where ours is a test's: both are to be compared.
    return Server(
        is_replicated="setName" in said or said.get("msg") == "isdbgrid",
        skew=said["localTime"] - datetime.now(UTC),
    )


async def is_refused(database: Database) -> bool:
    """Whether the server answers, but not to who we say we are."""
    try:
        await database.command("ping")
    except PyMongoError as error:
        return isinstance(error, OperationFailure)
    return False


async def why_not_durable(collection: Collection) -> str | None:
    """Return why no write could be acknowledged, or None. Asks a majority for what it has; writes nothing."""
    durably = collection.with_options(write_concern=WriteConcern(w="majority", j=True, wtimeout=2_000))
    try:
        await durably.update_one({"_id": "nobody"}, {"$unset": {"nothing": ""}})
    except PyMongoError as error:
        return f"A majority of the replica set does not confirm writes ({type(error).__name__})."
    return None


async def in_transaction(
    database: Database,
    work: Callable[[ClientSession], Coroutine[Any, Any, Result]],
    *,
    most_repeats: int = _MOST_REPEATS,
) -> Result:
    """Return what `work` makes of one snapshot; all that it writes with the session is written or nothing.

    A write to the same documents meanwhile makes it start over: `work` may run several times, after random
    pauses that grow, `most_repeats` times at most. Motor's `with_transaction` takes none, and lets out a
    conflict that shows in the commit.
    """
    tried = 0
    async with await database.client.start_session() as session:
        while True:
            try:
                async with session.start_transaction(_SNAPSHOT, _DURABLE):
                    return await work(session)
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") or tried == most_repeats:
                    raise
            longest = min(_LONGEST_PAUSE_SECONDS, _SHORTEST_PAUSE_SECONDS * 2**tried)
            await asyncio.sleep(longest * random.random())  # noqa: S311 - spreads who met
            tried += 1
