"""The one HTTP client for calls to the outside: bounded time, no redirects, no proxy from the environment."""

from __future__ import annotations

import httpx

__all__ = ["HttpClient", "HttpError", "http_client"]

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
