"""Is the process alive, and can it serve?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.app import create_app
from server.kit.mongo import PyMongoError
from server.services import build_services
from tests.api import client_of, settings_for

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock


async def test_process_with_a_database_is_ready(api: Api) -> None:
    alive, ready = await api.http.get("/livez"), await api.http.get("/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})


async def test_process_whose_database_is_away_is_alive_and_says_why_it_is_not_ready(clock: FakeClock) -> None:
    services = build_services(settings_for("mongodb://127.0.0.1:1", "none"), clock=clock)

    async with client_of(create_app(services)) as http:
        alive, ready = await http.get("/livez"), await http.get("/readyz")

    services.close()
    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {"status": "unavailable", "reasons": ["MongoDB does not answer."]}
    assert ready.elapsed.total_seconds() < 3


class _Unloaded:
    """Configuration that can't be read."""

    collection = "question_sets"

    async def refresh(self) -> None:
        raise PyMongoError("canary")

    async def heed(self, changed: object) -> None:
        """Take no note."""


async def test_process_that_could_not_load_its_configuration_says_so(api: Api) -> None:
    readiness = api.services.readiness

    before = await readiness.problems([_Unloaded()])
    loaded = await readiness.problems(api.services.watched)

    assert before == ["Configuration could not be loaded (PyMongoError)."]
    assert loaded == []
