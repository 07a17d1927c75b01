"""A backup of everybody while others write, restored and compared by hash with the moment that it shows.

Both are commands of the command line, in processes of their own. ACQUAINT_BENCH_PROFILES says of how many.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp
from pymongo import MongoClient

from server.access.model import Scope, Viewer, ViewerKind
from server.backups.sealing import new_key
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.growth import LARGE, crowd_services, gather

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.sharedctypes import Synchronized

    from pymongo.database import Database

    from server.profiles.model import ProfileId
    from server.services import Services
    from tests.bench.bench import Stage

_ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))
_WRITERS = 4  # at once, in a process of their own
_WRITTEN = 20_000  # people who are written about
_ALONE_SECONDS = 10.0
_ROOT = Path(__file__).parent.parent.parent
_HISTORY_SECONDS = 7_200  # that the server keeps, to compare with the moment when all is over
_RAW = CodecOptions(document_class=RawBSONDocument)
_WHOLE = 2**256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    """A command: how long it took, and its peak of memory."""

    seconds: float
    peak_mb: float


def backup(stage: Stage) -> Figure:
    """Return the seconds of a backup under load, against those of reading the same once."""
    asyncio.run(gather(stage, LARGE))
    client: MongoClient[RawBSONDocument] = MongoClient(stage.mongod.url, document_class=RawBSONDocument)
    with client:
        client.admin.command({"setParameter": 1, "minSnapshotHistoryWindowInSeconds": _HISTORY_SECONDS})
        return _measured(stage, client[f"growth_{LARGE}"], client["growth_restored"])


def _measured(stage: Stage, source: Database[RawBSONDocument], target: Database[RawBSONDocument]) -> Figure:
    folder, key = stage.folder / "backup", stage.folder / "key.txt"
    secret, public = new_key()
    key.write_text(secret)
    read_seconds = _timed(lambda: _digests(source))
    with _written_to(stage.mongod.url) as written:
        alone = _rate(written, _ALONE_SECONDS)
        before = written.value
        made = _run(stage, source.name, "backup", str(folder), "--to", public)
        beside = (written.value - before) / made.seconds
    manifest = json.loads((folder / "manifest.json").read_text())
    then = _digests(source, Timestamp(*manifest["at"]))
    restored = _run(stage, target.name, "restore", str(folder), "--key", str(key))
    documents = sum(count for count, _ in then.values())
    is_equal = _digests(target) == then
    return Figure(
        bench="backup",
        figure=made.seconds,
        unit="s",
        against=read_seconds,
        more={
            "profiles": LARGE,
            "documents": documents,
            "read_again": manifest["documents"] - documents,
            "database_mb": source.command("dbStats")["dataSize"] / 1e6,
            "backup_mb": manifest["bytes"] / 1e6,
            "backup_peak_mb": made.peak_mb,
            "restore_seconds": restored.seconds,
            "restore_peak_mb": restored.peak_mb,
            "writes_per_second_alone": alone,
            "writes_per_second_beside": beside,
            "is_equal": int(is_equal),
        },
        failures=() if is_equal else ["What was restored is not what was there at that moment."],
    )


def _digests(database: Database[RawBSONDocument], at: Timestamp | None = None) -> dict[str, tuple[int, int]]:
    """Return by collection how many documents there are, and the sum of their SHA-256: in whatever order."""
    return {name: _digest(database, name, at) for name in sorted(database.list_collection_names())}


def _digest(database: Database[RawBSONDocument], name: str, at: Timestamp | None) -> tuple[int, int]:
    count = total = 0
    for raw in _documents(database, name, at):
        count += 1
        total += int.from_bytes(hashlib.sha256(raw).digest(), "big")
    return count, total % _WHOLE


def _documents(
    database: Database[RawBSONDocument], name: str, at: Timestamp | None
) -> Iterator[bytes | memoryview]:
    """Yield what is in a collection (at a moment), save the line of the audit log about restoring."""
    concern: dict[str, Any] = {"level": "majority"}
    if at is not None:
        concern = {"level": "snapshot", "atClusterTime": at}
    command = {"find": name, "filter": {"act": {"$ne": "restore"}}, "readConcern": concern}
    cursor = database.command(command, codec_options=_RAW)["cursor"]
    batch: Sequence[RawBSONDocument] = cursor["firstBatch"]
    while True:
        yield from (each.raw for each in batch)
        if not cursor["id"]:
            return
        cursor = database.command({"getMore": cursor["id"], "collection": name}, codec_options=_RAW)["cursor"]
        batch = cursor["nextBatch"]


def _run(stage: Stage, database: str, *arguments: str) -> _Ran:
    environ = {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_SECRET": "s" * 32,
        "ACQUAINT_MONGODB_URL": stage.mongod.url,
        "ACQUAINT_DATABASE": database,
    }
    started = time.perf_counter()
    command = [sys.executable, "-m", "server", *arguments]
    process = subprocess.Popen(command, env=environ, cwd=stage.folder, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"`acquaint {arguments[0]}` ended with {process.returncode}.")
    return _Ran(seconds=time.perf_counter() - started, peak_mb=usage.ru_maxrss / 1024)


@contextmanager
def _written_to(url: str) -> Iterator[Synchronized[int]]:
    """Have people written about for as long as the block lasts; the number counts what was acknowledged."""
    context = multiprocessing.get_context("spawn")
    written = context.Value("q", 0)
    writer = context.Process(target=_write, args=(url, written), daemon=True)
    writer.start()
    try:
        yield written
    finally:
        writer.kill()
        writer.join()


def _write(url: str, written: Synchronized[int]) -> None:
    asyncio.run(_write_for_ever(url, written))


async def _write_for_ever(url: str, written: Synchronized[int]) -> None:
    services = crowd_services(url, LARGE)
    sample = services.database["profiles"].aggregate(
        [{"$sample": {"size": _WRITTEN}}, {"$project": {"_id": 1}}]
    )
    ids: list[ProfileId] = [each["_id"] async for each in sample]
    async with asyncio.TaskGroup() as group:
        for seed in range(_WRITERS):
            group.create_task(_write_on(services, ids, random.Random(seed), written))  # noqa: S311


async def _write_on(
    services: Services, ids: Sequence[ProfileId], luck: random.Random, written: Synchronized[int]
) -> None:
    while True:
        said = {"job_title": f"Title {luck.randrange(10**6)}"}
        await services.claiming.set_attributes(_ADMIN, luck.choice(ids), said, may_create=False)
        written.value += 1  # by one process alone


def _rate(written: Synchronized[int], seconds: float) -> float:
    while not written.value:
        time.sleep(0.1)
    before, started = written.value, time.perf_counter()
    time.sleep(seconds)
    return (written.value - before) / (time.perf_counter() - started)


def _timed(work: Any) -> float:  # noqa: ANN401 - whatever it returns
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
