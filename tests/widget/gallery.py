"""A page with every state of the widget, and how each of them comes about."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

from tests.widget.host import API, CORS, Host
from tests.widget.questions import KINDS, options, question

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import Locator, Route

    from tests.widget.questions import Question

_LONG = "Wie gefällt Ihnen die Donaudampfschifffahrtsgesellschaftskapitänsmützenausstellung bisher?"
# What is asked beside the kinds, by the state that it is brought into.
_MORE: dict[str, Question] = {
    "rating-in-numbers": question("RATING", minimum=1, maximum=7, prompt="How easy was it?"),
    "list-to-open": question("SINGLE_CHOICE", options=options(*"ABCDEFGHI"), prompt="Which plan are you on?"),
    "long-words": question("BOOLEAN", prompt=_LONG, submitLabel="Weiterempfehlen", language="de"),
    "star-chosen": KINDS["RATING"],
    "number-chosen": KINDS["NPS"],
    "option-chosen": KINDS["MULTI_CHOICE"],
    "own-option": KINDS["SINGLE_CHOICE"],
    "why-opened": KINDS["TEXT"],
    "error": KINDS["EMAIL"],
    "error-of-group": KINDS["BOOLEAN"],
    "focus": KINDS["BOOLEAN"],
    "busy": KINDS["BOOLEAN"],
    "thanks": KINDS["BOOLEAN"],
}
QUESTIONS = {kind.lower().replace("_", "-"): each for kind, each in KINDS.items()} | _MORE
SHELLS = ("popover", "popover-minimised", "modal")
STATES = (*QUESTIONS, "second-step", "panel", "panel-editing", "meter", *SHELLS)


async def _choose(card: Locator, *numbers: int) -> None:
    for number in numbers:
        await card.locator("input").nth(number).check(force=True)  # stars lie under their fields


async def _save(card: Locator) -> None:
    await card.locator(".submit").click()


async def _thank(card: Locator) -> None:
    await _choose(card, 0)
    await _save(card)
    await expect(card.locator(".done")).to_be_visible()


async def _focus(card: Locator) -> None:
    await card.page.keyboard.press("Shift")  # else the browser takes it for the mouse's
    await card.locator("input").first.focus()


async def _own(card: Locator) -> None:
    await _choose(card, 3)
    await card.locator(".other").fill("Support")


_WAYS: dict[str, Callable[[Locator], Awaitable[None]]] = {
    "star-chosen": lambda card: _choose(card, 3),
    "number-chosen": lambda card: _choose(card, 8),
    "option-chosen": lambda card: _choose(card, 0, 2),
    "own-option": _own,
    "why-opened": lambda card: card.locator("summary").click(),
    "error": _save,
    "error-of-group": _save,
    "focus": _focus,
    "busy": _thank,
    "thanks": _thank,
}


class Gallery:
    """Every state in one page, one after the other."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._held = asyncio.Event()
        host.placed = QUESTIONS | dict.fromkeys(SHELLS, KINDS["BOOLEAN"])
        host.questions = [KINDS["BOOLEAN"], KINDS["SINGLE_CHOICE"], KINDS["TEXT"]]
        host.answer_graphql = self._answer

    async def states(self, head: str) -> AsyncIterator[tuple[str, Locator]]:
        """Show each state in turn, with what is to be looked at."""
        cards = "".join(_element("drip-question", f"placement={each}") for each in QUESTIONS)
        known = _element("profile-panel", "erasable") + _element("profile-meter")
        await self._host.open(
            *self._host.questions, body=cards + known + _element("drip-question"), head=head
        )
        for name in QUESTIONS:
            card = self._host.page.locator(f"[placement={name}]")
            await expect(card.locator("form")).to_be_visible()
            await _WAYS.get(name, _nothing)(card)
            yield name, card
        async for shown in self._rest():
            yield shown
        self._held.set()

    async def _rest(self) -> AsyncIterator[tuple[str, Locator]]:
        page = self._host.page
        card = page.locator("drip-question:not([placement])")
        await _choose(card, 0)
        await _save(card)
        await expect(card.locator("[data-act=back]")).to_be_visible()
        yield "second-step", card
        panel = page.locator("profile-panel")
        await expect(panel.get_by_role("heading").first).to_be_visible()
        yield "panel", panel
        await panel.get_by_role("button").first.click()
        yield "panel-editing", panel
        await expect(page.locator("profile-meter meter")).to_be_visible()
        yield "meter", page.locator("profile-meter")
        async for shown in self._shells():
            yield shown

    async def _shells(self) -> AsyncIterator[tuple[str, Locator]]:
        popover = await self._add("popover")
        yield "popover", popover
        await popover.locator(".minimise").click()
        yield "popover-minimised", popover
        yield "modal", await self._add("modal")

    async def _add(self, mode: str) -> Locator:
        added = _element("drip-question", f"mode={mode} placement={mode}")
        await self._host.page.evaluate("html => { document.querySelector('main').innerHTML = html }", added)
        card = self._host.page.locator(f"[mode={mode}]")
        await expect(card.locator("form")).to_be_visible()
        return card.locator(".shell")

    async def _answer(self, route: Route) -> None:
        sent = json.loads(route.request.post_data or "{}")
        if "viewer {" in sent.get("query", ""):
            await route.fulfill(json={"data": known_now()}, headers=CORS)
            return
        if sent.get("variables", {}).get("input", {}).get("askId") == "busy":
            await self._held.wait()
        await self._host.answer(route)


async def _nothing(_: Locator) -> None:
    pass


def _element(name: str, attributes: str = "") -> str:
    return f'<{name} endpoint="{API}" key="pk_test" {attributes}></{name}>'


def known_now() -> dict[str, Any]:
    """Return what the panel and the meter ask for, always of the same age."""
    attributes = [
        _attribute("name", "Name", "Amara Okafor", source=("IDENTITY", "Google")),
        _attribute("role", "Role", "engineering", source=("PERSON", ""), options=options("Engineering")),
        _attribute("company", "Company", "Fernhill Robotics", source=("ENRICHER", "Company directory")),
    ]
    purposes = (
        ("news", "We write to you twice a month.", False),
        ("look-ups", "We look up where you work.", True),
    )
    return {
        "viewer": {
            "profile": {
                "attributes": attributes,
                "consents": [
                    {
                        "purpose": {"key": key, "name": key, "text": text, "textVersion": 1},
                        "isAllowed": allowed,
                    }
                    for key, text, allowed in purposes
                ],
                "enrichments": [
                    {"enricher": {"key": "directory", "name": "Company directory", "purpose": "look-ups"}}
                ],
            }
        },
        "attributeDefinitions": {
            "edges": [
                {"node": {"key": key, "personAccess": "READWRITE"}}
                for key in ("name", "role", "company", "goal", "team")
            ]
        },
    }


def _attribute(
    key: str, label: str, value: str, *, source: tuple[str, str], options: object = ()
) -> dict[str, Any]:
    kind, name = source
    return {
        "key": key,
        "label": label,
        "value": value,
        "observedAt": (datetime.now(UTC) - timedelta(days=3)).isoformat(),
        "source": {"kind": kind, "label": name},
        "definition": {"type": "STRING", "personAccess": "READWRITE", "options": options},
    }
