"""What a request did to the database is seen, kept as text, and repeated by the bare route for others."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pymongo import MongoClient

from tests.bench.bare import create_bare
from tests.bench.replay import Recording, ReplayError, Statement, from_text, record, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.kit.mongo import Database

_MARK = Statement(
    collection="profiles",
    query={"_id": "prf_1", "is_marked": {"$ne": True}},
    fields={"outbox": 0},
    update={"$set": {"is_marked": True, "at": datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC), "share": 0.5}},
)


def test_recording_keeps_every_type_on_its_way() -> None:
    recording = Recording(statements=[_MARK], body=b'{"data":{}}')

    assert from_text(to_text(recording)) == recording


def test_statement_is_repeated_for_another_document() -> None:
    assert _MARK.query_for("prf_2") == {"_id": "prf_2", "is_marked": {"$ne": True}}


def test_statement_of_a_request_is_seen(mongodb_url: str) -> None:
    recording = _record(
        mongodb_url,
        lambda client, name: client[name]["profiles"].find_one_and_update(
            _MARK.query, _MARK.update or {}, projection=_MARK.fields
        ),
    )

    [seen] = recording.statements
    assert (seen.collection, seen.query, seen.fields) == (_MARK.collection, _MARK.query, _MARK.fields)
    assert seen.update == {
        "$set": {"is_marked": True, "at": datetime(2026, 3, 14, 9, 26, 53), "share": 0.5}  # noqa: DTZ001
    }


def test_statement_that_cannot_be_repeated_is_refused(mongodb_url: str) -> None:
    with pytest.raises(ReplayError, match="remove in"):
        _record(mongodb_url, lambda client, name: client[name]["profiles"].delete_one({"_id": "prf_1"}))


def test_what_happens_beside_a_request_is_left_out(mongodb_url: str) -> None:
    def share_and_mark(client: MongoClient[dict[str, Any]], name: str) -> None:
        client[name]["rate_limits"].find_one({"rule": "requests"})
        client[name]["profiles"].find_one_and_update(_MARK.query, _MARK.update or {})

    recording = _record(mongodb_url, share_and_mark)

    assert [each.collection for each in recording.statements] == ["profiles"]


def test_request_without_a_statement_is_refused(mongodb_url: str) -> None:
    with pytest.raises(ReplayError, match="nothing to repeat"):
        _record(mongodb_url, lambda _client, _name: None)


async def test_bare_route_does_for_others_what_was_recorded(database: Database) -> None:
    await database["profiles"].insert_one({"_id": "prf_2", "outbox": []})
    bare = create_bare(database, Recording(statements=[_MARK], body=b"prepared"))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(bare), base_url="http://bare.test") as client:
        first = await client.post("/prf_2", content=b"{}")
        second = await client.post("/prf_2", content=b"{}")

    assert (first.status_code, first.content) == (200, b"prepared")
    assert second.status_code == 404, "the guard of the statement no longer holds"
    assert await database["profiles"].count_documents({"_id": "prf_2", "is_marked": True}) == 1


def _record(mongodb_url: str, request: Callable[[MongoClient[dict[str, Any]], str], object]) -> Recording:
    name = f"test_{secrets.token_hex(8)}"
    with MongoClient[dict[str, Any]](mongodb_url) as client:
        client[name]["profiles"].insert_one({"_id": "prf_1"})
        try:
            return record(mongodb_url, name, "prf_1", lambda: bytes(bool(request(client, name))))
        finally:
            client.drop_database(name)
