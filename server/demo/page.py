"""A page on an origin of its own that embeds the widget and shows the profile filling."""

from __future__ import annotations

from contextlib import asynccontextmanager
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route

from server.demo.identity_provider import identity_provider
from server.demo.seed import demo_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from server.services import Services
    from server.settings import Settings

_HERE = Path(__file__).parent


def create_demo(services: Services) -> Starlette:
    """Return the demo: the page, and below `/idp` the sample people's identity provider."""
    settings = services.settings

    async def page(request: Request) -> Response:  # noqa: ARG001 - what Starlette calls it with
        key = await demo_key(services)
        text = Template((_HERE / "page.html").read_text()).substitute(
            api=escape(settings.public_url), key=escape("" if key is None else key.token or "")
        )
        return HTMLResponse(text, headers={"Content-Security-Policy": _policy(settings.public_url)})

    async def script(request: Request) -> Response:  # noqa: ARG001
        return FileResponse(_HERE / "demo.js")

    async def style(request: Request) -> Response:  # noqa: ARG001
        return FileResponse(_HERE / "demo.css")

    return Starlette(
        routes=[
            Route("/", page),
            Route("/demo.js", script),
            Route("/demo.css", style),
            Mount("/idp", _provider(settings)),
        ],
        lifespan=lambda _: _lifespan(services),
    )


def _provider(settings: Settings) -> Starlette:
    demo = settings.demo_provider
    callback = f"{settings.public_url}/auth/{demo.key}/callback"
    return identity_provider(demo.issuer, demo.client_id, demo.client_secret, (callback,))


def _policy(api: str) -> str:
    """A strict policy, as a careful host would have it: the widget must work under it."""
    return (
        f"default-src 'none'; script-src 'self' {api}; connect-src {api}; style-src 'self';"
        " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@asynccontextmanager
async def _lifespan(services: Services) -> AsyncIterator[None]:
    yield
    services.close()
