"""The one HTTP client for calls to the outside: bounded time, no redirects, no proxy from the environment."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from server.kit.addresses import is_public
from server.kit.tracing import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from ssl import SSLContext

    from server.kit.tracing import Tracing

__all__ = [
    "BlockedTargetError",
    "GuardedNetwork",
    "GuardedTransport",
    "HttpClient",
    "HttpConnectError",
    "HttpError",
    "HttpResponse",
    "HttpTimeoutError",
    "HttpTransport",
    "http_client",
]

HttpError = httpx.HTTPError
HttpConnectError = httpx.ConnectError
HttpResponse = httpx.Response
HttpTimeoutError = httpx.TimeoutException
HttpTransport = httpx.AsyncBaseTransport

_MOST_ADDRESSES = 4  # of one name, tried one after the other

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class HttpClient(httpx.AsyncClient):
    """Knows but one family of errors: HttpError."""

    def build_request(self, *args: Any, **more: Any) -> httpx.Request:  # noqa: ANN401 - httpx's signature
        """Return the request; raise HttpConnectError for an address that is none, such as `https://xn--`."""
        try:
            return super().build_request(*args, **more)
        except (httpx.InvalidURL, UnicodeError):
            raise HttpConnectError("the address is none") from None


class BlockedTargetError(httpcore.ConnectError):
    """The host is not one that may be called."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's name service gives; raise OSError or UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def http_client(
    *, transport: httpx.AsyncBaseTransport | None = None, tracing: Tracing | None = None
) -> HttpClient:
    """Return a client; close it when done. Tests hand in a transport of their own."""
    if tracing is not None and tracing.is_on:
        transport = _TracedTransport(transport or httpx.AsyncHTTPTransport(), tracing)
    return HttpClient(
        timeout=httpx.Timeout(10, connect=5),
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


class _TracedTransport(httpx.AsyncBaseTransport):
    """Makes a span of each request, with the host and no more of the address: the rest may be about a person.

    Providers are not told of the trace: it is none of theirs.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, tracing: Tracing) -> None:
        self._transport = transport
        self._tracing = tracing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with self._tracing.span(f"{request.method} {request.url.host}", Kind.CLIENT) as span:
            span.note(http__request__method=request.method, server__address=request.url.host)
            response = await self._transport.handle_async_request(request)
            span.note(http__response__status_code=response.status_code)
            return response

    async def aclose(self) -> None:
        await self._transport.aclose()


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the public internet alone, and to the hosts that the operator named.

    A name is resolved once, all that it resolves to is judged, and the address that was judged is the one
    that is dialled: a second answer of the name server (rebinding) is never asked for. Host and certificate
    stay those of the URL. What it does not see: where a public host passes the request on to.
    """

    def __init__(
        self,
        allowed_hosts: Collection[str] = (),
        *,
        resolve: Resolve = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._resolve = resolve
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._addresses(host, port, timeout)
        for address in addresses[:-1]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._network.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError(f"a socket of this machine is not to be reached: {path}")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float | None) -> Sequence[str]:
        if host in self._allowed:
            return [host]
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
        except (OSError, TimeoutError, UnicodeError):
            raise httpcore.ConnectError("the name of the host is not known") from None
        if not addresses or not all(is_public(each) for each in addresses):
            raise BlockedTargetError("the host is not on the public internet")
        return addresses[:_MOST_ADDRESSES]


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Sends requests through a guarded network."""

    def __init__(self, allowed_hosts: Collection[str] = (), *, network: GuardedNetwork | None = None) -> None:
        trust = _trust()
        super().__init__(verify=trust, retries=0)
        # No connection is kept for the next request: it would outlive what its name was judged by.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_keepalive_connections=0,
            network_backend=network or GuardedNetwork(allowed_hosts),
        )


@cache
def _trust() -> SSLContext:
    """Return whom every transport trusts: the same authorities, which take 0.7 MB each time they are read."""
    return httpx.create_ssl_context(trust_env=False)
