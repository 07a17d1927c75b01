"""What is broken: a replica set, two APIs, two workers and a provider, set up once and used for many runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.faults.load import Load
from tests.faults.provider import KEY, Provider
from tests.faults.world import World, eventually, free_port, kill

if TYPE_CHECKING:
    import signal
    import subprocess

    from tests.faults.replica_set import Place, ReplicaSet

_PART = str(Path(__file__).parent / "part.py")
_UNLIMITED = """{"visits_per_address": null, "visits_per_key": null, "requests_per_address": null,
  "requests_per_key": null}"""
CREATE = """mutation ($spec: JSON!) { createEnricher(input: {key: "directory", spec: $spec}) {
  ... on EnricherSuccess { enricher { id version } } ... on UserError { message } } }"""
ENABLE = """mutation ($id: ID!, $version: Int!) { enableEnricher(
  input: {id: $id, expectedVersion: $version}) {
  ... on EnricherSuccess { enricher { id version } } ... on UserError { message } } }"""
UPDATE = """mutation ($id: ID!, $version: Int!, $spec: JSON!) { updateEnricher(
  input: {id: $id, expectedVersion: $version, spec: $spec}) {
  ... on EnricherSuccess { enricher { id version } } ... on UserError { message } } }"""


@dataclass(slots=True)
class Part:
    """A process that may be killed and started again at the same place."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)


class Stage:
    """The deployment; `servers` are where its two APIs answer."""

    def __init__(self, folder: Path, place: Place, replica_set: ReplicaSet) -> None:
        self.place = place
        self.replica_set = replica_set
        self.provider = Provider()
        settings = {
            "ACQUAINT_LIMITS": _UNLIMITED,
            "ACQUAINT_ENRICHMENT_HOSTS": "127.0.0.1",
            "ACQUAINT_PUBLIC_URL": "http://127.0.0.1",  # both APIs accept each other's tokens
        }
        self.world = World(folder, replica_set.url, **settings)
        ports = (self.world.port, free_port())
        self.servers = [f"http://127.0.0.1:{port}" for port in ports]
        self.apis = [Part("serve", {"ACQUAINT_PORT": str(port)}) for port in ports]
        self.workers = [Part("work"), Part("work")]
        self.budget = 0
        self._app_key = ""
        self._enricher: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self.world.set_up()
            for part in (*self.apis, *self.workers):
                self.start(part)
            for part in self.apis:
                self.wait_until_ready(part)
            self.world.publish()
            self._app_key = self.world.app_key("Shop")
            spec = self.provider.document(self.budget)
            created = self._admin(CREATE, spec=spec)
            self._enricher = self._admin(ENABLE, **created)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()
        self.provider.close()

    def start(self, part: Part) -> None:
        """Start a process."""
        part.process = self.world.start_part(part.name, sys.executable, _PART, part.name, **part.environment)

    def wait_until_ready(self, api: Part) -> None:
        """Return once an API can serve."""
        server = self.servers[self.apis.index(api)]
        try:
            eventually(lambda: self.world.is_ready(server, api.process), "the API is ready")
        except AssertionError as error:
            error.add_note(self.world.said)
            raise

    def kill(self, part: Part) -> None:
        """End a process without a chance to tidy up."""
        assert part.process is not None
        kill(part.process)

    def load(self, seed: int, **how: Any) -> Load:  # noqa: ANN401 - fields of a load
        """Return clients of both APIs."""
        return Load(self.servers, self.world.publishable_key, self._app_key, seed, **how)

    def clear(self) -> None:
        """Forget the people of earlier runs; keys and configuration stay."""
        for name in ("profiles", "answers", "question_stats", "events", "effects", "jobs"):
            self.world.database[name].delete_many({})

    def raise_budget(self, by: int) -> None:
        """Let the provider be asked so much oftener than was noted."""
        self.budget = self.spent() + by
        self._enricher = self._admin(UPDATE, **self._enricher, spec=self.provider.document(self.budget))

    def spent(self) -> int:
        """Return how many calls of the provider are noted."""
        meter = self.world.database["enricher_meters"].find_one({"_id": KEY}) or {"day_spent": 0}
        return int(meter["day_spent"])

    def is_quiet(self) -> bool:
        """Whether everything that was announced and queued is done, save what waits for another budget."""
        return self.world.is_quiet(patient=KEY)

    def _admin(self, mutation: str, **variables: object) -> dict[str, Any]:
        (result,) = self.world.ask(self.world.admin_key, mutation, variables).values()
        assert "enricher" in result, result
        found: dict[str, Any] = result["enricher"]
        return found
