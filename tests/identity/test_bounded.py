"""Answers that would never end, and what is told of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from server.identity.errors import ProviderUnavailableError
from server.identity.providers.bounded import BoundedClient, provider_transport
from server.kit.http import GuardedTransport
from server.settings import Environment
from tests.api import settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_JSON = {"content-type": "application/json"}


class _Endless(httpx.AsyncByteStream):
    def __init__(self, chunk: bytes, *, pause_seconds: float = 0) -> None:
        self._chunk = chunk
        self._pause_seconds = pause_seconds
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield self._chunk
            await asyncio.sleep(self._pause_seconds)

    async def aclose(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    "stream", [_Endless(b" " * 65_536), _Endless(b"[", pause_seconds=0.01)], ids=["fast", "slow"]
)
async def test_answer_without_end_is_cut_off(stream: _Endless) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=_JSON, stream=stream))
    client = BoundedClient(transport, deadline_seconds=0.2)

    with pytest.raises(ProviderUnavailableError):
        await client.get("https://idp.test/?proof=canary")

    assert stream.is_closed
    await client.close()


async def test_proof_in_an_address_is_not_told() -> None:
    client = BoundedClient(httpx.MockTransport(lambda _: httpx.Response(500)))

    with pytest.raises(ProviderUnavailableError) as caught:
        await client.get("https://graph.facebook.com/me?appsecret_proof=canary")

    assert "canary" not in str(caught.value)
    await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest",
        "https://127.0.0.1:1/",
        "https://[::1]/",
        "https://localhost:1/",
        "https:///",
    ],
)
async def test_metadata_of_a_provider_leads_nowhere_private_in_production(url: str) -> None:
    transport = provider_transport(settings_for("", "", Environment.PRODUCTION))
    client = BoundedClient(transport)

    with pytest.raises(ProviderUnavailableError):
        await client.get(url)
    with pytest.raises(ProviderUnavailableError):
        await client.post(url, {}, "")

    assert isinstance(transport, GuardedTransport)
    await client.close()


def test_development_reaches_the_demo_next_door() -> None:
    assert provider_transport(settings_for("", "")) is None
