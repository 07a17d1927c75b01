"""A deployment of real processes that can be killed and started again."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from pymongo import MongoClient

from server.kit.leash import leashed
from server.kit.mongod import Mongod, start_mongod

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pymongo.database import Database

ROOT = Path(__file__).parent.parent.parent
ORIGIN = "https://shop.example"
PATIENCE = 240.0  # seconds; everything here takes a fraction of it on a machine of its own
DATABASE = "faults"

Answer = dict[str, Any]


class World:
    """One API and any number of workers, with a question set that asks everybody.

    They run on the MongoDB at `mongodb_url`, else on a mongod of their own.
    """

    def __init__(self, folder: Path, mongodb_url: str | None = None, **environment: str) -> None:
        self._folder = folder
        self._mongod: Mongod | None = None if mongodb_url else start_mongod(folder / "mongodb")
        url = mongodb_url or (self._mongod.url if self._mongod else "")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ACQUAINT_ENVIRONMENT": "development",
            "ACQUAINT_MONGODB_URL": url,
            "ACQUAINT_DATABASE": DATABASE,
            "ACQUAINT_SECRET": secrets.token_hex(32),
            "ACQUAINT_PORT": str(self.port),
            **environment,
        }
        self._client: MongoClient[dict[str, Any]] = MongoClient(url, tz_aware=True)
        self.database: Database[dict[str, Any]] = self._client[DATABASE]
        self.processes: list[subprocess.Popen[bytes]] = []
        self.admin_key = self.publishable_key = ""
        self.said = ""  # by /readyz

    def start(self) -> None:
        """Set up, start the API, and publish a question."""
        self.set_up()
        self.start_api()
        self.publish()

    def start_api(self) -> None:
        """Start the API and return once it can serve."""
        self.api = self._start("api", "-m", "server", "serve")
        eventually(lambda: self.is_ready(self.url, self.api), "the API is ready")

    def kill_api(self) -> None:
        """End the API without a chance to tidy up."""
        kill(self.api)

    def start_worker(self, program: str = "quick_worker.py", **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with a short lease; of one with an environment of its own the output can be read."""
        return self._start("worker", str(Path(__file__).parent / program), **environment)

    def start_command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of the commands of the command line."""
        return self._start(arguments[0], "-m", "server", *arguments)

    def close(self) -> None:
        """End everything."""
        for process in self.processes:
            kill(process)
        self._client.close()
        if self._mongod is not None:
            self._mongod.stop()

    def ask(self, token: str, query: str, variables: Answer, *, origin: str | None = None) -> Answer:
        """Send one GraphQL request and return its data, trying again until it is acknowledged."""
        headers = {"Authorization": f"Bearer {token}", **({"Origin": origin} if origin else {})}
        body = {"query": query, "variables": variables}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                reply = httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=PATIENCE)
                if reply.status_code == httpx.codes.OK and "errors" not in reply.json():
                    data: Answer = reply.json()["data"]
                    return data
                assert reply.status_code != httpx.codes.BAD_REQUEST, reply.text
                trouble = reply.text
            except httpx.TransportError as error:
                trouble = repr(error)
            assert time.monotonic() < deadline, trouble
            threading.Event().wait(0.05)

    def try_to_ask(self, token: str, query: str, variables: Answer) -> None:
        """Send one GraphQL request to a server that may not live to answer it."""
        headers, body = {"Authorization": f"Bearer {token}"}, {"query": query, "variables": variables}
        with contextlib.suppress(httpx.TransportError):
            httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=PATIENCE)

    def app_key(self, name: str) -> str:
        """Return a new key of an app that reads and writes profiles."""
        query = """mutation ($name: String!) { createApiKey(
            input: {kind: SECRET, name: $name, scopes: [PROFILES_READ, PROFILES_WRITE]}) {
            ... on CreateApiKeySuccess { token } } }"""
        token: str = self.ask(self.admin_key, query, {"name": name})["createApiKey"]["token"]
        return token

    def start_visit(self) -> tuple[str, str]:
        """Return the viewer token of a new visitor, and the id of what they are asked."""
        query = """mutation { startVisit(input: {}) { ... on StartVisitSuccess {
            viewerToken next { ask { id } } } } }"""
        started = self.ask(self.publishable_key, query, {}, origin=ORIGIN)["startVisit"]
        return started["viewerToken"], started["next"]["ask"]["id"]

    def answer(self, viewer_token: str, ask_id: str, value: str) -> None:
        """Answer; return when that is acknowledged."""
        query = """mutation ($ask: ID!, $value: JSON!) { answerQuestion(input: {askId: $ask, value: $value}) {
            ... on AnswerQuestionSuccess { outcome } } }"""
        data = self.ask(viewer_token, query, {"ask": ask_id, "value": value}, origin=ORIGIN)
        assert data == {"answerQuestion": {"outcome": "ANSWERED"}}

    def set_email(self, user_id: str, email: str) -> str:
        """Tell a user's address; return the profile's id when that is acknowledged."""
        query = """mutation ($user: String!, $email: JSON!) { setAttributes(input: {profile: {userId: $user},
            attributes: [{key: "email", value: $email}], createIfMissing: true}) {
            ... on SetAttributesSuccess { profile { id } } } }"""
        data = self.ask(self.admin_key, query, {"user": user_id, "email": email})
        profile_id: str = data["setAttributes"]["profile"]["id"]
        return profile_id

    def is_quiet(self, patient: str | None = None) -> bool:
        """Whether everything announced and queued is done, save what this enricher waits for."""
        waiting = self.database["profiles"].count_documents({"outbox.0": {"$exists": True}})
        is_idle = [{"state": "queued"}, {"run_at": {"$lt": datetime.now(UTC)}}]  # or its lease ran out
        resting = {"payload.enricher": patient or "none", "$or": is_idle}
        jobs = {"live": True, "$nor": [resting]}
        return waiting == 0 and self.database["jobs"].count_documents(jobs) == 0

    def start_part(self, log: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process of a test's own."""
        return self._run(log, arguments, environment, is_heard=False)

    def _start(self, log: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        return self._run(log, (sys.executable, *arguments), environment, is_heard=bool(environment))

    def _run(
        self, log: str, command: Sequence[str], environment: Mapping[str, str], *, is_heard: bool
    ) -> subprocess.Popen[bytes]:
        with (self._folder / f"{log}.log").open("ab") as errors:
            process = subprocess.Popen(
                leashed(command),
                cwd=self._folder,
                env={**self._environment, **environment},
                stdout=subprocess.PIPE if is_heard else errors,
                stderr=errors,
            )
        self.processes.append(process)
        return process

    def is_ready(self, url: str, process: subprocess.Popen[bytes] | None) -> bool:
        """Whether an API can serve."""
        assert process is not None
        assert process.poll() is None, f"the API ended: see {self._folder}"
        try:
            self.said = httpx.get(f"{url}/readyz").text
        except httpx.TransportError as error:
            self.said = repr(error)
        return self.said == '{"status":"ok"}'

    def set_up(self) -> None:
        """Create indexes, the demo and an admin key."""
        command = [sys.executable, "-m", "server", "setup"]
        printed = subprocess.run(
            command, cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, check=True
        )
        keys = [json.loads(line) for line in printed.stdout.splitlines()]
        self.admin_key = next(str(key["token"]) for key in keys if key["kind"] == "admin_key")

    def publish(self) -> None:
        """Publish a question that everybody is asked, and make a key for pages."""
        question = {"key": "goal", "kind": "TEXT", "attribute": "goal", "prompt": "What brings you here?"}
        create = """mutation ($content: QuestionSetContentInput!) {
            createQuestionSet(input: {key: "everybody", content: $content}) {
            ... on QuestionSetSuccess { questionSet { id version } } } }"""
        content = {"name": "Everybody", "priority": 99, "questions": [question]}
        made = self.ask(self.admin_key, create, {"content": content})["createQuestionSet"]["questionSet"]
        publish = """mutation ($id: ID!, $version: Int!) {
            publishQuestionSet(input: {id: $id, expectedVersion: $version}) { __typename } }"""
        self.ask(self.admin_key, publish, made)
        key = """mutation ($origin: String!) {
            createApiKey(input: {kind: PUBLISHABLE, name: "Shop", origins: [$origin]}) {
            ... on CreateApiKeySuccess { token } } }"""
        self.publishable_key = self.ask(self.admin_key, key, {"origin": ORIGIN})["createApiKey"]["token"]


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process without a chance to tidy up."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"it never came about that {what}"
        threading.Event().wait(0.05)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
