"""A page with the panel and the meter, in front of the application itself."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.consent.model import ConsentState, OnWithdrawal, PurposeSpec
from server.profiles.model import AttributeType
from tests.api import ORIGIN, PUBLIC_URL, SEEDER
from tests.factories.profiles import options, spec
from tests.factories.questions import question_draft
from tests.privacy.world import consent
from tests.widget.host import DIST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import BrowserContext, Locator, Page, Route

    from tests.api import Api, Person

KNOWN = "{ viewer { profile { attributes { key value } consents { purpose { key } state isAllowed } } } }"
LIGHT = "background: #fff; color: #1b1b1f"


async def _at_once(_sent: str) -> None:
    """Keep no answer back."""


class Shop:
    """A page with the elements, of somebody who signed in, in front of the application itself."""

    def __init__(self, *, api: Api, page: Page, person: Person) -> None:
        self.api = api
        self.page = page
        self.person = person
        self.before_answering: Callable[[str], Awaitable[None]] = _at_once

    @property
    def panel(self) -> Locator:
        """The panel."""
        return self.page.locator("profile-panel")

    async def open(
        self,
        *elements: str,
        style: str = LIGHT,
        root: str = 'lang="en"',
        late: dict[str, Callable[[Route], Awaitable[None]]] | None = None,
    ) -> None:
        """Open the page with these elements, the panel unless others are named; `late` serves some parts."""
        key = self.api.page.token
        names = elements or ("profile-panel",)
        body = "".join(f'<{each} endpoint="{PUBLIC_URL}" key="{key}"></{each}>' for each in names)
        script = f'<script type="module" src="{PUBLIC_URL}/widget/drip-question.js"></script>'
        html = f'<!doctype html><html {root}><title>Shop</title>{script}<body style="{style}">'
        html += f"<main>{body}</main>"
        slot = f"acquaint:resume:{PUBLIC_URL}|{key}"
        await self.page.add_init_script(
            f"localStorage['{slot}'] ??= '{self.person.resume_token}'; window.told = [];"
            "for (const name of ['changed', 'erase', 'erased', 'sign-in', 'next'])"
            " document.addEventListener(`profile:${name}`, ({ type }) => window.told.push(type));"
        )

        async def serve(route: Route) -> None:
            await route.fulfill(body=html, content_type="text/html; charset=utf-8")

        await self.page.route(f"{ORIGIN}/**", serve)
        await self.page.route(f"{PUBLIC_URL}/**", self.forward)
        for part, serve_late in (late or {}).items():
            await self.page.route(f"{PUBLIC_URL}/widget/{part}", serve_late)
        await self.page.goto(f"{ORIGIN}/")

    async def forward(self, route: Route) -> None:
        """Hand a request to the application, as the network would."""
        request = route.request
        url = urlsplit(request.url)
        if url.path.startswith("/widget/"):
            await route.fulfill(
                path=DIST / url.path.removeprefix("/widget/"),
                headers={"Access-Control-Allow-Origin": "*"},
                content_type="text/javascript",
            )
            return
        answer = await self.api.http.request(
            request.method,
            f"{url.path}?{url.query}",
            headers=await request.all_headers(),
            content=request.post_data_buffer,
        )
        await self.before_answering(request.post_data or "")
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    async def known(self) -> dict[str, object]:
        """Return what the server would show the person."""
        data = await self.api.data(KNOWN, by=self.person)
        return {each["key"]: each["value"] for each in data["viewer"]["profile"]["attributes"]}

    def row(self, label: str) -> Locator:
        """Return the row of a value."""
        return self.panel.get_by_role("listitem").filter(has_text=label)


@asynccontextmanager
async def opened(api: Api, context: BrowserContext) -> AsyncIterator[Shop]:
    """Somebody signed in, answered a question, and was looked up by leave."""
    news = PurposeSpec(
        key="news",
        name="News",
        description="To write.",
        text="You may write to me.",
        on_withdrawal=OnWithdrawal.HIDE,
    )
    await api.services.consents.define(SEEDER, news)
    team = spec("team", AttributeType.ENUM, label="Team", options=options("design", "sales"))
    await api.services.attributes.define(SEEDER, team)
    await api.services.attributes.define(SEEDER, replace(spec("topic", label="Topic"), purpose="news"))
    await api.define("site", AttributeType.URL)
    await api.publish("welcome", question_draft("goal", prompt="What for?"))
    person = await api.signed_in("ada", email="ada@example.com", email_verified=True, name="Ada Lovelace")
    await consent(api, person, ConsentState.GRANTED, "news")
    await api.data(
        "mutation ($key: String!, $value: JSON)"
        " { correctAttribute(input: {key: $key, value: $value}) { __typename } }",
        {"key": "team", "value": "design"},
        by=person,
    )
    write = "mutation ($input: SetAttributesInput!) { setAttributes(input: $input) { __typename } }"
    site = {"key": "site", "value": "https://ada.example"}
    said = {"profile": {"id": person.profile_id}, "attributes": [{"key": "topic", "value": "Maths"}, site]}
    await api.data(write, {"input": said}, by=api.admin)
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield Shop(api=api, page=page, person=person)
    assert wrong == []
