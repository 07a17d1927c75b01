"""What apps build against the schema: Relay's compiler, Apollo's manifest of persisted queries, a linter."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from server.bulk.documents import AddDocumentsCommand
from server.settings import Environment
from tests.api import running_api, settings_for
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock

_FOLDER = ROOT / "tests" / "e2e" / "app_builds"
_RELAY = {
    "src": "./src",
    "schema": "./schema.graphql",
    "language": "javascript",
    "artifactDirectory": "./built",
    "persistConfig": {"file": "./relay.json", "algorithm": "SHA256"},
}
_APOLLO = {"documents": ["src/*.apollo.js"], "output": "./apollo.json"}
# All of the linter's but those that want names in the order of the alphabet.
_RULES = (
    *("relay-connection-types-spec", "relay-connection-arguments-spec", "relay-page-info-spec"),
    *("deprecations-have-a-reason", "defined-types-are-used", "enum-values-all-caps"),
    *("enum-values-have-descriptions", "fields-have-descriptions", "arguments-have-descriptions"),
    *("input-object-values-have-descriptions", "input-object-values-are-camel-cased"),
    *("types-have-descriptions", "descriptions-are-capitalized", "fields-are-camel-cased"),
    "types-are-capitalized",
)
# The names that Apollo Federation prescribes.
_GIVEN_NAMES = {
    "fields-are-camel-cased": ["Query._entities", "Query._service"],
    "types-are-capitalized": ["_Service"],
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The folder of an app with its sources, the published schema, and what its tools are told."""
    shutil.copytree(_FOLDER / "src", tmp_path / "src")
    shutil.copy(ROOT / "schema.graphql", tmp_path)
    (tmp_path / "built").mkdir()
    (tmp_path / "relay.json").write_text("{}")
    (tmp_path / "relay.config.json").write_text(json.dumps(_RELAY))
    (tmp_path / "apollo.config.json").write_text(json.dumps(_APOLLO))
    return tmp_path


@pytest.fixture
async def strict(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """An API that has trusted documents alone executed for pages."""
    settings = settings_for(mongodb_url, database.name, Environment.PRODUCTION)
    async with running_api(replace(settings, executes_trusted_documents_alone=True), clock) as api:
        yield api


def _run(app: Path, tool: str, *words: str) -> str:
    done = subprocess.run(
        [_FOLDER / "node_modules" / ".bin" / tool, *words],
        cwd=app,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_relay_s_compiler_takes_connections_and_what_is_refetched(app: Path) -> None:
    _run(app, "relay-compiler", "relay.config.json")

    built = {each.name.partition(".")[0] for each in (app / "built").iterdir()}
    page = (app / "built" / "PeoplePaginationQuery.graphql.js").read_text()
    assert {"PeopleQuery", "PeoplePaginationQuery", "PeopleRowRefetchQuery"} <= built
    assert '"key": "People_profiles"' in page
    assert '"handle": "connection"' in page


def test_schema_follows_the_rules_of_the_linter(app: Path) -> None:
    words = ("--rules", ",".join(_RULES), "--ignore", json.dumps(_GIVEN_NAMES))

    assert "0 errors detected" in _run(app, "graphql-schema-linter", *words, "schema.graphql")


async def test_builds_of_relay_and_apollo_are_trusted_as_they_are(
    app: Path, strict: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(app, "relay-compiler", "relay.config.json")
    _run(app, "generate-persisted-query-manifest", "--config", "apollo.config.json")
    (operation,) = json.loads((app / "apollo.json").read_text())["operations"]
    people = next(
        id_
        for id_, text in json.loads((app / "relay.json").read_text()).items()
        if "query PeopleQuery" in text
    )
    by = strict.page
    before = await strict.http.post("/graphql", json={"documentId": operation["id"]}, headers=by.headers)

    await AddDocumentsCommand([app / "relay.json", app / "apollo.json"])(strict.services)
    await strict.services.documents.live.refresh()
    kind = await strict.http.post("/graphql", json={"documentId": operation["id"]}, headers=by.headers)
    asked = {"documentId": f"sha256:{people}", "variables": {"count": 2, "id": "prf_1"}}
    listed = await strict.http.post("/graphql", json=asked, headers=by.headers)

    assert before.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_FOUND"
    assert capsys.readouterr().out == "4 documents, 4 of them new.\n"
    assert kind.json() == {"data": {"viewer": {"kind": "WIDGET", "__typename": "Viewer"}}}
    assert listed.json() == {"data": {"viewer": {"kind": "WIDGET"}, "profiles": None, "node": None}}
