"""What a million profiles cost: reading beside ten thousand, importing beside raw inserts, memory.

The people are synthetic and the same in every run. ACQUAINT_BENCH_PROFILES makes the crowd smaller.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from server.access.model import Scope, Viewer, ViewerKind
from server.bulk.commands import ImportCommand
from server.bulk.importing import ImportOptions
from server.demo.seed import seed_demo
from server.kit.paging import PageRequest
from server.profiles.reading import ProfileQuery
from server.services import build_services
from server.settings import read_settings
from tests.bench.figures import Figure, percentile
from tests.bench.processes import on_its_cores

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from server.kit.mongo import Collection
    from server.profiles.model import ProfileId
    from server.services import Services
    from tests.bench.bench import Stage

LARGE = int(os.environ.get("ACQUAINT_BENCH_PROFILES", "1000000"))
_SMALL = 10_000
_READS = 400
_RAW_BATCH = 1_000
_ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))
_COLUMNS = (
    "user_id,given_name,family_name,company_name,company_size,industry,job_role,job_title,locale,birthdate"
)
_SIZES = ("1", "2-10", "11-50", "51-200", "201-1000", "1001+")
_INDUSTRIES = ("software", "finance", "health", "education", "retail", "manufacturing", "other")
_FILTERS = {
    "company_size": "11-50",
    "industry": "health",
    "company_name": "Company 77",
    "given_name": "Given7",
    "birthdate": "1970-05-12",
}
_PAGES = 200
# A deployment's mongod has half of the memory; ours on one machine has 256 MB, which the indexes of a million
# people don't fit into: what is measured would be the disk.
_CACHE = "cache_size=2GB"
_ROLES = ("engineering", "product", "design", "marketing", "sales", "operations", "leadership", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How the import of one crowd went: rows a second, and the peak memory of this process after it."""

    rows_per_second: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Medians over the small and the large crowd, in microseconds."""

    find: tuple[float, float]
    next_question: tuple[float, float]
    pages: dict[str, float]
    find_beside_pages: float


def point_read(stage: Stage) -> Figure:
    """Return the median of reading one profile of the large crowd, against one of the small."""
    small, large = _times(stage).find
    return _us("point_read", large, small)


def next_question_growth(stage: Stage) -> Figure:
    """Return the median of deciding the next question in the large crowd, against the small."""
    small, large = _times(stage).next_question
    return _us("next_question_growth", large, small)


def filtered_page(stage: Stage) -> Figure:
    """Return the median of the slowest page of 20 by one attribute, against the point read."""
    times = _times(stage)
    figure = _us("filtered_page", max(times.pages.values()), times.find_beside_pages)
    return Figure(
        bench=figure.bench, figure=figure.figure, unit="us", against=figure.against, more=times.pages
    )


def import_rate(stage: Stage) -> Figure:
    """Return rows a second of an import, against raw insert_many of the same documents."""
    _, large = _crowds(stage)
    with on_its_cores(1):
        raw = asyncio.run(_raw_rate(stage, LARGE))
    return Figure(bench="import_rate", figure=large.rows_per_second, unit="rows/s", against=raw)


def import_memory(stage: Stage) -> Figure:
    """Return the peak memory after the large import, against that after the small one, in one process."""
    small, large = _crowds(stage)
    return Figure(bench="import_memory", figure=large.peak_mb, unit="MB", against=small.peak_mb)


@cache
def _crowds(stage: Stage) -> tuple[Crowd, Crowd]:
    with on_its_cores(1):
        return asyncio.run(gather(stage, _SMALL)), asyncio.run(gather(stage, LARGE))


async def gather(stage: Stage, size: int) -> Crowd:
    """Import so many people into the database `growth_<size>`."""
    services = crowd_services(stage.mongod.url, size)
    try:
        await services.client.admin.command({"setParameter": 1, "wiredTigerEngineRuntimeConfig": _CACHE})
        await services.stores.create_indexes()
        await services.attributes.ensure_standard_attributes()
        await seed_demo(services)
        file = stage.folder / f"{size}.csv"
        _write_people(file, size)
        seconds = await _import(services, file)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Crowd(rows_per_second=size / seconds, peak_mb=peak)
    finally:
        services.close()


@cache
def _times(stage: Stage) -> Times:
    _crowds(stage)
    return asyncio.run(_measured(stage))


async def _measured(stage: Stage) -> Times:
    """Measure what is compared in turns, so that whatever else the machine does bears on both alike."""
    small, large = crowd_services(stage.mongod.url, _SMALL), crowd_services(stage.mongod.url, LARGE)
    try:
        some, others = await _some_ids(small, _SMALL), await _some_ids(large, LARGE)
        some_find = partial(_each, some, small.profiles.find)
        find = partial(_each, others, large.profiles.find)
        pages = [partial(_page, large, key, value) for key, value in _FILTERS.items()]
        found = await _in_turns(_READS, some_find, find)
        asked = await _in_turns(
            _READS, partial(_each, some, partial(_next, small)), partial(_each, others, partial(_next, large))
        )
        beside, *paged = await _in_turns(_PAGES, find, *pages)
        return Times(
            find=(found[0], found[1]),
            next_question=(asked[0], asked[1]),
            pages=dict(zip(_FILTERS, paged, strict=True)),
            find_beside_pages=beside,
        )
    finally:
        small.close()
        large.close()


def crowd_services(url: str, size: int) -> Services:
    """Return the services over the database of so many people."""
    return build_services(
        read_settings(
            {
                "ACQUAINT_ENVIRONMENT": "development",
                "ACQUAINT_SECRET": "s" * 32,
                "ACQUAINT_MONGODB_URL": url,
                "ACQUAINT_DATABASE": f"growth_{size}",
            }
        )
    )


def _write_people(file: Path, size: int) -> None:
    with file.open("w") as out:
        out.write(_COLUMNS + "\n")
        out.writelines(_people(size))


def _people(size: int) -> Iterator[str]:
    chance = random.Random(4)  # noqa: S311 - the same people in every run
    for number in range(size):
        cells = (
            f"u-{number}",
            f"Given{chance.randrange(5_000)}",
            f"Family{chance.randrange(50_000)}",
            f"Company {chance.randrange(100_000)}",
            chance.choice(_SIZES),
            chance.choice(_INDUSTRIES),
            chance.choice(_ROLES),
            f"Title {chance.randrange(500)}",
            "en-GB",
            f"19{chance.randrange(50, 99)}-0{chance.randrange(1, 9)}-1{chance.randrange(9)}",
        )
        yield ",".join(cells) + "\n"


async def _import(services: Services, file: Path) -> float:
    options = ImportOptions(file=file, rejects=file.with_suffix(".rejects"), renamed={})
    started = time.perf_counter()
    with redirect_stdout(sys.stderr):
        await ImportCommand(options)(services)
    return time.perf_counter() - started


async def _some_ids(services: Services, size: int) -> list[ProfileId]:
    """Return ids of people all over the crowd, the same in every run."""
    chance = random.Random(2)  # noqa: S311
    keys = [f"user_id|u-{chance.randrange(size)}" for _ in range(_READS)]
    found = services.database["profiles"].find({"identity_keys": {"$in": keys}}, {"_id": 1})
    return [each["_id"] async for each in found]


async def _next(services: Services, profile_id: ProfileId) -> None:
    profile = await services.profiles.find(profile_id)
    assert profile is not None
    await services.questions.next_for(profile, "home")


async def _page(services: Services, key: str, value: str, _: int) -> None:
    condition = {"attribute": {"key": key, "operator": "equals", "values": [value]}}
    await services.reading.page(_ADMIN, ProfileQuery(filter=condition), PageRequest(first=20))


async def _each(ids: Sequence[ProfileId], work: Callable[[ProfileId], Awaitable[object]], turn: int) -> None:
    await work(ids[turn % len(ids)])


async def _in_turns(turns: int, *works: Callable[[int], Awaitable[None]]) -> list[float]:
    """Return the medians of several kinds of work, in microseconds, done one after the other in each turn."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(turns):
        for work, times in zip(works, taken, strict=True):
            started = time.perf_counter()
            await work(turn)
            times.append(time.perf_counter() - started)
    return [percentile(times, 50) * 1e6 for times in taken]


async def _raw_rate(stage: Stage, size: int) -> float:
    """Return documents a second of insert_many into a collection with the same indexes and write concern."""
    services = crowd_services(stage.mongod.url, size)
    try:
        source, target = services.database["profiles"], services.client["growth_raw"]["profiles"]
        target = target.with_options(write_concern=source.write_concern)
        for name, index in (await source.index_information()).items():
            if name != "_id_":
                options = {key: value for key, value in index.items() if key not in {"v", "key", "ns"}}
                await target.create_index(index["key"], name=name, **options)
        return await _insert_raw(source, target)
    finally:
        services.close()


async def _insert_raw(source: Collection, target: Collection) -> float:
    seconds, count, batch = 0.0, 0, []
    async for document in source.find():
        batch.append(document)
        if len(batch) == _RAW_BATCH:
            started = time.perf_counter()
            await target.insert_many(batch, ordered=False)
            seconds += time.perf_counter() - started
            count, batch = count + len(batch), []
    return count / seconds


def _us(bench: str, figure: float, against: float) -> Figure:
    return Figure(bench=bench, figure=figure, unit="us", against=against)
