"""The playground of the widget, in development only: every element, kind and state, with nobody's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

_PATH = "/playground"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none';"
    " form-action 'none'"
)
_PAGE = {"Content-Security-Policy": f"{_POLICY}; frame-src 'self'; frame-ancestors 'none'"}
# The widget has to work under the strictest policy; there is no server to connect to.
_PREVIEW = {
    "Content-Security-Policy": f"{_POLICY}; require-trusted-types-for 'script'; trusted-types 'none';"
    " frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


def playground_routes(folder: Path) -> list[BaseRoute]:
    """Return the page, the frame in it, and what both are made of: the widget's build, no CDN."""
    files = folder / "playground"

    async def page(request: Request) -> Response:  # noqa: ARG001 - what Starlette calls it with
        return FileResponse(files / "playground.html", headers=_PAGE)

    async def preview(request: Request) -> Response:  # noqa: ARG001
        return FileResponse(files / "preview.html", headers=_PREVIEW)

    return [
        Route(_PATH, page),
        Route(f"{_PATH}/preview", preview),
        Mount(_PATH, StaticFiles(directory=files, check_dir=False)),
    ]
