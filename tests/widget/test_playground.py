"""The playground: every element, kind and state under the server's own policy, and what to copy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.async_api import expect
from starlette.applications import Starlette

from server.web.playground import playground_routes
from server.web.widget import WidgetFiles
from tests.test_architecture import ROOT
from tests.widget.axe import violations
from tests.widget.host import DIST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import BrowserContext, FrameLocator, Page, Route

    from tests.api import Api

ORIGIN = "http://playground.test"
SCENES = (ROOT / "widget/src/playground/scene.ts").read_text()


# Every state, and what is on show once it has come about.
STATES = {
    "state=question&mode=popover&kind=MULTI_CHOICE": "minimise",
    "state=question&mode=modal&kind=STARS": "shell",
    "state=steps": "progress",
    "state=invalid&kind=SINGLE_CHOICE": "error",
    "state=refused": "error",
    "state=slow&kind=CONSENT": "submit",
    "state=offline": "done",
    "state=thanks": "done",
    "state=why": "why",
    "state=minimised&mode=popover": "launcher",
}


def choices(name: str) -> list[str]:
    """Return what the playground lets choose from."""
    found = re.search(rf"\b{name}: \[(.*?)\]", SCENES, re.DOTALL)
    assert found is not None
    return re.findall(r'"([^"]+)"', found[1])


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A tab to open the playground in; nothing may go wrong on it, and nothing may reach another origin."""
    app = Starlette(routes=[WidgetFiles(DIST).route(), *playground_routes(DIST)])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:

        async def serve(route: Route) -> None:
            assert route.request.url.startswith(ORIGIN)
            answer = await http.get(route.request.url)
            headers = dict(answer.headers)
            await route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

        await page.route(re.compile("^http"), serve)
        yield page
    assert wrong == []


async def _open(page: Page, query: str = "") -> FrameLocator:
    await page.goto(f"{ORIGIN}/playground{query}")
    return page.frame_locator("iframe")


async def test_every_kind_is_shown_under_the_strictest_policy(page: Page) -> None:
    for kind in choices("kind"):
        await page.goto(f"{ORIGIN}/playground/preview?kind={kind}")

        await expect(page.locator("drip-question form")).to_be_visible()


@pytest.mark.parametrize(
    ("query", "part", "text"),
    [
        ("state=steps", "progress", ""),
        ("state=invalid", "error", "Please write an answer."),
        ("state=refused&kind=SINGLE_CHOICE", "error", "This answer was refused"),
        ("state=offline&kind=RATING", "done", "You seem to be offline"),
        ("state=thanks&kind=ADDRESS&locale=de", "done", "Vielen Dank."),
        ("state=why", "why", "So that we show you what fits"),
        ("state=minimised&mode=popover", "launcher", "One quick question"),
        ("mode=modal&theme=dark", "shell", ""),
        ("element=profile-panel", "title", "What we know about you"),
        ("element=profile-meter&locale=ar&dir=rtl", "known", ""),
    ],
)
async def test_every_state_is_brought_about(page: Page, query: str, part: str, text: str) -> None:
    await page.goto(f"{ORIGIN}/playground/preview?{query}")

    shown = page.locator(f"[part={part}]")
    await expect(shown).to_be_visible()
    await expect(shown).to_contain_text(text)


@pytest.mark.parametrize("around", ["theme=light", "page=dark&dir=rtl&locale=ar", "theme=dark&locale=de"])
async def test_axe_has_nothing_to_say_about_any_state(page: Page, around: str) -> None:
    found: list[str] = []

    for state, part in STATES.items():
        await page.goto(f"{ORIGIN}/playground/preview?{state}&{around}")
        await expect(page.locator(f"[part={part}]").first).to_be_visible()
        found += [f"{state}: {each}" for each in await violations(page)]

    assert found == []
    assert {re.split("[&=]", state)[1] for state in STATES} | {"server-down"} == set(choices("state"))


async def test_server_that_is_away_shows_nothing(page: Page) -> None:
    frame = await _open(page, "?state=server-down")

    await expect(page.locator(".events")).to_contain_text("NETWORK")
    await expect(frame.locator("form")).to_have_count(0)


async def test_properties_and_parts_take_effect_at_once_and_can_be_copied(page: Page) -> None:
    frame = await _open(page, "?mode=popover&kind=BOOLEAN")
    await expect(frame.get_by_role("button", name="Save")).to_be_visible()
    await page.get_by_label("--drip-accent", exact=True).fill("rgb(11, 122, 92)")
    await page.get_by_label("::part").select_option("submit")
    await page.get_by_label("Declarations").fill("text-transform: uppercase;")

    save = frame.get_by_role("button", name="Save")
    await expect(save).to_have_css("background-color", "rgb(11, 122, 92)")
    await expect(save).to_have_css("text-transform", "uppercase")
    await expect(page.get_by_role("region", name="CSS").locator("pre")).to_have_text(
        "drip-question {\n  --drip-accent: rgb(11, 122, 92);\n}\n"
        "drip-question::part(submit) {\n  text-transform: uppercase;\n}",
        use_inner_text=True,
    )
    await expect(page.get_by_role("region", name="HTML").locator("pre")).to_contain_text(
        'key="pk_…" mode="popover">'
    )


async def test_what_is_chosen_is_shown_and_stands_in_the_address(page: Page) -> None:
    frame = await _open(page)

    await page.get_by_label("Kind").select_option("MULTI_CHOICE")
    await page.get_by_label("Direction").select_option("rtl")
    await page.get_by_role("checkbox", name="not-applicable").uncheck()
    await expect(frame.get_by_role("checkbox", name="Design")).to_be_visible()
    await expect(frame.get_by_role("button", name="Doesn't apply to me")).to_have_count(0)
    await page.reload()

    await expect(frame.get_by_role("checkbox", name="Design")).to_be_visible()
    assert await frame.locator("html").get_attribute("dir") == "rtl"
    await expect(page.get_by_role("checkbox", name="not-applicable")).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_nothing_to_say_about_the_playground(page: Page, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    frame = await _open(page)
    await expect(frame.get_by_role("button", name="Save")).to_be_visible()

    assert await violations(page) == []


async def test_playground_is_there_in_development_alone(api: Api, production_api: Api) -> None:
    assert (await api.http.get("/playground")).status_code == 200
    assert (await api.http.get("/playground/preview")).headers["X-Frame-Options"] == "SAMEORIGIN"
    for path in ("/playground", "/playground/preview", "/playground/page.js"):
        assert (await production_api.http.get(path)).status_code == 404
