"""Runs a client that listens, beside the tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

_FOLDER = Path(__file__).parent
_PATIENCE = 20  # seconds


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A client that listens to the changes of all profiles."""

    process: Process

    async def heard(self) -> dict[str, Any]:
        """Return what it said next."""
        assert self.process.stdout is not None
        async with asyncio.timeout(_PATIENCE):
            line = await self.process.stdout.readline()
        said: dict[str, Any] = json.loads(line)
        return said

    async def tell(self, what: str) -> None:
        """Tell it to `drop` its connection, or to `go` on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n".encode())
        await self.process.stdin.drain()


@contextlib.asynccontextmanager
async def subscriber(client: str, url: str, token: str, query: str) -> AsyncIterator[Subscriber]:
    """Run a client for as long as the block lasts; it ends with us, however we end."""
    if not (_FOLDER / "node_modules").is_dir():
        pytest.fail("The subscribers of the tests are not installed: run `make test`, which does it.")
    options = json.dumps({"client": client, "url": url, "token": token, "query": query})
    process = await asyncio.create_subprocess_exec(
        "node", "listen.mjs", options, cwd=_FOLDER, stdin=PIPE, stdout=PIPE
    )
    try:
        yield Subscriber(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
