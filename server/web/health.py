"""Is the process alive, and can it serve?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request

    from server.kit.leaving import Leaving

_ENDING = "The process is about to end."


def health_routes(why_not_ready: Callable[[], Awaitable[list[str]]], leaving: Leaving) -> Sequence[Route]:
    """Return `/livez` (the process answers) and `/readyz` (it can serve; else 503 with the reasons)."""

    async def live(request: Request) -> Response:  # noqa: ARG001 - what Starlette calls it with
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:  # noqa: ARG001
        reasons = [_ENDING] if leaving.announced.is_set() else await why_not_ready()
        if not reasons:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "unavailable", "reasons": reasons}, status_code=503)

    return (Route("/livez", live), Route("/readyz", ready))
