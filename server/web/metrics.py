"""What Prometheus reads, for whoever has the operator's token."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from server.kit.instruments import MEDIA_TYPE
from server.kit.mongo import PyMongoError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request

    from server.kit.instruments import Instruments

_PATH = "/metrics"
_PATIENCE_SECONDS = 2  # with the database; Prometheus gives up after ten


def metrics_routes(
    instruments: Instruments, look_round: Callable[[], Awaitable[None]], token: str | None
) -> Sequence[Route]:
    """Return `/metrics`, which wants this bearer token; nothing where there is none.

    What lies in the database is looked at with each reading, by any process: what waits is seen also while no
    worker runs.
    """
    if token is None:
        return ()
    expected = [f"Bearer {each}".encode() for each in token.split()]  # of several all are good

    async def read(request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode()
        if not any(hmac.compare_digest(shown, each) for each in expected):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await look_round()
        except (PyMongoError, TimeoutError):
            instruments.found_queue(None)
        return Response(instruments.text(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return (Route(_PATH, read),)
