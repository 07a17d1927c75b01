"""Somebody in front of a browser: what they see on the demo page, and what they do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from tests.e2e.deployment import Deployment

ROLE = "What do you mostly work on?"
COMPANY_SIZE = "How many people work at your company?"
INDUSTRY = "Which industry are you in?"
STRANGER = "Nobody has introduced themselves yet."


class Visitor:
    """One tab. `mishaps` are errors that no script of the page caught."""

    def __init__(self, page: Page, deployment: Deployment) -> None:
        self.page = page
        self.card = page.locator("drip-question")
        self.mishaps: list[str] = []
        self.demo_url = deployment.demo_url
        page.on("pageerror", lambda error: self.mishaps.append(str(error)))

    async def arrive(self) -> None:
        """Open the demo page as a stranger and wait until it knows that."""
        await self.page.goto(self.demo_url)
        await self.sees_counts("sign-in 0")

    async def sign_in_as(self, name: str) -> None:
        """Sign in as one of the sample people."""
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.get_by_role("button", name=name).click()
        await expect(self.page.locator("#who")).to_have_text(f"Hello, {name}")

    async def sign_in_elsewhere(self, login: str) -> None:
        """Sign in at the certified provider."""
        await self.go_to_provider("certified")
        await self.page.get_by_label("Account").fill(login)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.locator("#sign-out")).to_be_visible()

    async def go_to_provider(self, key: str) -> None:
        """Follow a sign-in button for some provider."""
        await self.page.evaluate("key => document.querySelector('drip-question').signIn(key)", key)

    async def sign_out(self) -> None:
        """Sign out."""
        await self.page.get_by_role("button", name="Sign out").click()
        await expect(self.page.locator("#who")).to_have_text(STRANGER)

    async def choose(self, option: str) -> None:
        """Choose an option and save it."""
        await self.card.get_by_label(option, exact=True).check()
        await self.save()

    async def save(self) -> None:
        """Press Save."""
        await self.card.get_by_role("button", name="Save").click()

    async def skip(self) -> None:
        """Press Not now."""
        await self.card.get_by_role("button", name="Not now").click()

    async def is_asked(self, prompt: str) -> None:
        """Wait for a question."""
        await expect(self.card.locator(".prompt")).to_have_text(prompt)

    async def is_left_alone(self) -> None:
        """Wait until there is nothing to answer."""
        await expect(self.card.get_by_role("button", name="Save")).to_have_count(0)

    async def sees(self, label: str, value: str, source: str) -> None:
        """Wait until the page shows a value with its source."""
        row = self.row(label)
        await expect(row.locator(".value")).to_have_text(value)
        await expect(row.locator(".source")).to_contain_text(source)

    async def sees_counts(self, text: str) -> None:
        """Wait until the page shows which visit and sign-in this is."""
        await expect(self.page.locator("#counts")).to_contain_text(text)

    def row(self, label: str) -> Locator:
        """Return the line of what is known about an attribute."""
        name = self.page.get_by_text(label, exact=True)
        return self.page.locator("#attributes li").filter(has=name)
