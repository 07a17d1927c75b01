"""What every request passes: a request id, security headers, CORS; pure ASGI, which costs least."""

from __future__ import annotations

import asyncio
import logging
from random import Random, SystemRandom
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.kit.errors import AWAY, AWAY_SECONDS, MASKED
from server.kit.logs import PlainRecord, begin, trace_of
from server.kit.mongo import is_outage
from server.kit.tracing import Kind, Span
from server.web.addresses import ClientAddresses
from server.web.reading_headers import header

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from server.access.service import Access
    from server.kit.instruments import Instruments

_log = logging.getLogger(__name__)
_QUIET = {"/livez", "/readyz", "/metrics"}
_NO_FEATURES = ", ".join(f"{each}=()" for each in ("camera", "geolocation", "microphone", "payment", "usb"))
_ALLOWED = b"access-control-allow-origin"
_VARY = ((b"vary", b"Origin"),)
_CORS = "acquaint.cors"  # in the scope: headers of the response
_EXPOSED = (b"access-control-expose-headers", b"X-Request-Id, Retry-After")
_PREFLIGHT_SECONDS = "7200"  # Chromium keeps a preflight's answer no longer than two hours


class RequestIds:
    """Gives every request an id, in its state and its response, by which an error can be found in the log.

    Around everything but headers: whatever falls through is logged with the id and masked. Every request
    is counted and leaves a line, save those of whoever asks how we are.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        instruments: Instruments,
        addresses: ClientAddresses | None = None,
        defaults: Defaults | None = None,
    ) -> None:
        self._app = app
        self._instruments = instruments
        self._defaults = defaults or Defaults(is_https=False)
        self._addresses = addresses or ClientAddresses(())
        self._chance = Random(SystemRandom().getrandbits(128))  # noqa: S311 - names a request, guards nothing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"{self._chance.getrandbits(64):016x}"
        scope.setdefault("state", {})["request_id"] = request_id
        said = header(scope, b"traceparent")
        begin(request_id=request_id, trace_id=None if said is None else trace_of(said))
        tracing = self._instruments.tracing
        if not tracing.is_on or scope["path"] in _QUIET:
            await self._answer(request_id, Span(), scope, receive, send)
            return
        # Whose trace a request belongs to is believed of the proxies that are trusted; others are noted.
        is_believed = said is not None and self._addresses.trusts_peer(scope)
        parent, link = (said, None) if is_believed else (None, said)
        with tracing.span(scope["method"], Kind.SERVER, parent=parent, link=link) as span:
            span.note(acquaint__request_id=request_id, http__request__method=scope["method"])
            await self._answer(request_id, span, scope, receive, send)

    async def _answer(self, request_id: str, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = perf_counter(), 0

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = _with_cors(message["headers"], scope.get(_CORS))
                headers.append((b"x-request-id", request_id.encode()))
                message["headers"] = self._defaults.beside(headers)
            return send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            answer = _told(error, request_id)
            if status:
                raise  # the server cuts the connection, so that nobody takes half an answer for a whole one
            await answer(scope, receive, send_with_id)
        finally:
            self._note(scope, status, perf_counter() - began, span)

    def _note(self, scope: Scope, status: int, seconds: float, span: Span) -> None:
        path = _path_of(scope)
        self._instruments.responded(path, status)
        span.rename(f"{scope['method']} {path}")
        span.note(http__route=path, http__response__status_code=status)
        if path not in _QUIET and _log.isEnabledFor(logging.INFO):
            record = PlainRecord(
                _log.name,
                "request",
                method=scope["method"],
                path=path,
                status=status,
                duration_ms=round(seconds * 1000, 2),
            )
            # In the next turn of the loop: what was sent goes out at the end of this one.
            asyncio.get_running_loop().call_soon(_log.handle, record)


def _path_of(scope: Scope) -> str:
    """Return the path as the route has it: no ids, no words; under a mount with what it is mounted at."""
    route = scope.get("route")
    if isinstance(route, Route):
        mounted: str = scope.get("root_path", "")
        return mounted + route.path
    return getattr(route, "path", "other")


def _told(error: Exception, request_id: str) -> Response:
    """Log what fell through, and return all that a client gets to know of it."""
    if is_outage(error):
        _log.warning("the database is away, request %s", request_id)
        away = {"message": AWAY, "extensions": {"code": "UNAVAILABLE", "requestId": request_id}}
        headers = {"Cache-Control": "no-store", "Retry-After": str(AWAY_SECONDS)}
        return JSONResponse({"errors": [away]}, status_code=503, headers=headers)
    _log.error("unexpected error, request %s", request_id, exc_info=error)
    masked = {"message": MASKED, "extensions": {"code": "INTERNAL_ERROR", "requestId": request_id}}
    return JSONResponse({"errors": [masked]}, status_code=500, headers={"Cache-Control": "no-store"})


class Defaults:
    """What browsers are told that our pages may do, where a page has not said so itself."""

    def __init__(self, *, is_https: bool) -> None:
        defaults = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Cross-Origin-Opener-Policy": "same-origin",
            # What scripts fetch with CORS is not asked for it (Fetch, section 3.7): of ours that is GraphQL.
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": _NO_FEATURES,
        }
        if is_https:
            defaults["Strict-Transport-Security"] = "max-age=31536000"
        # As they go over the wire: every response gets them.
        self._defaults = {name.lower().encode(): value.encode() for name, value in defaults.items()}
        self._all = tuple(self._defaults.items())

    def beside(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return headers with those that are not among them."""
        named = dict(given)
        if self._defaults.keys().isdisjoint(named):
            return [*given, *self._all]
        return [*given, *(each for each in self._all if each[0] not in named)]


class SecurityHeaders:
    """Tells browsers these defaults alone, where requests have no ids; errors tell them too."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._defaults = Defaults(is_https=is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._defaults.beside(message["headers"])
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Cors:
    """Lets pages on the exact origins of the publishable keys read the answers of one route; no credentials.

    This is what browsers are told, not what protects us: the endpoint itself checks the origin against
    the key of the request. What is told goes with the request's id: see RequestIds. The route is handed its
    requests past Starlette's search for it and its own errors.
    """

    def __init__(self, app: ASGIApp, *, access: Access, route: Route) -> None:
        self._app = app
        self._access = access
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._route.path:
            await self._app(scope, receive, send)
            return
        origin = header(scope, b"origin")
        allowed = origin if origin is not None and await self._access.may_embed(origin) else None
        if scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method") is not None:
            await _preflight(allowed)(scope, receive, send)
            return
        scope[_CORS] = _VARY if allowed is None else (*_VARY, (_ALLOWED, allowed.encode()), _EXPOSED)
        scope["route"] = self._route
        await self._route.app(scope, receive, send)


def _with_cors(
    given: Iterable[tuple[bytes, bytes]], cors: Sequence[tuple[bytes, bytes]] | None
) -> list[tuple[bytes, bytes]]:
    headers = [*given, *(cors or ())]
    varies = [value for name, value in headers if name == b"vary"]
    if len(varies) > 1:  # the response's own, which may name it already
        merged = MutableHeaders(raw=[each for each in headers if each != _VARY[0]])
        merged.add_vary_header("Origin")
        return merged.raw
    return headers


def _preflight(origin: str | None) -> Response:
    if origin is None:
        return Response(status_code=403, headers={"Vary": "Origin"})
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
            "Vary": "Origin",
        },
    )
