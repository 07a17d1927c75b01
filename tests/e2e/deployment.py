"""A deployment of real processes: API, worker and demo page, each on a port of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from server.kit.leash import leashed
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

_PARTS = ("serve", "worker", "demo")
PATIENCE = 90.0  # seconds; a loaded machine takes a while to start three processes
_TICK = 0.05  # seconds between two looks


class Deployment:
    """One database and the processes on it; what they say goes to files in `folder`."""

    def __init__(self, folder: Path, mongodb_url: str, ports: tuple[int, int], providers: object) -> None:
        self._folder = folder
        self.api_url, self.demo_url = (f"http://127.0.0.1:{port}" for port in ports)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACQUAINT_")}
        self._environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "ACQUAINT_ENVIRONMENT": "development",
            "ACQUAINT_SECRET": secrets.token_hex(32),
            "ACQUAINT_MONGODB_URL": mongodb_url,
            "ACQUAINT_DATABASE": f"e2e_{secrets.token_hex(4)}",
            "ACQUAINT_PORT": str(ports[0]),
            "ACQUAINT_PUBLIC_URL": self.api_url,
            "ACQUAINT_DEMO_URL": self.demo_url,
            "ACQUAINT_PROVIDERS": json.dumps(providers),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._admin_key = ""

    @property
    def database(self) -> str:
        """The name of the database."""
        return self._environment["ACQUAINT_DATABASE"]

    def set_up(self) -> None:
        """Create indexes, the demo and its keys."""
        process = self._start("setup", subprocess.PIPE)
        printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, self.log("setup")
        keys = [json.loads(line) for line in printed.splitlines()]
        self._admin_key = next(key["token"] for key in keys if key["kind"] == "admin_key")

    def start(self) -> None:
        """Start every part and return once they serve."""
        self._processes = {part: self._start(part) for part in _PARTS}
        deadline = time.monotonic() + PATIENCE
        while not (self._answers(f"{self.api_url}/readyz") and self._answers(self.demo_url)):
            for part, process in self._processes.items():
                assert process.poll() is None, f"{part} ended: {self.log(part)}"
            assert time.monotonic() < deadline, f"it did not start: {self.log('serve')}{self.log('demo')}"
            time.sleep(_TICK)

    def stop(self) -> None:
        """Ask every part to end, and wait until it has."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(PATIENCE)

    def log(self, part: str) -> str:
        """Return what a part said so far."""
        return (self._folder / f"{part}.log").read_text()

    async def ask(self, query: str, variables: object = None, *, token: str | None = None) -> dict[str, Any]:
        """Send an operation, as the admin unless a token says otherwise, and return its data."""
        headers = {"Authorization": f"Bearer {token or self._admin_key}"}
        body = {"query": query, "variables": variables}
        async with httpx.AsyncClient() as http:
            response = await http.post(f"{self.api_url}/graphql", json=body, headers=headers)
        assert response.status_code == httpx.codes.OK, response.text
        assert "errors" not in response.json(), response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    def _start(self, part: str, output: int | None = None) -> subprocess.Popen[bytes]:
        with (self._folder / f"{part}.log").open("ab") as log:
            return subprocess.Popen(
                leashed([sys.executable, "-m", "server", part]),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=log,
            )

    def _answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=PATIENCE).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def free_ports() -> tuple[int, int]:
    """Return two ports of loopback that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


async def eventually(condition: Callable[[], Awaitable[object]], what: str) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > deadline:
            pytest.fail(f"it never came about that {what}")
        await asyncio.sleep(_TICK)
