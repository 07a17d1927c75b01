"""The allow-list: pages have those documents executed alone that were added beforehand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.bulk.documents import AddDocumentsCommand, RemoveDocumentCommand
from server.bulk.errors import FileError
from server.kit.errors import ForbiddenError
from server.settings import Environment
from tests.api import NOBODY, SEEDER, running_api, settings_for
from tests.factories.access import person_viewer
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock

KIND = "query Kind { viewer { kind } }"
DEFERRED = "query Kind { ... @defer { viewer { kind } } }"
ID = hashlib.sha256(KIND.encode()).hexdigest()


@pytest.fixture
async def strict(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """An API in production with the allow-list."""
    settings = settings_for(mongodb_url, database.name, Environment.PRODUCTION)
    async with running_api(replace(settings, executes_trusted_documents_alone=True), clock) as api:
        yield api


async def _trust(api: Api, *texts: str) -> None:
    await api.services.documents.add(SEEDER, texts)
    await api.services.documents.live.refresh()


def _code(body: dict[str, Any]) -> object:
    return body["errors"][0]["extensions"]["code"]


async def test_page_has_no_documents_of_its_own_executed(strict: Api) -> None:
    refused = [await strict.execute(KIND, by=each) for each in (strict.page, NOBODY)]

    await _trust(strict, KIND)
    data = await strict.data(KIND, by=strict.page)

    assert [_code(body) for body in refused] == ["DOCUMENT_NOT_TRUSTED"] * 2
    assert data == {"viewer": {"kind": "WIDGET"}}


async def test_widget_s_own_documents_are_always_trusted(strict: Api) -> None:
    documents = json.loads((ROOT / "widget/dist/documents.json").read_text())

    started = await strict.data(documents["START_VISIT"], {"input": {}}, by=strict.page)
    codes = [await strict.execute(text, by=strict.page) for text in documents.values()]

    assert started["startVisit"]["viewerToken"]
    assert "DOCUMENT_NOT_TRUSTED" not in str(codes)
    assert len(codes) > 10


async def test_automatic_persisted_query_is_no_way_around(strict: Api) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": ID}}
    body = {"query": KIND, "extensions": extensions}

    first = await strict.http.post("/graphql", json=body, headers=strict.page.headers)
    again = await strict.http.post("/graphql", json={"extensions": extensions}, headers=strict.page.headers)

    assert _code(first.json()) == "DOCUMENT_NOT_TRUSTED"
    assert _code(again.json()) == "PERSISTED_QUERY_NOT_FOUND"


async def test_trusted_document_is_named_by_its_hash_without_its_text(strict: Api) -> None:
    await _trust(strict, KIND)

    answer = await strict.http.post("/graphql", json={"documentId": ID}, headers=strict.page.headers)

    assert answer.json() == {"data": {"viewer": {"kind": "WIDGET"}}}


async def test_apps_and_admins_send_what_they_like(strict: Api) -> None:
    app = await strict.app(Scope.PROFILES_READ)

    assert [await strict.data(KIND, by=each) for each in (app, strict.admin)] == [
        {"viewer": {"kind": "APP"}},
        {"viewer": {"kind": "ADMIN"}},
    ]


async def test_document_that_is_removed_is_trusted_no_longer(
    strict: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    await _trust(strict, KIND)

    await RemoveDocumentCommand(ID)(strict.services)
    await RemoveDocumentCommand(ID)(strict.services)
    await strict.services.documents.live.refresh()

    assert _code(await strict.execute(KIND, by=strict.page)) == "DOCUMENT_NOT_TRUSTED"
    assert capsys.readouterr().out == "Removed.\nThere is no document of this hash.\n"


async def test_only_admins_trust_documents(strict: Api) -> None:
    person = person_viewer("prf_1")

    with pytest.raises(ForbiddenError):
        await strict.services.documents.add(person, [KIND])
    with pytest.raises(ForbiddenError):
        await strict.services.documents.remove(person, ID)


@pytest.mark.parametrize(
    ("name", "content", "document"),
    [
        ("kind.graphql", KIND, KIND),
        ("deferred.graphql", DEFERRED, DEFERRED),
        ("persisted.json", json.dumps({ID: KIND}), KIND),
        (
            "manifest.json",
            json.dumps({"version": 1, "operations": [{"id": ID, "name": "Kind", "body": KIND}]}),
            KIND,
        ),
    ],
)
async def test_builds_of_apps_add_what_they_send(
    strict: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, document: str
) -> None:
    file = tmp_path / name
    file.write_text(content)

    await AddDocumentsCommand([file])(strict.services)
    await AddDocumentsCommand([file])(strict.services)
    await strict.services.documents.live.refresh()

    assert await strict.data(document, by=strict.page) == {"viewer": {"kind": "WIDGET"}}
    assert capsys.readouterr().out == "1 documents, 1 of them new.\n1 documents, 0 of them new.\n"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.graphql", "{ viewer { kimd } }", "has a document that is not valid: Cannot query field 'kimd'"),
        ("a.graphql", "{ viewer ", "has a document that is not valid: Syntax Error"),
        ("a.json", "[]", "is neither an object of documents by hash nor a manifest with operations."),
        ("a.json", "{", "is neither an object"),
        ("a.json", '{"a": 1}', "is neither an object"),
        ("a.json", '{"operations": [{}]}', "is neither an object"),
    ],
)
async def test_file_that_holds_something_else_adds_nothing(
    strict: Api, tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    good, bad = tmp_path / "good.graphql", tmp_path / name
    good.write_text(KIND)
    bad.write_text(content)

    with pytest.raises(FileError, match=sentence):
        await AddDocumentsCommand([good, bad])(strict.services)

    assert await strict.services.stores.documents.texts() == {}
