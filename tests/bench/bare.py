"""The floor: a bare Starlette route that repeats the statements of a recorded request, with prepared JSON.

`python -m tests.bench.bare MONGODB_URL DATABASE PORT RECORDING`. Same driver, same settings of driver and
server as the API; no GraphQL, no tokens, no rules.
"""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from pymongo import ReturnDocument
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from server.kit.mongo import connect, open_database
from tests.bench.replay import from_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from server.kit.mongo import Database, Document
    from tests.bench.replay import Recording, Statement


def create_bare(database: Database, recording: Recording) -> Starlette:
    """Return the app: `POST /{id}` does for the document with this id what the recording did for its own."""

    async def repeat(request: Request) -> Response:
        await request.body()
        for statement in recording.statements:
            if await run_statement(database, statement, request.path_params["id"]) is None:
                return Response(status_code=404)
        return Response(recording.body, media_type="application/json")

    async def ready(_: Request) -> Response:
        await database.command("ping")
        return Response()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        database.client.close()

    routes = [Route("/readyz", ready), Route("/{id}", repeat, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


async def run_statement(database: Database, statement: Statement, document_id: str) -> Document | None:
    """Do for the document with this id what the statement did; return it, or None where it did nothing."""
    collection = database[statement.collection]
    query = statement.query_for(document_id)
    found: Document | None
    if statement.update is None:
        found = await collection.find_one(query, statement.fields)
    else:
        found = await collection.find_one_and_update(
            query, statement.update, projection=statement.fields, return_document=ReturnDocument.AFTER
        )
    return found


def _main(mongodb_url: str, database: str, port: str, recording: str) -> None:
    opened = open_database(connect(mongodb_url), database)
    app = create_bare(opened, from_text(Path(recording).read_text()))
    uvicorn.run(app, host="127.0.0.1", port=int(port), access_log=False, server_header=False, log_config=None)


if __name__ == "__main__":
    _main(*sys.argv[1:])
