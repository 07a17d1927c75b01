"""The widget where its users have it, against the running server: a blank page, React, Vue, Svelte."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.e2e.visitor import ROLE
from tests.test_architecture import ROOT
from tests.web.sockets import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import BrowserContext
    from starlette.requests import Request
    from starlette.responses import Response

    from tests.e2e.deployment import Deployment

_EXAMPLES = ROOT / "widget" / "examples"
_TOKENS = "docs/identity-tokens.md"


def _block(file: str, language: str, number: int = 0) -> str:
    """Return what stands in a document as a block of this language."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", (ROOT / file).read_text(), re.DOTALL)
    return blocks[number]


@dataclass
class Site:
    """A site that follows the README, signed in as one user of its own."""

    folder: Path
    endpoint: str
    address: str = ""
    key: str = ""
    secret: str = ""

    @asynccontextmanager
    async def running(self, deployment: Deployment) -> AsyncIterator[Site]:
        """Serve it, and do at the server what the README says."""
        (self.folder / "token.mjs").write_text(_block(_TOKENS, "js"))
        routes = [
            Route("/", self._show_blank),
            Route("/drip-token", self._token, methods=["POST"]),
            Mount("/built", StaticFiles(directory=self.folder)),
            Route("/{framework}", self._show),
        ]
        async with served(Starlette(routes=routes)) as host:
            self.address = f"http://{host}"
            make_key = _block("README.md", "graphql", 1).replace("https://www.example.com", self.address)
            created = (await deployment.ask(make_key))["createApiKey"]
            made = await deployment.ask(_block(_TOKENS, "graphql"), {"key": created["key"]["id"]})
            self.key, self.secret = created["token"], made["createIdentitySecret"]["secret"]
            yield self

    async def _show_blank(self, _: Request) -> Response:
        html = _block("README.md", "html").replace("http://127.0.0.1:8000", self.endpoint)
        return HTMLResponse(f"<!doctype html>{html.replace('pk_…', self.key)}")

    async def _show(self, request: Request) -> Response:
        data = f'data-endpoint="{self.endpoint}" data-site-key="{self.key}"'
        script = f'<script type="module" src="/built/{request.path_params["framework"]}/main.js"></script>'
        return HTMLResponse(f'<!doctype html><html lang="en"><body {data}>{script}')

    async def _token(self, _: Request) -> Response:
        environment = {**os.environ, "ACQUAINT_URL": self.endpoint, "IDENTITY_SECRET": self.secret}
        signing = await asyncio.create_subprocess_exec(
            *("node", str(self.folder / "token.mjs"), "u_42"), env=environment, stdout=asyncio.subprocess.PIPE
        )
        signed, _error = await signing.communicate()
        return PlainTextResponse(signed.decode())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, bundled."""
    folder = tmp_path_factory.mktemp("examples")
    subprocess.run(["node", "build.mjs", str(folder)], cwd=_EXAMPLES, check=True)  # noqa: S607 - of PATH
    return folder


@pytest.fixture
async def site(built: Path, deployment: Deployment) -> AsyncIterator[Site]:
    """A site on an origin of its own."""
    async with Site(built, deployment.api_url).running(deployment) as site:
        yield site


async def test_readme_alone_embeds_the_widget_into_a_blank_page(
    context: BrowserContext, site: Site, deployment: Deployment
) -> None:
    page = await context.new_page()

    await page.goto(f"{site.address}/")

    await expect(page.get_by_role("radiogroup", name=ROLE)).to_be_visible()
    found = await deployment.ask('{ profile(by: { userId: "u_42" }) { id } }')
    assert found["profile"]


@pytest.mark.parametrize("framework", ["react", "vue", "svelte"])
async def test_example_asks_and_hears_the_answer(context: BrowserContext, site: Site, framework: str) -> None:
    page = await context.new_page()
    await page.goto(f"{site.address}/{framework}")
    card = page.locator("drip-question")
    await expect(card.get_by_role("radiogroup", name=ROLE)).to_be_visible()

    await card.get_by_label("Engineering", exact=True).check()
    await card.get_by_role("button", name="Save").click()

    await expect(page.locator("output")).to_have_text("role: engineering")
