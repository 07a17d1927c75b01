"""schemathesis against the published schema, with all checks; ACQUAINT_FUZZ_EXAMPLES for more of each."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from server.app import create_app
from tests.test_architecture import ROOT
from tests.web.sockets import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api import Api

_EXAMPLES = os.environ.get("ACQUAINT_FUZZ_EXAMPLES", "3")  # of each field of the roots, twice
_OPERATIONS = 100  # and more: fields of the roots


async def test_schemathesis_finds_nothing(production_api: Api, tmp_path: Path) -> None:
    program = "from schemathesis.cli import schemathesis; schemathesis()"
    headers = {"Authorization": f"Bearer {production_api.admin.token}", "Accept": "application/json"}
    async with served(create_app(production_api.services)) as place:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, "run", ROOT / "schema.graphql"),
            *("--url", f"http://{place}/graphql", "--checks", "all", "--mode", "all"),
            *("--max-examples", _EXAMPLES, "--continue-on-failure", "--no-color"),
            *(word for name, value in headers.items() for word in ("--header", f"{name}: {value}")),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.e2e.fuzzing"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        printed, _ = await running.communicate()

    told = printed.decode()
    tested = re.search(r"Tested: (\d+)", told)
    assert running.returncode == 0, told
    assert tested is not None, told
    assert int(tested[1]) > _OPERATIONS
