"""Server-sent events by the protocol graphql-sse, in distinct connections: one request, one operation."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import StreamingResponse

from server.access.errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from starlette.types import Receive, Scope, Send

EVENT_STREAM = "text/event-stream"
_ALIVE_SECONDS = 12  # proxies cut what is silent for half a minute
_SEND_SECONDS = 20  # after which a client that does not read is let go


class StreamInTime(StreamingResponse):
    """Streams as long as the client reads."""

    def __init__(self, content: AsyncIterator[bytes], media_type: str) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(content, media_type=media_type, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; let a client go that takes nothing for a while."""

        async def send_in_time(message: Any) -> None:  # noqa: ANN401 - ASGI's message
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        with contextlib.suppress(TimeoutError):
            await super().__call__(scope, receive, send_in_time)


class EventStream(StreamInTime):
    """Streams responses as `next` events and ends with `complete`.

    `still_allowed` raises AuthenticationError once the token of the request has ended.
    """

    def __init__(
        self,
        responses: AsyncGenerator[dict[str, Any], None],
        still_allowed: Callable[[], Awaitable[object]],
    ) -> None:
        super().__init__(_events(responses, still_allowed), EVENT_STREAM)


async def _events(
    responses: AsyncGenerator[dict[str, Any], None], still_allowed: Callable[[], Awaitable[object]]
) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(responses):
        async for response in _with_signs_of_life(responses):
            if response is None:
                yield b":\n\n"
                continue
            try:
                await still_allowed()
            except AuthenticationError as error:
                yield _next({"errors": [{"message": error.message, "extensions": {"code": error.code}}]})
                break
            yield _next(response)
        yield b"event: complete\ndata:\n\n"


async def _with_signs_of_life(
    responses: AsyncGenerator[dict[str, Any], None],
) -> AsyncIterator[dict[str, Any] | None]:
    """Yield each response, and None when there was none for a while."""
    while True:
        upcoming = asyncio.ensure_future(anext(responses, None))
        try:
            while not (await asyncio.wait({upcoming}, timeout=_ALIVE_SECONDS))[0]:
                yield None
        finally:
            if not upcoming.done():
                upcoming.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await upcoming
        response = upcoming.result()
        if response is None:
            return
        yield response


def _next(response: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(response) + b"\n\n"
