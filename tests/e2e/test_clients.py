"""Apollo Client and urql with their defaults, and with automatic persisted queries, against the service."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING, Any

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


async def _told(script: str, api: Api) -> dict[str, Any]:
    """Run a script as an app, and return what it tells."""
    app = await api.app(Scope.PROFILES_READ)
    async with served(create_app(api.services)) as place:
        running = await asyncio.create_subprocess_exec(
            *("node", script, f"http://{place}/graphql", app.token or ""),
            cwd=_FOLDER,
            stdout=subprocess.PIPE,
        )
        printed, _ = await running.communicate()
    told: dict[str, Any] = json.loads(printed)
    return told


async def test_clients_read_write_and_hear_what_is_wrong(production_api: Api) -> None:
    told = await _told("ask.mjs", production_api)

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


_CLIENTS = ("apollo by id", "apollo by path", "urql")


async def test_clients_show_first_what_is_there_first(production_api: Api) -> None:
    told = await _told("later.mjs", production_api)

    four = ["name", "given_name", "family_name", "middle_name"]
    assert {name: [each["keys"] for each in states] for name, states in told.items()} == {
        **{f"{client}, deferred": [[], four[:2]] for client in _CLIENTS},
        **{f"{client}, streamed": [four[:1], four] for client in _CLIENTS},
    }
    assert [told[f"{client}, deferred"][0]["kind"] for client in _CLIENTS] == ["APP"] * 3
