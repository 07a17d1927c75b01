"""A page whose service worker stands between the widget and its server, and answers as many do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.web.sockets import served
from tests.widget.asker import Asker
from tests.widget.host import DIST, RECORD
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import BrowserContext, Page
    from starlette.requests import Request

# What was fetched once comes from the cache for ever, and what can't be fetched is a page of its own.
WORKER = """
let isGone = false;
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", () => (isGone = true));
addEventListener("fetch", (event) => event.respondWith((async () => {
  const { request } = event;
  if (request.method !== "GET") {
    const page = new Response("<h1>You are offline</h1>", { headers: { "Content-Type": "text/html" } });
    return isGone ? page : fetch(request);
  }
  const cache = await caches.open("all");
  const kept = await cache.match(request);
  if (kept) return kept;
  const fetched = await fetch(request);
  await cache.put(request, fetched.clone());
  return fetched;
})()));
"""
PAGE = f"""<!doctype html><html lang="en"><title>Shop</title>
<script>{RECORD} navigator.serviceWorker.register("/worker.js")</script>
<script type="module" src="/widget/drip-question.js"></script>
<main><drip-question key="pk_test"></drip-question></main>"""


@pytest.fixture
async def asker() -> Asker:
    """A server with two questions."""
    asker = Asker()
    asker.questions = [KINDS["BOOLEAN"], KINDS["TEXT"]]
    return asker


@pytest.fixture
async def shop(asker: Asker, context: BrowserContext) -> AsyncIterator[Page]:
    """The page, once its service worker answers all that it asks for."""

    async def answer(request: Request) -> Response:
        return JSONResponse(asker.reply(json.loads(await request.body())))

    routes = [
        Route("/", lambda _: HTMLResponse(PAGE)),
        Route("/worker.js", lambda _: Response(WORKER, media_type="text/javascript")),
        Route("/graphql", answer, methods=["POST"]),
        Mount("/widget", StaticFiles(directory=DIST)),
    ]
    async with served(Starlette(routes=routes)) as address:
        page = await context.new_page()
        for _ in range(2):  # the second time everything goes by way of the worker
            await page.goto(f"http://{address}/")
            await page.wait_for_function("() => navigator.serviceWorker.controller")
            await expect(page.get_by_label("Yes")).to_be_visible()
        yield page


async def test_answers_go_by_way_of_the_worker_and_count_once(shop: Page, asker: Asker) -> None:
    await shop.get_by_label("Yes").check()
    await shop.get_by_role("button", name="Save").click()

    await expect(shop.get_by_role("textbox")).to_be_visible()
    await shop.wait_for_function("() => window.told.some(({ type }) => type === 'drip:answered')")
    assert [each["value"] for each in asker.said("answerQuestion")] == [True]


async def test_worker_that_answers_with_a_page_loses_no_answer(shop: Page, asker: Asker) -> None:
    await shop.evaluate("navigator.serviceWorker.controller.postMessage('gone')")
    await shop.get_by_label("Yes").check()

    await shop.get_by_role("button", name="Save").click()

    await expect(shop.locator("[part=error]")).to_have_text(
        "This could not be saved just now. Please try again."
    )
    await expect(shop.get_by_label("Yes")).to_be_checked()
    assert asker.said("answerQuestion") == []
