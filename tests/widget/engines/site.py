"""A shop and the server that asks there, on sockets: for engines whose requests no test can catch."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.web.sockets import served
from tests.widget.asker import Asker
from tests.widget.axe import AXE
from tests.widget.host import DIST, RECORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from tests.widget.engines.tab import Tab
    from tests.widget.questions import Question


class Site(Asker):
    """Its page is on another origin than its server, which is told what to ask before each visit."""

    def __init__(self, tab: Tab) -> None:
        super().__init__()
        self.tab = tab
        self._head = self._body = ""
        self._api = self._page = ""

    async def open(self, question: Question) -> None:
        """Open the page as somebody new, with this to ask, and return once it is asked."""
        self.questions, self.handled = [question], {}
        await self._open(self._element())

    async def open_all(self, questions: dict[str, Question], *, head: str) -> None:
        """Open a page that asks all of them, each in an element of its own."""
        self.placed = questions
        await self._open("".join(map(self._element, questions)), head)

    async def _open(self, body: str, head: str = "") -> None:
        self._body, self._head = body, head
        await self.tab.go_to(self._page)
        await self.tab.wait_for(_ARE_DRAWN)

    def kept(self) -> list[object]:
        """Return the values that the server keeps."""
        return [each["value"] for each in self.handled.values()]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Site]:
        """Serve both while the block runs."""
        routes = [
            Route("/", self._show),
            Route("/axe.js", lambda _: FileResponse(AXE)),
            Route("/graphql", self._graphql, methods=["POST"]),
            Mount("/widget", StaticFiles(directory=DIST)),
        ]
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        async with served(Starlette(routes=routes, middleware=[cors])) as address:
            self._api = f"http://{address}"
            self._page = self._api.replace("127.0.0.1", "localhost")
            yield self

    def _element(self, placement: str = "home") -> str:
        return f'<drip-question endpoint="{self._api}" key="pk_test" placement="{placement}"></drip-question>'

    async def _show(self, _: Request) -> Response:
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>Shop</title>{self._head}'
            '<meta name="viewport" content="width=device-width">'
            # Whoever comes is somebody new.
            f"<script>localStorage.clear(); sessionStorage.clear(); {RECORD}</script>"
            f'<script type="module" src="{self._api}/widget/drip-question.js"></script>'
            f"<body><main><h1>Shop</h1>{self._body}</main></body></html>"
        )

    async def _graphql(self, request: Request) -> Response:
        return JSONResponse(self.reply(json.loads(await request.body())))


_ARE_DRAWN = """[...document.querySelectorAll("drip-question")]
  .every(({ shadowRoot }) => shadowRoot?.querySelector("form"))"""
CARD = "document.querySelector('drip-question').shadowRoot"
