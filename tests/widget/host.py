"""A page that embeds the widget, and a server that says what a test tells it: both inside the browser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Locator, Page, Route

    from tests.widget.questions import Question

PAGE = "https://shop.test"
API = "https://api.test"
DIST = ROOT / "widget" / "dist"
_SCRIPT = f'<script type="module" src="{API}/widget/drip-question.js"></script>'
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
_RECORD = """
window.told = [];
const names = "ready show shown answered skipped dismissed kept done error profile".split(" ");
const tell = ({ type, detail }) => window.told.push({ type, ...detail, error: null });
for (const name of names) document.addEventListener(`drip:${name}`, tell);
"""

Body = dict[str, Any]


class Host:
    """One tab. `sent` are the operations that reached the server, `loaded` the scripts of ours that did.

    `foresees`: the server tells which question comes after the one that is asked.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.card: Locator = page.locator("drip-question")
        self.questions: list[Question] = []
        self.foresees = True
        self.handled: dict[str, Body] = {}
        self.sent: list[Body] = []
        self.loaded: list[str] = []
        self.mishaps: list[str] = []
        self.refusal: Callable[[str, Body], Body | None] = lambda _act, _variables: None
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
        await self.page.add_init_script(_RECORD)
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

    def said(self, field: str) -> list[Body]:
        """Return the variables of every operation with this field that reached the server."""
        return [each["variables"] for each in self.sent if re.search(rf"\b{field}\(", each["query"])]

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
        await route.fulfill(path=DIST / self.loaded[-1], content_type="text/javascript", headers=_CORS)

    async def answer(self, route: Route) -> None:
        """Answer as a server does that has the questions of this host."""
        if route.request.method == "OPTIONS":
            await route.fulfill(status=204, headers=_CORS)
            return
        sent = json.loads(route.request.post_data or "{}")
        sent["variables"] = sent["variables"].get("input", sent["variables"])
        self.sent.append(sent)
        await route.fulfill(json=self._data(sent["query"], sent["variables"]), headers=_CORS)

    def _data(self, query: str, variables: Body) -> Body:
        handled = re.search(r"result: (\w+)\(", query)
        if handled:
            return {"data": {"result": self._handle(handled[1], variables)}}
        if "reportShown(" in query:
            return {"data": {"reportShown": {"__typename": "ReportShownSuccess"}}}
        if "nextQuestion(" in query:
            return {"data": {"nextQuestion": self.next()}}
        profile = {"id": "prf_1", "traits": {}}
        visit = {"id": "vis_1", "number": 1, "startedAt": "2026-01-01T00:00:00Z"}
        tokens = {"viewerToken": "viewer", "resumeToken": "resume"}
        started = {"__typename": "StartVisitSuccess", **tokens, "visit": visit, "profile": profile}
        return {"data": {"startVisit": {**started, "next": self.next()}}}

    def _handle(self, act: str, variables: Body) -> Body:
        refusal = self.refusal(act, variables)
        if refusal is not None:
            return refusal
        outcomes = {"skipQuestion": "SKIPPED", "dismissQuestion": "DISMISSED"}
        declined = "NOT_APPLICABLE" if variables.get("isNotApplicable") else "DECLINED"
        outcome = outcomes.get(act, declined if act == "declineQuestion" else "ANSWERED")
        ask, value = variables["askId"], variables.get("value")
        is_replay = ask in self.handled and act != "correctAnswer"
        self.handled.setdefault(ask, {"outcome": outcome, "value": value})
        named = act[0].upper() + act[1:] + "Success"
        return {
            "__typename": named,
            "outcome": outcome,
            "isReplay": is_replay,
            "next": self.next(),
            **({"value": value, "notice": None} if act == "answerQuestion" else {}),
        }

    def next(self) -> Body:
        """Return what a server asks that remembers what was handled."""
        left = [number for number, _ in enumerate(self.questions) if f"ask_{number}" not in self.handled]
        if not left:
            return {"state": "DONE", "until": None, "ask": None}
        following = self._ask(left[1]) if self.foresees and len(left) > 1 else None
        return {"state": "READY", "until": None, "ask": {**self._ask(left[0]), "following": following}}

    def _ask(self, number: int) -> Body:
        step = {"number": number + 1, "total": len(self.questions)}
        question = self.questions[number]
        return {"id": f"ask_{number}", "placement": "home", "step": step, "question": question}
