"""The widget's files: one for ever under its hashed name, one for five minutes under its plain one."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette

from server.web.widget import WidgetFiles
from tests.api import client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

SCRIPT = b"export const question = 'What do you do?';\n"
HASHED = "drip-question.0123456789ab.js"
PART = "answering-0123456789ab.js"


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server of one build, with files beside it that are nobody's business."""
    (tmp_path / HASHED).write_bytes(SCRIPT)
    (tmp_path / PART).write_bytes(b"export const part = 1;\n")
    manifest = {"drip-question.js": HASHED, PART: PART}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "drip-question.js.map").write_text("{}")
    async with client_of(Starlette(routes=[WidgetFiles(tmp_path).route()])) as http:
        yield http


async def test_plain_name_and_hashed_name_are_the_same_script(http: httpx.AsyncClient) -> None:
    plain, hashed = await http.get("/widget/drip-question.js"), await http.get(f"/widget/{HASHED}")

    assert plain.content == hashed.content == SCRIPT
    assert plain.headers["Content-Type"] == hashed.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert plain.headers["ETag"] == hashed.headers["ETag"]


async def test_hashed_name_is_kept_for_ever_and_the_plain_one_for_five_minutes(
    http: httpx.AsyncClient,
) -> None:
    plain, hashed = await http.get("/widget/drip-question.js"), await http.get(f"/widget/{HASHED}")

    assert plain.headers["Cache-Control"] == "public, max-age=300"
    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_part_that_loads_on_demand_is_kept_for_ever(http: httpx.AsyncClient) -> None:
    part = await http.get(f"/widget/{PART}")

    assert part.content == b"export const part = 1;\n"
    assert part.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_any_page_may_load_the_widget(http: httpx.AsyncClient) -> None:
    response = await http.get("/widget/drip-question.js", headers={"Origin": "https://anywhere.test"})

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("pattern", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
async def test_browser_that_has_the_script_is_not_sent_it_again(
    http: httpx.AsyncClient, pattern: str
) -> None:
    etag = (await http.get("/widget/drip-question.js")).headers["ETag"]

    response = await http.get(
        "/widget/drip-question.js", headers={"If-None-Match": pattern.format(etag=etag)}
    )

    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "public, max-age=300"


async def test_browser_with_an_older_script_is_sent_the_new_one(http: httpx.AsyncClient) -> None:
    response = await http.get("/widget/drip-question.js", headers={"If-None-Match": '"0123456789abcdef"'})

    assert response.content == SCRIPT
    assert response.headers["ETag"] == f'"{hashlib.sha256(SCRIPT).hexdigest()[:16]}"'


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "drip-question.js.map",
        "drip-question.ffffffffffff.js",
        "..%2fmanifest.json",
        "%00",
        "",
    ],
)
async def test_nothing_else_is_served(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/widget/{name}")).status_code == 404


async def test_widget_is_read_and_not_written(http: httpx.AsyncClient) -> None:
    assert (await http.post("/widget/drip-question.js")).status_code == 405
    assert (await http.head("/widget/drip-question.js")).content == b""
