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

    from server.kit.leaving import Leaving

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

    `still_allowed` raises AuthenticationError once the token of the request has ended. When this process is
    `leaving`, the stream ends without `complete`: clients take that for a loss, and come back. `among` holds
    all that are being sent.
    """

    def __init__(
        self,
        responses: AsyncGenerator[dict[str, Any], None],
        still_allowed: Callable[[], Awaitable[object]],
        leaving: Leaving,
        among: set[EventStream],
    ) -> None:
        self._among = among
        super().__init__(_events(responses, still_allowed, leaving), EVENT_STREAM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, and be counted meanwhile."""
        self._among.add(self)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._among.discard(self)


async def _events(
    responses: AsyncGenerator[dict[str, Any], None],
    still_allowed: Callable[[], Awaitable[object]],
    leaving: Leaving,
) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(responses):
        async for response in _with_signs_of_life(responses, leaving):
            if response is None:
                yield b":\n\n"
                continue
            try:
                await still_allowed()
            except AuthenticationError as error:
                yield _next({"errors": [{"message": error.message, "extensions": {"code": error.code}}]})
                break
            yield _next(response)
        if not leaving.begun.is_set():
            yield b"event: complete\ndata:\n\n"


async def _with_signs_of_life(
    responses: AsyncGenerator[dict[str, Any], None], leaving: Leaving
) -> AsyncIterator[dict[str, Any] | None]:
    """Yield each response until we leave, and None when there was none for a while."""
    gone = asyncio.ensure_future(leaving.begun.wait())
    try:
        while not gone.done():
            upcoming = asyncio.ensure_future(anext(responses, None))
            try:
                while not (done := await _one_of(upcoming, gone)):
                    yield None
            finally:
                await _given_up(upcoming)
            if upcoming not in done:
                return
            response = upcoming.result()
            if response is None:
                return
            yield response
    finally:
        gone.cancel()


async def _one_of(*waiting: asyncio.Future[Any]) -> set[asyncio.Future[Any]]:
    """Return which is done, none after a while."""
    done, _ = await asyncio.wait(waiting, timeout=_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    return done


async def _given_up(upcoming: asyncio.Future[Any]) -> None:
    if not upcoming.done():
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upcoming


def _next(response: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(response) + b"\n\n"
