"""The one HTTP client for calls to the outside: bounded time, no redirects, no proxy from the environment."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpcore
import httpx

from server.kit.addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["GuardedNetwork", "GuardedTransport", "HttpClient", "HttpError", "http_client"]

HttpClient = httpx.AsyncClient
HttpError = httpx.HTTPError


def http_client(*, transport: httpx.AsyncBaseTransport | None = None) -> HttpClient:
    """Return a client; close it when done. Tests hand in a transport of their own."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(10, connect=5),
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the public internet alone, and to the hosts that the operator named.

    A name is resolved once, all that it resolves to is judged, and the address that was judged is the one
    that is dialled: a second answer of the name server (rebinding) is never asked for. Host and certificate
    stay those of the URL. What it does not see: where a public host passes the request on to.
    """

    def __init__(self, allowed_hosts: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await self._address(host, port, timeout)
        return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError(f"a socket of this machine is not to be reached: {path}")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    async def _address(self, host: str, port: int, seconds: float | None) -> str:
        if host in self._allowed:
            return host
        try:
            async with asyncio.timeout(seconds):
                loop = asyncio.get_running_loop()
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError, UnicodeError):
            raise httpcore.ConnectError("the name of the host is not known") from None
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(is_public(each) for each in addresses):
            raise httpcore.ConnectError("the host is not on the public internet")
        return addresses[0]


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Sends requests through a guarded network."""

    def __init__(self, allowed_hosts: Collection[str] = ()) -> None:
        super().__init__(retries=0)
        # No connection is kept for the next request: it would outlive what its name was judged by.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_keepalive_connections=0,
            network_backend=GuardedNetwork(allowed_hosts),
        )
