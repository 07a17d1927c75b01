"""Calls to providers that end: in time, in size, at the address that was asked.

A provider is somebody else's server. What it sends is read up to a limit, and only as JSON.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from server.identity.errors import ProviderUnavailableError
from server.kit.http import GuardedTransport, http_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from server.kit.http import HttpClient
    from server.kit.tracing import Tracing
    from server.settings import Settings

MAX_ANSWER_BYTES = 256 * 1024  # the largest honest one, a key set with certificates, has some 20 KiB
_DEADLINE_SECONDS = 10.0  # for a whole call: the client's own time-outs start anew with every byte
# Facebook calls its JSON JavaScript where it feels like it; what counts is that no page is read as JSON.
_JSON = ("application/json", "application/jwk-set+json", "text/javascript")


class _TooLargeError(httpx.ReadError):
    """The answer went over the limit."""


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                message = f"the answer has more than {MAX_ANSWER_BYTES} bytes"
                raise _TooLargeError(message)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedTransport(httpx.AsyncBaseTransport):
    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        # We ask for `identity`: what is packed all the same could be a small bomb.
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            message = "the answer is compressed, which was not asked for"
            raise httpx.DecodingError(message)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _BoundedStream(response.stream)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


class BoundedClient:
    """Asks providers; everything that is not a small JSON object in good time is ProviderUnavailableError."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        deadline_seconds: float = _DEADLINE_SECONDS,
        tracing: Tracing | None = None,
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._client: HttpClient = http_client(
            transport=_BoundedTransport(transport or httpx.AsyncHTTPTransport(retries=1)), tracing=tracing
        )

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at `url`."""
        return _object(await self._get(url, headers or {}), url)

    async def get_list(self, url: str, headers: Mapping[str, str]) -> list[Any]:
        """Return the JSON list at `url`."""
        found = await self._get(url, headers)
        if not isinstance(found, list):
            raise _unavailable("the answer is not a JSON list", url)
        return found

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, Any]]:
        """Return status and JSON object that a form gets: at a token endpoint errors are JSON too."""
        response = await self._send("POST", url, headers, body)
        status = response.status_code
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
            raise _unavailable(f"status {status}", url)
        if response.is_redirect:
            raise _unavailable("a redirect, which is not followed", url)
        return status, _object(_json(response), url)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._client.aclose()

    async def _get(self, url: str, headers: Mapping[str, str]) -> object:
        response = await self._send("GET", url, headers, None)
        if response.status_code != httpx.codes.OK:
            raise _unavailable(f"status {response.status_code}", url)
        return _json(response)

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> httpx.Response:
        asked = {"accept": "application/json", "accept-encoding": "identity", **headers}
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._client.request(method, url, headers=asked, content=body)
        except TimeoutError:
            raise _unavailable(f"no answer within {self._deadline_seconds:g} seconds", url) from None
        except httpx.HTTPError as error:
            raise _unavailable(type(error).__name__, url) from error


def provider_transport(settings: Settings) -> httpx.AsyncBaseTransport | None:
    """Return how providers are reached: in production on the public internet alone.

    An admin names issuers, and metadata names further addresses; neither may lead to what only this machine
    reaches. The hosts of issuers in the environment are the operator's word, who may run one next door.
    """
    if settings.is_development:
        return None
    hosts = (urlsplit(each.issuer).hostname for each in settings.providers)
    return GuardedTransport([host for host in hosts if host is not None])


def _json(response: httpx.Response) -> object:
    url = str(response.url)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON:
        raise _unavailable("the answer is not JSON", url)
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise _unavailable("the answer cannot be read", url) from None


def _object(document: object, url: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise _unavailable("the answer is not a JSON object", url)
    return document


def _unavailable(problem: str, url: str) -> ProviderUnavailableError:
    """Return the error; of the address without its query, which for some providers holds a proof."""
    return ProviderUnavailableError(f"{problem} ({url.partition('?')[0]})")
