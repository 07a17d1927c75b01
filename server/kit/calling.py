"""One call to somebody else's server that ends: in time, in size, at the address that was asked."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.kit.http import BlockedTargetError, HttpConnectError, HttpError, http_client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from server.kit.http import HttpResponse, HttpTransport
    from server.kit.tracing import Tracing

_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent; what may hold a secret stays out of logs."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in small letters."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The type of the body without its parameters; empty where none is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class CallError(Exception):
    """There is no answer; the message is a few words of ours."""


class NotReachedError(CallError):
    """The server was not reached: nothing was asked."""


class BlockedError(CallError):
    """The address is not one that may be called."""


class LostError(CallError):
    """The request was sent and no answer came: what it did is not known."""


class UnreadableError(CallError):
    """An answer came that can't be read: too large, or packed in a way that was not asked for."""


class Caller:
    """Calls through one transport. No redirects, no proxy from the environment, no connection kept."""

    def __init__(self, transport: HttpTransport, tracing: Tracing | None = None) -> None:
        self._client = http_client(transport=transport, tracing=tracing)

    async def call(self, request: Request, *, timeout: timedelta, max_bytes: int) -> Answer:  # noqa: ASYNC109 - a span of the spec's
        """Return the answer, its body unpacked; raise CallError. `timeout` is for all of it together."""
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                return await self._call(request, timeout.total_seconds(), max_bytes)
        except TimeoutError:
            raise LostError(f"no answer within {timeout.total_seconds():g} seconds") from None
        except HttpConnectError as error:
            if isinstance(error.__cause__, BlockedTargetError):
                raise BlockedError("the host may not be called") from None
            raise NotReachedError("no connection") from None
        except HttpError as error:
            raise LostError(type(error).__name__) from None

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def _call(self, request: Request, seconds: float, max_bytes: int) -> Answer:
        async with self._client.stream(
            request.method, request.url, headers=request.headers, content=request.content, timeout=seconds
        ) as response:
            body = await _body(response, max_bytes)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(status=response.status_code, headers=headers, body=body)


async def _body(response: HttpResponse, max_bytes: int) -> bytes:
    """Return the body; it is unpacked here, a bounded piece at a time: a library unpacks a bomb whole."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"identity", "", "gzip"}:
        raise UnreadableError("an answer that is packed in a way that was not asked for")
    unpack = zlib.decompressobj(_GZIP) if packing == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, max_bytes + 1 - len(body))
        except zlib.error:
            raise UnreadableError("an answer that can't be unpacked") from None
        if len(body) > max_bytes:
            raise UnreadableError(f"an answer of more than {max_bytes} bytes")
    return bytes(body)
