"""What one request does to the database, as MongoDB's profiler saw it, so that a bare route can do the same.

Nobody has to keep the bare route like the product by hand: it repeats the very statements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson.json_util import JSONMode, JSONOptions, dumps, loads
from pymongo import MongoClient

from server.access.limit_store import COLLECTION as RATE_LIMITS
from server.access.store import USES
from tests.bench.bench import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Document = dict[str, Any]
_BESIDE = (
    f".{RATE_LIMITS}",
    f".{USES}",
)  # shared every second and every minute; so is the change stream read
_EVERY_TYPE = JSONOptions(json_mode=JSONMode.CANONICAL, tz_aware=True)


class ReplayError(BenchError):
    """The request did something to the database that a bare route can't repeat yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A read of one document by its id or, with an `update`, a write that returns it."""

    collection: str
    query: Document
    fields: Document | None
    update: Document | list[Document] | None

    def query_for(self, document_id: str) -> Document:
        """Return the query with another document's id."""
        return {**self.query, "_id": document_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One request: its statements in their order, and the body that it was answered with."""

    statements: Sequence[Statement]
    body: bytes


def record(mongodb_url: str, database: str, document_id: str, request: Callable[[], bytes]) -> Recording:
    """Return what `request` does, which is about the document with this id; nothing else may run then."""
    with MongoClient[Document](mongodb_url) as client:
        found = client[database]
        found.command("profile", 2)
        body = request()
        found.command("profile", 0)
        entries = list(found["system.profile"].find(sort=[("ts", 1)]))
        found.drop_collection("system.profile")
    statements = [_statement(entry, document_id) for entry in _of_request(entries)]
    if not statements:
        raise ReplayError("The profiler saw no statement of the request, so there is nothing to repeat.")
    return Recording(statements=statements, body=body)


def to_text(recording: Recording) -> str:
    """Return the recording as text, every BSON type kept."""
    statements = [
        {"collection": each.collection, "query": each.query, "fields": each.fields, "update": each.update}
        for each in recording.statements
    ]
    content = {"statements": statements, "body": recording.body.decode()}
    return dumps(content, json_options=_EVERY_TYPE)


def from_text(text: str) -> Recording:
    """Return the recording that `to_text` wrote."""
    content = loads(text, json_options=_EVERY_TYPE)
    return Recording(
        statements=[Statement(**each) for each in content["statements"]], body=content["body"].encode()
    )


def _of_request(entries: Sequence[Document]) -> Iterator[Document]:
    """Leave out the profiler's own, and what happens whether requests come or not."""
    for entry in entries:
        is_own = entry["ns"].endswith(".system.profile") or "profile" in entry["command"]
        is_beside = entry["op"] == "getmore" or entry["ns"].endswith(_BESIDE)
        if not is_own and not is_beside:
            yield entry


def _statement(entry: Document, document_id: str) -> Statement:
    command = entry["command"]
    name = next(iter(command))
    query = command.get("query" if name == "findAndModify" else "filter", {})
    if name not in {"find", "findAndModify"} or document_id not in str(query.get("_id")):
        raise ReplayError(
            f"A bare route can't repeat this {entry['op']} in {entry['ns']} yet: teach tests/bench/replay.py."
        )
    return Statement(
        collection=command[name],
        query=query,
        fields=command.get("fields", command.get("projection")),
        update=command.get("update"),
    )
