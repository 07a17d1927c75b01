"""The built widget: under names with a hash for ever, under plain names for five minutes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

_FOR_EVER = "public, max-age=31536000, immutable"
_FIVE_MINUTES = "public, max-age=300"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    content: bytes
    etag: str
    caching: str


class WidgetFiles:
    """Serves one build; read once, so that entries and the parts they load always agree."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        self._scripts: dict[str, _Script] = {}
        for plain, hashed in manifest.items():  # a part is only ever asked for by its hashed name
            self._scripts[plain] = _script(folder / hashed, _FIVE_MINUTES)
            self._scripts[hashed] = _script(folder / hashed, _FOR_EVER)

    def route(self) -> Route:
        """Return the route to mount."""
        return Route("/widget/{name}", self.answer)

    async def answer(self, request: Request) -> Response:
        """Return the script; 304 to a browser that has it, 404 for another name."""
        script = self._scripts.get(request.path_params["name"])
        if script is None:
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        headers = {
            "Access-Control-Allow-Origin": "*",  # a module script is fetched with CORS, and is no secret
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": script.caching,
            "ETag": script.etag,
        }
        if _is_known(script.etag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(script.content, media_type="text/javascript", headers=headers)


def _script(path: Path, caching: str) -> _Script:
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return _Script(content=content, etag=etag, caching=caching)


def _is_known(etag: str, if_none_match: str) -> bool:
    """Whether a browser or a proxy has the script (RFC 9110, section 13.1.2: weakly compared).

    A proxy that compresses makes an ETag weak.
    """
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return not tags.isdisjoint({etag, "*"})
