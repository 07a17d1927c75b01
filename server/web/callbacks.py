"""Where providers answer that were asked before: no token of ours, but an address that nobody can guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_MAX_BODY = 1024 * 1024  # bytes; what is read of an answer to a call


class TakesAnswers(Protocol):
    """See enrichment.sources.late_answers."""

    async def is_awaited(self, token: str) -> bool:
        """Whether anything is to be expected here."""

    async def take(self, token: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Take it; False for what was not asked for."""


def callback_routes(answering: TakesAnswers) -> list[Route]:
    """Return the one route. What is wrong with a post is not told."""

    async def posted(request: Request) -> Response:
        token = request.path_params["token"]
        body = await _body(request) if await answering.is_awaited(token) else None
        headers = {name.lower(): value for name, value in request.headers.items()}
        is_taken = body is not None and await answering.take(token, headers, body)
        return Response(status_code=204 if is_taken else 404)

    return [Route("/enrichment/callback/{token}", posted, methods=["POST"])]


async def _body(request: Request) -> bytes | None:
    """Return the body; None where it goes over the limit or ends early."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_BODY:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
