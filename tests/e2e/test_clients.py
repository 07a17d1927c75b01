"""Apollo Client and urql with their defaults, and with automatic persisted queries, against the service."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.app import create_app
from tests.test_architecture import ROOT
from tests.web.sockets import served

if TYPE_CHECKING:
    from tests.api import Api

_FOLDER = ROOT / "tests" / "e2e" / "graphql_clients"


# What each sends for a query, the same again, a mutation and a wrong query: urql asks by GET as long as the
# document fits into an address, and hashes send their text only once.
_SENT = {
    "apollo": "POST POST POST POST",
    "apollo persisted": "GET POST GET POST POST GET POST",
    "urql": "GET GET POST GET",
    "urql persisted": "GET GET POST GET GET",
}
_RIGHT = {"kind": "APP", "again": "APP", "wrote": "ForbiddenError"}


async def test_clients_read_write_and_hear_what_is_wrong(production_api: Api) -> None:
    app = await production_api.app(Scope.PROFILES_READ)

    async with served(create_app(production_api.services)) as place:
        running = await asyncio.create_subprocess_exec(
            *("node", "ask.mjs", f"http://{place}/graphql", app.token or ""),
            cwd=_FOLDER,
            stdout=subprocess.PIPE,
        )
        printed, _ = await running.communicate()

    told = json.loads(printed)
    assert told.keys() == {"apollo", "apollo persisted", "urql", "urql persisted"}
    assert {name: each for name, each in told.items() if not _RIGHT.items() <= each.items()} == {}
    assert ["nothing" in each["refused"] for each in told.values()] == [True] * 4
    assert {name: each["sent"] for name, each in told.items()} == _SENT


async def test_schema_composes_with_another_subgraph() -> None:
    running = await asyncio.create_subprocess_exec(
        "node", "compose.mjs", str(ROOT / "schema.graphql"), cwd=_FOLDER, stdout=subprocess.PIPE
    )
    printed, _ = await running.communicate()

    composed = json.loads(printed)
    assert (composed["errors"], composed["hints"]) == ([], [])
    assert {"traits", "orders"} <= set(composed["fields"])
