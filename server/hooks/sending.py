"""Messages over HTTPS, signed as Standard Webhooks say: in good time, up to a size, to public addresses."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import orjson
from standardwebhooks import Webhook

from server.hooks.model import Response, ResponseClass
from server.kit.http import BlockedTargetError, HttpError, HttpTimeoutError, http_client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.hooks.model import Hook, Message
    from server.kit.http import HttpClient, HttpResponse, HttpTransport
    from server.kit.tracing import Tracing

MAX_ANSWER_BYTES = 64 * 1024
_MOST_PATIENCE = timedelta(days=1)  # however long a server asks to be left alone
_BUSY = frozenset({429, 502, 503, 504})
_GONE = 410


class Sender:
    """Sends one message to one hook and tells how that went; it raises nothing."""

    def __init__(self, transport: HttpTransport | None = None, tracing: Tracing | None = None) -> None:
        self._client: HttpClient = http_client(transport=transport, tracing=tracing)

    async def send(
        self, hook: Hook, message_id: str, body: bytes, now: datetime, *, seconds: float, is_question: bool
    ) -> Response:
        """Post a body; what is answered is read only where the hook was asked something."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                answered = await self._post(hook, message_id, body, now, is_question=is_question)
        except (TimeoutError, HttpTimeoutError):
            answered = Response(kind=ResponseClass.TIMEOUT)
        except HttpError as error:
            answered = Response(kind=_why_unreachable(error))
        return replace(answered, milliseconds=round((time.monotonic() - began) * 1_000))

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._client.aclose()

    async def _post(
        self, hook: Hook, message_id: str, body: bytes, now: datetime, *, is_question: bool
    ) -> Response:
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "Acquaint",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures(hook, message_id, body, now),
        }
        async with self._client.stream("POST", hook.url, content=body, headers=headers) as response:
            kind = _kind(response)
            if kind is not ResponseClass.SUCCESS or not is_question:
                return Response(
                    kind=kind, status=response.status_code, retry_after=_retry_after(response, now)
                )
            return await _answer(response)


def body_of(message: Message, data: Mapping[str, Any]) -> bytes:
    """Return the body of a message; the same message with the same data is the same bytes."""
    at = message.at.isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": message.type, "timestamp": at, "data": data})


def signatures(hook: Hook, message_id: str, body: bytes, now: datetime) -> str:
    """Return a signature by every secret that counts now: during a rotation there are two."""
    good = [each for each in hook.secrets if each.until is None or each.until > now]
    return " ".join(Webhook(each.value).sign(message_id, now, body.decode()) for each in good)


async def _answer(response: HttpResponse) -> Response:
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            return Response(kind=ResponseClass.UNREADABLE, status=response.status_code)
    try:
        body = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        return Response(kind=ResponseClass.UNREADABLE, status=response.status_code)
    return Response(kind=ResponseClass.SUCCESS, status=response.status_code, body=body)


def _kind(response: HttpResponse) -> ResponseClass:
    if response.is_success:
        return ResponseClass.SUCCESS
    if response.is_redirect:
        return ResponseClass.REDIRECT
    if response.status_code == _GONE:
        return ResponseClass.GONE
    return ResponseClass.BUSY if response.status_code in _BUSY else ResponseClass.REFUSED


def _retry_after(response: HttpResponse, now: datetime) -> timedelta | None:
    """Return how long to wait (RFC 9110, section 10.2.3): seconds, or until a date."""
    given = response.headers.get("retry-after", "")
    try:
        wait = timedelta(seconds=int(given)) if given.isdecimal() else _until(given, now)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), _MOST_PATIENCE)


def _until(date: str, now: datetime) -> timedelta:
    at = parsedate_to_datetime(date)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - now


def _why_unreachable(error: BaseException | None) -> ResponseClass:
    """Look through what httpx and httpcore wrapped around it."""
    while error is not None:
        if isinstance(error, BlockedTargetError):
            return ResponseClass.BLOCKED
        error = error.__cause__ or error.__context__
    return ResponseClass.UNREACHABLE
