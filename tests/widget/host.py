"""A page that embeds the widget, and a server that says what a test tells it: both inside the browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.test_architecture import ROOT
from tests.widget.asker import Asker

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Locator, Page, Route

    from tests.widget.asker import Body
    from tests.widget.questions import Question

PAGE = "https://shop.test"
API = "https://api.test"
DIST = ROOT / "widget" / "dist"
_SCRIPT = f'<script type="module" src="{API}/widget/drip-question.js"></script>'
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
RECORD = """
window.told = [];
const names = "ready show shown answered skipped dismissed kept done error profile".split(" ");
const tell = ({ type, detail }) => window.told.push({ type, ...detail, error: null });
for (const name of names) document.addEventListener(`drip:${name}`, tell);
"""


class Host(Asker):
    """One tab. `loaded` are the scripts of ours that the server gave."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.card: Locator = page.locator("drip-question")
        self.loaded: list[str] = []
        self.mishaps: list[str] = []
        self.answer_graphql: Callable[[Route], Any] = self.answer
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        page.on("pageerror", lambda error: self.mishaps.append(str(error)))

    async def open(
        self,
        *questions: Question,
        attributes: str = "",
        body: str | None = None,
        head: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Open a page with the element, or with `body`, and this to ask."""
        self.questions = list(questions)
        element = f'<drip-question endpoint="{API}" key="pk_test" {attributes}></drip-question>'
        html = (
            '<!doctype html><html lang="en"><title>Shop</title>'
            f'<meta name="viewport" content="width=device-width">{head}{_SCRIPT}'
            f"<body><main><h1>Shop</h1>{element if body is None else body}</main></body></html>"
        )
        self.pages["/"] = (html, headers or {})
        await self.page.add_init_script(RECORD)
        await self.page.route(f"{PAGE}/**", self._serve_page)
        await self.page.route(f"{API}/**", self._serve_api)
        await self.page.goto(f"{PAGE}/")

    async def told(self, name: str) -> list[Body]:
        """Return the events of this name so far."""
        events: list[Body] = await self.page.evaluate("window.told")
        return [each for each in events if each["type"] == f"drip:{name}"]

    async def hears(self, name: str, condition: str = "true") -> Body:
        """Wait for an event of this name for which `condition` holds, in JavaScript over its `detail`."""
        script = f"() => window.told.find((detail) => detail.type === 'drip:{name}' && ({condition}))"
        handle = await self.page.wait_for_function(script)
        found: Body = await handle.json_value()
        return found

    async def _serve_page(self, route: Route) -> None:
        html, headers = self.pages.get(urlsplit(route.request.url).path, ("", {}))
        kind = "text/javascript" if route.request.url.endswith(".js") else "text/html"
        await route.fulfill(body=html, content_type=f"{kind}; charset=utf-8", headers=headers)

    async def _serve_api(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if not path.startswith("/widget/"):
            await self.answer_graphql(route)
            return
        self.loaded.append(path.removeprefix("/widget/"))
        await route.fulfill(path=DIST / self.loaded[-1], content_type="text/javascript", headers=CORS)

    async def answer(self, route: Route) -> None:
        """Answer as a server does that has the questions of this host."""
        if route.request.method == "OPTIONS":
            await route.fulfill(status=204, headers=CORS)
            return
        sent = json.loads(route.request.post_data or "{}")
        await route.fulfill(json=self.reply(sent), headers=CORS)
