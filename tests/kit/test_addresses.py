"""What may be dialled: the public internet, and nothing that only this machine reaches."""

from __future__ import annotations

import asyncio

import httpcore
import httpx
import pytest

from server.kit.addresses import is_public
from server.kit.http import GuardedNetwork, GuardedTransport

PRIVATE = (
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.1.2.3", "169.254.169.254", "172.16.0.1"),  # noqa: S104
    *("192.168.0.1", "192.0.0.8", "192.88.99.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1"),
    *("64:ff9b::a00:1", "64:ff9b:1::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1"),
    *("2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1"),
    *("", "example.com", "127.1", "0x7f000001", "2130706433", "1.1.1.1:80"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_address_that_is_not_on_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "127.1", "2130706433", "0x7f.1", "no.such.invalid"]
)
async def test_private_host_is_not_dialled_however_it_is_spelled(host: str) -> None:
    dialled: list[object] = []
    server = await asyncio.start_server(lambda _, writer: dialled.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with httpx.AsyncClient(transport=GuardedTransport(), trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{host}:{port}/")

    server.close()
    assert dialled == []


async def test_host_of_the_operators_is_dialled() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with httpx.AsyncClient(transport=GuardedTransport(["127.0.0.1"]), trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{port}/")

    server.close()
    assert response.status_code == 204


async def test_socket_of_this_machine_is_not_dialled() -> None:
    with pytest.raises(httpcore.ConnectError):
        await GuardedNetwork().connect_unix_socket("/run/anything.sock")
