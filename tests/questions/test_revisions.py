"""What one process publishes, the others ask once they hear of it, and no request fails meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx

from server.kit.clock import system_clock
from server.kit.leash import leashed
from tests.api import SECRET, running_api, settings_for
from tests.factories.questions import question_draft
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server.kit.mongo import Database
    from tests.api import Caller

PATIENCE = 90.0  # seconds for two processes to start; a loaded machine takes a few
NEXT = "{ nextQuestion { ask { question { prompt } } } }"
UPDATE = """mutation ($input: UpdateQuestionInput!) { updateQuestion(input: $input) {
  ... on QuestionSetSuccess { questionSet { version } } } }"""
PUBLISH = """mutation ($input: QuestionSetVersionInput!) { publishQuestionSet(input: $input) {
  ... on QuestionSetSuccess { questionSet { revision } } } }"""


async def test_published_revision_reaches_every_process_by_the_change_stream(
    mongodb_url: str, database: Database, tmp_path: Path
) -> None:
    async with running_api(settings_for(mongodb_url, database.name), system_clock) as seeding:
        published = await seeding.publish("work", question_draft("job_title", prompt="Old?"))
        person, admin = await seeding.person(), seeding.admin
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(_serving(mongodb_url, database.name, tmp_path)) for _ in range(2)]
        async with httpx.AsyncClient() as http, asyncio.timeout(PATIENCE):
            one, other = [_Process(http, port) for port in ports]
            await asyncio.gather(one.is_ready(), other.is_ready())
            await asyncio.gather(*(each.ask_until("Old?", person) for each in (one, other)))
            asking = [asyncio.create_task(each.ask_until("New?", person)) for each in (one, other)]
            job = {"key": "job_title", "kind": "TEXT", "attribute": "job_title", "prompt": "New?"}
            given = {"id": published.id, "expectedVersion": published.version, "question": job}
            updated = (await one.send(UPDATE, {"input": given}, admin))["updateQuestion"]["questionSet"]
            await one.send(
                PUBLISH, {"input": {"id": published.id, "expectedVersion": updated["version"]}}, admin
            )
            heard = await asyncio.gather(*asking)
        logs = [(tmp_path / f"{port}.log").read_text() for port in ports]

    assert all(prompts <= {"Old?", "New?"} for prompts in heard)
    assert all("listening on" in each and "polling" not in each for each in logs)


class _Process:
    """One API process, spoken to over a socket."""

    def __init__(self, http: httpx.AsyncClient, port: int) -> None:
        self._http, self._url = http, f"http://127.0.0.1:{port}"

    async def is_ready(self) -> None:
        """Return once it serves."""
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await self._http.get(f"{self._url}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)

    async def send(self, query: str, variables: object, by: Caller) -> dict[str, Any]:
        """Send an operation that may not fail, and return its data."""
        body = {"query": query, "variables": variables}
        response = await self._http.post(f"{self._url}/graphql", json=body, headers=by.headers)
        assert response.status_code == httpx.codes.OK, response.text
        assert "errors" not in response.json(), response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    async def ask_until(self, prompt: str, person: Caller) -> set[str]:
        """Ask for the next question over and over; return the prompts until this one."""
        prompts: set[str] = set()
        while prompt not in prompts:
            found = (await self.send(NEXT, None, person))["nextQuestion"]
            prompts.add(found["ask"]["question"]["prompt"])
        return prompts


@contextlib.contextmanager
def _serving(mongodb_url: str, database: str, folder: Path) -> Iterator[int]:
    """Run an API process on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ACQUAINT_")},
        "PYTHONPATH": str(ROOT),
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_MONGODB_URL": mongodb_url,
        "ACQUAINT_DATABASE": database,
        "ACQUAINT_SECRET": SECRET,
        "ACQUAINT_LIMITS": '{"requests_per_address": null, "requests_per_profile": null}',
        "ACQUAINT_PORT": str(port),
        "ACQUAINT_PUBLIC_URL": settings_for(mongodb_url, database).public_url,
    }
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            leashed([sys.executable, "-m", "server", "serve"]), cwd=folder, env=environment, stderr=log
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)
