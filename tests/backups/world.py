"""A database that is backed up while somebody writes to it, and what of it is compared."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp

from server.backups.copying import Backup
from server.backups.folder import BackupFolder
from server.backups.restoring import Restoring
from server.backups.sealing import new_key
from server.backups.store import SourceStore
from server.backups.target_store import TargetStore
from server.kit.clock import system_clock
from server.kit.mongo import in_transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from server.backups.model import Manifest
    from server.kit.mongo import ClientSession, Database

SECRET = "s" * 32
PEOPLE = 300
State = dict[str, set[bytes]]


class InterruptedByTestError(Exception):
    """Somebody pulled the plug."""


@dataclass(kw_only=True)
class World:
    """Where from, where to, and the folder between."""

    url: str
    source: Database
    target: Database
    path: Path
    keys: tuple[str, str] = field(default_factory=new_key)
    _is_written: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def folder(self) -> BackupFolder:
        return BackupFolder(self.path, SECRET)

    def backup(self, store: SourceStore | None = None) -> Backup:
        """Return a backup in parts so small that much happens between two."""
        return Backup(
            source=store or SourceStore(self.source, most_documents=20),
            folder=self.folder,
            recipients=[self.keys[1]],
            database=self.source.name,
            clock=system_clock,
            part_bytes=4_000,
        )

    async def back_up(self, tell: Callable[[int], None] = lambda _: None) -> Manifest:
        return await self.backup().run(tell)

    async def restore(
        self, tell: Callable[[int], None] = lambda _: None, *, replaces: bool = False, secret: str = SECRET
    ) -> None:
        folder = BackupFolder(self.path, secret)
        restoring = Restoring(folder=folder, manifest=folder.manifest(), keys=[self.keys[0]])
        await restoring.run(TargetStore(self.target), tell, replaces=replaces)

    async def populate(self) -> None:
        """Store people who owe each other, in collections with indexes of several kinds."""
        await self.source["people"].insert_many(
            [{"_id": f"prf_{n:05}", "owes": 0, "text": "x" * 100} for n in range(PEOPLE)]
        )
        await self.source["people"].create_index("owes")
        await self.source["log"].create_index("at", expireAfterSeconds=10**6)
        await self.source["log"].create_index(
            "key", unique=True, partialFilterExpression={"key": {"$gt": ""}}
        )

    @contextlib.asynccontextmanager
    async def written_to(self) -> AsyncIterator[None]:
        """Keep several people writing for as long as the block lasts."""
        writers = [asyncio.create_task(self._write(random.Random(seed))) for seed in range(3)]  # noqa: S311
        try:
            await self._is_written.wait()
            yield
        finally:
            for each in writers:
                each.cancel()
            await asyncio.gather(*writers, return_exceptions=True)

    async def write_once(self, seed: int) -> None:
        await self._write(random.Random(seed), times=50)  # noqa: S311

    async def _write(self, luck: random.Random, times: int = 10**9) -> None:
        people = self.source["people"]
        for _ in range(times):
            one, other = (f"prf_{luck.randrange(PEOPLE):05}" for _ in "12")

            async def owe(session: ClientSession, one: str = one, other: str = other) -> None:
                await people.update_one({"_id": one}, {"$inc": {"owes": 1}}, upsert=True, session=session)
                await people.update_one({"_id": other}, {"$inc": {"owes": -1}}, upsert=True, session=session)
                await self.source["log"].insert_one({"one": one, "other": other}, session=session)

            await in_transaction(self.source, owe)
            self._is_written.set()
            if luck.random() < 0.2:  # somebody who owes nothing goes
                await people.delete_one({"_id": one, "owes": 0})


async def state(database: Database, at: tuple[int, int] | None = None) -> State:
    """Return every document by collection, as BSON: how it is now, or was at a moment."""
    concern: dict[str, Any] = {"level": "majority"}
    if at is not None:
        concern = {"level": "snapshot", "atClusterTime": Timestamp(*at)}
    names = await database.list_collection_names()
    return {name: await _documents(database, name, concern) for name in names}


async def _documents(database: Database, name: str, concern: dict[str, Any]) -> set[bytes]:
    options = database.codec_options.with_options(document_class=RawBSONDocument)
    command = {"find": name, "batchSize": 10**6, "singleBatch": True, "readConcern": concern}
    reply: Any = await database.command(command, codec_options=options)
    return {bytes(each.raw) for each in reply["cursor"]["firstBatch"]}


def stopping_after(count: int) -> Callable[[int], None]:
    """Return what pulls the plug when it was told so often."""
    told = iter(range(count - 1))

    def tell(_: int) -> None:
        if next(told, None) is None:
            raise InterruptedByTestError

    return tell
