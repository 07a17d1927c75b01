"""Requests and archives in MongoDB: collections `privacy_requests` and `export_chunks`.

An archive lies in chunks, so that any process can hand it out; a TTL index drops them when it expires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ReturnDocument

from server.kit.documents import known
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.privacy.model import Archive, PrivacyRequest, RequestId, RequestKind, RequestState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

REQUESTS = "privacy_requests"
CHUNKS = "export_chunks"
CHUNK_BYTES = 255 * 1024  # what GridFS takes: two fit into a page of the storage engine, none wastes one


class PrivacyStore:
    """Reads and writes requests and archives."""

    def __init__(self, database: Database) -> None:
        self._requests = database[REQUESTS]
        self._chunks = database[CHUNKS]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._requests.create_indexes(
            [
                IndexModel(
                    [("profile_id", 1), ("kind", 1)],
                    unique=True,
                    partialFilterExpression={"state": RequestState.REQUESTED.value},
                ),
                IndexModel([("profile_id", 1), ("_id", -1)]),
                IndexModel("profile_ids"),
            ]
        )
        await self._chunks.create_indexes(
            [
                IndexModel([("archive_id", 1), ("n", 1)]),
                IndexModel("request_id"),
                IndexModel("profile_id"),
                IndexModel("expires_at", expireAfterSeconds=0),
            ]
        )

    # Requests

    async def insert(self, request: PrivacyRequest) -> PrivacyRequest:
        """Store a request, or return the one of its kind that waits for the same profile already."""
        try:
            await self._requests.insert_one(_document(request))
        except DuplicateKeyError:
            waiting = {"profile_id": request.profile_id, "kind": request.kind.value}
            found = await self._requests.find_one({**waiting, "state": RequestState.REQUESTED.value})
            return await self.insert(request) if found is None else _model(found)
        return request

    async def find(self, request_id: RequestId) -> PrivacyRequest | None:
        """Return a request."""
        found = await self._requests.find_one({"_id": request_id})
        return None if found is None else _model(found)

    async def erasure_of(self, profile_id: str) -> PrivacyRequest | None:
        """Return the last erasure of whoever this profile was."""
        erasures = {"profile_ids": profile_id, "kind": RequestKind.ERASE.value}
        found = await self._requests.find_one(erasures, sort=[("_id", -1)])
        return None if found is None else _model(found)

    async def page(self, request: PageRequest, kind: RequestKind | None) -> list[PrivacyRequest]:
        """Return the requests of a page and one more where there is one, newest first."""
        criteria: Document = {} if kind is None else {"kind": kind.value}
        if request.after is not None:
            criteria["_id"] = {"$lt": request.after}
        found = self._requests.find(criteria).sort("_id", -1).limit(request.first + 1)
        return [_model(document) async for document in found]

    async def add_profiles(self, request_id: RequestId, profile_ids: Iterable[str]) -> PrivacyRequest | None:
        """Note further ids that the person had, before anything is erased that leads from one to another."""
        found: Document | None = await self._requests.find_one_and_update(
            {"_id": request_id},
            {"$addToSet": {"profile_ids": {"$each": list(profile_ids)}}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _model(found)

    async def finish(
        self,
        request_id: RequestId,
        state: RequestState,
        now: datetime,
        archive: Archive | None = None,
    ) -> bool:
        """Note how a request ended; False where it is done or gone. What failed may be begun once more."""
        shown = None if archive is None else _archive_document(archive)
        written = await self._requests.update_one(
            {"_id": request_id, "state": {"$ne": RequestState.DONE.value}},
            {"$set": {"state": state.value, "finished_at": now, "archive": shown}},
        )
        return written.matched_count == 1

    async def settle(self, request_id: RequestId, now: datetime) -> None:
        """Note that nothing was left when it was looked at once more."""
        await self._requests.update_one(
            {"_id": request_id, "settled_at": None}, {"$set": {"settled_at": now}}
        )

    # Archives

    async def add_chunk(
        self, request: PrivacyRequest, archive_id: str, n: int, data: bytes, expires_at: datetime
    ) -> None:
        """Store a part of an archive; a second time changes nothing."""
        entry = {
            "archive_id": archive_id,
            "request_id": request.id,
            "profile_id": request.profile_id,
            "n": n,
            "data": data,
            "expires_at": expires_at,
        }
        await self._chunks.replace_one({"_id": f"{archive_id}:{n}"}, entry, upsert=True)

    async def drop_chunks(self, request_id: RequestId, *, but: str) -> None:
        """Drop what other attempts left of an archive."""
        await self._chunks.delete_many({"request_id": request_id, "archive_id": {"$ne": but}})

    async def chunks(self, archive: Archive) -> AsyncIterator[bytes]:
        """Yield an archive, part by part."""
        async for chunk in self._chunks.find({"archive_id": archive.id}).sort("n", 1):
            yield chunk["data"]


def _document(request: PrivacyRequest) -> Document:
    return {
        "_id": request.id,
        "kind": request.kind.value,
        "profile_id": request.profile_id,
        "profile_ids": list(request.profile_ids),
        "state": request.state.value,
        "requested_by": request.requested_by,
        "requested_at": request.requested_at,
        "finished_at": request.finished_at,
        "settled_at": request.settled_at,
        "archive": None if request.archive is None else _archive_document(request.archive),
    }


def _model(document: Document) -> PrivacyRequest:
    archive = document["archive"]
    return PrivacyRequest(
        id=RequestId(document["_id"]),
        kind=RequestKind(document["kind"]),
        profile_id=document["profile_id"],
        profile_ids=tuple(document["profile_ids"]),
        state=RequestState(document["state"]),
        requested_by=document["requested_by"],
        requested_at=document["requested_at"],
        finished_at=document["finished_at"],
        settled_at=document["settled_at"],
        archive=None if archive is None else Archive(**known(Archive, archive)),
    )


def _archive_document(archive: Archive) -> Document:
    return {
        "id": archive.id,
        "size_bytes": archive.size_bytes,
        "sha256": archive.sha256,
        "chunks": archive.chunks,
        "expires_at": archive.expires_at,
    }
