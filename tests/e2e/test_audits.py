"""The audits that npm's graphql-http makes of GraphQL over HTTP, against the service as in production."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING

from server.app import create_app
from tests.test_architecture import ROOT
from tests.web.sockets import served

if TYPE_CHECKING:
    from tests.api import Api

_FOLDER = ROOT / "tests" / "e2e" / "graphql_http"
_AUDITS = 61  # of version 1.23.1


async def test_all_audits_of_graphql_over_http_pass(production_api: Api) -> None:
    async with served(create_app(production_api.services)) as place:
        running = await asyncio.create_subprocess_exec(
            "node", "audit.mjs", f"http://{place}/graphql", cwd=_FOLDER, stdout=subprocess.PIPE
        )
        printed, _ = await running.communicate()

    audits = [json.loads(line) for line in printed.splitlines()]
    assert [each for each in audits if each["status"] != "ok"] == []
    assert len(audits) == _AUDITS
