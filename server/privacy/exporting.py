"""Packs everything that is known of one person: a zip of JSON files, one a collection, with a manifest."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from server.kit.jobs.model import Done
from server.privacy.model import ARCHIVE_LIFETIME, Archive, RequestId, RequestState
from server.privacy.store import CHUNK_BYTES
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime
    from typing import IO

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.privacy.holding_store import HoldingStore
    from server.privacy.model import Holding, PrivacyRequest
    from server.privacy.store import PrivacyStore
    from server.profiles.service import Profiles

_IN_MEMORY_BYTES = 8 * 1024 * 1024  # beyond it the archive grows on disk: memory stays flat
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip knows no date before; a fixed one makes equal data equal bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What the manifest says of one file."""

    holding: Holding
    name: str
    count: int
    sha256: str


class Exporting:
    """Runs the jobs of kind EXPORT."""

    def __init__(
        self, *, profiles: Profiles, store: PrivacyStore, holdings: HoldingStore, clock: Clock
    ) -> None:
        self._profiles = profiles
        self._store = store
        self._holdings = holdings
        self._clock = clock

    async def run(self, job: Job) -> JobResult:
        """Pack, store in chunks under this lease's own name, and then say which archive counts."""
        request = await self._store.find(RequestId(job.payload["request"]))
        if request is None or request.state is RequestState.DONE:
            return Done()
        profile = await self._profiles.find_living(ProfileId(request.profile_id))
        if profile is None:
            await self._store.finish(request.id, RequestState.FAILED, self._clock())
            return Done()
        known = await self._profiles.lineage(profile.id)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
            await self._pack(request, known, file)
            archive = await self._keep(request, f"{job.id}:{job.fence}", file)
        if await self._store.finish(request.id, RequestState.DONE, self._clock(), archive):
            await self._store.drop_chunks(request.id, but=archive.id)
        return Done()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it."""

    async def given_up(self, job: Job, reason: str) -> None:  # noqa: ARG002 - the worker logs it
        """Show that it failed; whoever asked asks again."""
        await self._store.finish(RequestId(job.payload["request"]), RequestState.FAILED, self._clock())

    async def _pack(self, request: PrivacyRequest, known: Sequence[str], file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            listed = [
                await _add(archive, holding, self._holdings.records(holding, known))
                for holding in self._holdings.personal
                if holding.is_exported
            ]
            archive.writestr(_info("manifest.json"), _json(_manifest(request, known, listed, self._clock())))

    async def _keep(self, request: PrivacyRequest, archive_id: str, file: IO[bytes]) -> Archive:
        expires_at = self._clock() + ARCHIVE_LIFETIME
        file.seek(0)
        digest, size, count = hashlib.sha256(), 0, 0
        while data := file.read(CHUNK_BYTES):
            await self._store.add_chunk(request, archive_id, count, data, expires_at)
            digest.update(data)
            size, count = size + len(data), count + 1
        return Archive(
            id=archive_id, size_bytes=size, sha256=digest.hexdigest(), chunks=count, expires_at=expires_at
        )


async def _add(archive: zipfile.ZipFile, holding: Holding, records: AsyncIterator[dict[str, Any]]) -> _Listed:
    """Write one file, a JSON array of the collection's documents, one a line."""
    name, count, digest = f"{holding.collection}.json", 0, hashlib.sha256()
    with archive.open(_info(name), "w") as file:
        async for record in records:
            line = (b",\n" if count else b"[\n") + _json(record)
            file.write(line)
            digest.update(line)
            count += 1
        end = b"\n]\n" if count else b"[]\n"
        file.write(end)
        digest.update(end)
    return _Listed(holding=holding, name=name, count=count, sha256=digest.hexdigest())


def _manifest(
    request: PrivacyRequest, known: Sequence[str], listed: Sequence[_Listed], now: datetime
) -> dict[str, Any]:
    return {
        "format": "acquaint-person-export",
        "version": 1,
        "request": request.id,
        "profiles": list(known),
        "made_at": now,
        "files": [
            {
                "name": each.name,
                "owner": each.holding.owner,
                "documents": each.count,
                "sha256": each.sha256,
                "left_out": sorted(each.holding.secret),
            }
            for each in listed
        ],
    }


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EARLIEST)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _json(value: object) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)
