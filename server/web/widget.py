"""The built widget: under its hashed name for ever, under its plain name for five minutes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

_SCRIPT = "drip-question.js"
_FOR_EVER = "public, max-age=31536000, immutable"
_FIVE_MINUTES = "public, max-age=300"


class WidgetFiles:
    """Serves one build; read once, so that alias and hashed name always agree."""

    def __init__(self, folder: Path) -> None:
        hashed = json.loads((folder / "manifest.json").read_text())[_SCRIPT]
        self._script = (folder / hashed).read_bytes()
        self._etag = f'"{hashlib.sha256(self._script).hexdigest()[:16]}"'
        self._names = {_SCRIPT: _FIVE_MINUTES, hashed: _FOR_EVER}

    def route(self) -> Route:
        """Return the route to mount."""
        return Route("/widget/{name}", self.answer)

    async def answer(self, request: Request) -> Response:
        """Return the script; 304 to a browser that has it, 404 for another name."""
        caching = self._names.get(request.path_params["name"])
        if caching is None:
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        headers = {
            "Access-Control-Allow-Origin": "*",  # a module script is fetched with CORS, and is no secret
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": caching,
            "ETag": self._etag,
        }
        if self._is_known(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(self._script, media_type="text/javascript", headers=headers)

    def _is_known(self, if_none_match: str) -> bool:
        """Whether a browser or a proxy has the script (RFC 9110, section 13.1.2: weakly compared).

        A proxy that compresses makes an ETag weak.
        """
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return not tags.isdisjoint({self._etag, "*"})
