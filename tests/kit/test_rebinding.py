"""A name server that changes its mind: what was judged is what is dialled, and nothing else ever is."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import dns.message
import dns.rrset
import httpcore
import pytest
from dns.asyncresolver import Resolver
from dns.exception import DNSException

from server.kit.calling import BlockedError, Caller, NotReachedError, Request
from server.kit.http import GuardedNetwork, GuardedTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

NAME = "api.rebinding.example"
PUBLIC, PRIVATE = "93.184.216.34", "127.0.0.1"


class NameServer(asyncio.DatagramProtocol):
    """A name server on a socket: each question about addresses gets the next of its answers."""

    def __init__(self, answers: Iterable[Sequence[str]]) -> None:
        self._answers = list(answers)
        self.asked = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        self.asked += 1
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if found:
            response.answer.append(dns.rrset.from_text_list(query.question[0].name, 0, "IN", "A", found))
        assert self._transport is not None
        self._transport.sendto(response.to_wire(), addr)


class Dialled(httpcore.AsyncNetworkBackend):
    """Notes what is dialled, and reaches nobody."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        self.addresses.append(host)
        raise httpcore.ConnectError


@asynccontextmanager
async def world(*answers: Sequence[str]) -> AsyncIterator[tuple[Caller, NameServer, Dialled]]:
    """Serve names on a port of its own, and yield who calls by them."""
    server = NameServer(answers)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", 0))
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]

    async def resolve(host: str, _: int) -> Sequence[str]:
        try:
            return [each.address for each in await resolver.resolve(host, "A")]
        except DNSException as error:
            raise OSError from error

    dialled = Dialled()
    caller = Caller(GuardedTransport(network=GuardedNetwork(resolve=resolve, network=dialled)))
    try:
        yield caller, server, dialled
    finally:
        await caller.close()
        transport.close()


async def call(caller: Caller) -> None:
    """Call by name."""
    request = Request(method="GET", url=f"https://{NAME}/", headers={}, content=None)
    await caller.call(request, timeout=timedelta(seconds=10), max_bytes=1000)


async def test_second_answer_of_the_name_server_is_never_dialled() -> None:
    async with world([PUBLIC], [PRIVATE]) as (caller, server, dialled):
        with pytest.raises(NotReachedError):
            await call(caller)
        asked_once = server.asked
        with pytest.raises(BlockedError):
            await call(caller)

    assert asked_once == 1
    assert dialled.addresses == [PUBLIC]


@pytest.mark.parametrize("mixed", [[PUBLIC, PRIVATE], ["10.0.0.5", PUBLIC], [PUBLIC, "169.254.169.254"]])
async def test_one_private_address_among_public_ones_blocks_them_all(mixed: list[str]) -> None:
    async with world(mixed) as (caller, _, dialled):
        with pytest.raises(BlockedError):
            await call(caller)

    assert dialled.addresses == []


async def test_addresses_of_one_name_are_tried_in_turn_but_not_without_end() -> None:
    many = [f"93.184.216.{number}" for number in range(34, 44)]
    async with world(many) as (caller, _, dialled):
        with pytest.raises(NotReachedError):
            await call(caller)

    assert len(dialled.addresses) == 4
    assert set(dialled.addresses) <= set(many)


async def test_name_that_leads_nowhere_dials_nobody() -> None:
    async with world([]) as (caller, _, dialled):
        with pytest.raises(NotReachedError):
            await call(caller)

    assert dialled.addresses == []
