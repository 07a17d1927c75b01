"""Who is slow, silent or gone is let go after a while, and nobody else notices."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from server.kit.connections import ConnectionLimits
from server.serving.server import Manners, listening, served_beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

PATIENCE = 60.0
SMALL = 2_000
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LARGE = 8_000_000  # bytes, more than the kernel takes on both sides
HEAD = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n"
GET = b"GET /small HTTP/1.1\r\nHost: test\r\n\r\n"
UPGRADE = (
    b"GET /socket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n"
)
_TCP_REPAIR = 19  # linux/tcp.h; the module socket does not have it


async def _echo(request: Request) -> Response:
    return Response(await request.body())


async def _large(request: Request) -> Response:
    return Response(b"x" * LARGE)


async def _small(request: Request) -> Response:
    return Response(b"x" * SMALL)


async def _listen(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive()


APP = Starlette(
    routes=[
        Route("/", _echo, methods=["POST"]),
        Route("/large", _large),
        Route("/small", _small),
        WebSocketRoute("/socket", _listen),
    ]
)


@asynccontextmanager
async def _served(**limits: int) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    manners = Manners(limits=replace(ConnectionLimits(), **limits))
    async with served_beside(APP, "127.0.0.1", port, manners):
        yield port


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the other side closes; a reset is an end, too."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def _is_served(port: int) -> bool:
    async with _connected(port) as (reader, writer):
        writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        response = await _rest(reader)
    return response.startswith(b"HTTP/1.1 200 ") and response.endswith(b"x" * SMALL)


async def test_headers_that_trickle_in_are_waited_for_only_so_long() -> None:
    async with _served(header_seconds=1) as port, _connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\nX-Slow: ")

        response = await _rest(reader)

    assert response.startswith(b"HTTP/1.1 408 ")


async def test_headers_that_never_stop_to_come_are_waited_for_only_so_long() -> None:
    async with _served(header_seconds=1) as port, _connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\nX-Slow: ")
        response = asyncio.create_task(_rest(reader))
        while not response.done():
            writer.write(b"x")
            assert await _is_served(port)

    # A byte that comes after the end resets the connection, and takes what was said along.
    assert (await response)[:13] in {b"HTTP/1.1 408 ", b""}


async def test_connection_without_a_request_is_closed() -> None:
    async with _served(header_seconds=1) as port, _connected(port) as (reader, _):
        assert await _rest(reader) == b""


async def test_body_that_never_ends_is_waited_for_only_so_long() -> None:
    async with _served(body_seconds=1) as port, _connected(port) as (reader, writer):
        writer.write(HEAD + b"12345")

        response = await _rest(reader)

    assert response.startswith(b"HTTP/1.1 408 ")


async def test_headers_without_end_are_refused() -> None:
    async with _served(header_bytes=10_000) as port, _connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\n")
        for number in range(20):
            writer.write(f"X-{number}: {'y' * 1_000}\r\n".encode())

        response = await _rest(reader)

    assert response.startswith(b"HTTP/1.1 431 ")


async def test_request_in_parts_is_answered() -> None:
    async with _served() as port, _connected(port) as (reader, writer):
        for part in (HEAD[:20], HEAD[20:] + b"12345", b"67890"):
            writer.write(part)
            await writer.drain()
            assert await _is_served(port)  # each part has arrived by itself

        async with asyncio.timeout(PATIENCE):
            response = await reader.readuntil(b"1234567890")

    assert response.startswith(b"HTTP/1.1 200 ")


async def test_idle_connection_is_closed() -> None:
    async with _served(idle_seconds=1) as port, _connected(port) as (reader, writer):
        writer.write(GET)

        response = await _rest(reader)

    assert response.endswith(b"x" * SMALL)


async def test_client_that_does_not_read_is_cut_off() -> None:
    async with _served(send_seconds=1) as port:
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.sendall(GET.replace(b"small", b"large"))
            while not _is_cut(silent):
                assert await _is_served(port)


def _is_cut(ours: socket.socket) -> bool:
    """Whether the other side is gone, as far as the kernel knows."""
    return ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != b"\x01"  # established


async def test_more_connections_than_there_may_be_are_refused() -> None:
    async with _served(connections=2) as port:
        async with _connected(port) as (one, ask_one), _connected(port) as (other, ask_other):
            for reader, writer in ((one, ask_one), (other, ask_other)):
                writer.write(GET)
                await reader.readuntil(b"x" * SMALL)
            async with _connected(port) as (refused, _):
                response = await _rest(refused)
        async with asyncio.timeout(PATIENCE):
            while not await _is_served(port):
                pass

    assert response.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 5\r\n" in response


async def test_many_slow_clients_hurt_nobody() -> None:
    async with _served(header_seconds=1, body_seconds=1) as port, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(_connected(port)) for _ in range(100)]
        for number, (_, writer) in enumerate(slow):
            writer.write(HEAD[: number % len(HEAD)])

        are_served = [await _is_served(port) for _ in range(20)]
        ends = await asyncio.gather(*(_rest(reader) for reader, _ in slow))

    assert all(are_served)
    assert {end[:13] for end in ends} == {b"", b"HTTP/1.1 408 "}


# What a client said last: nothing, parts of requests, whole ones, that it listens.
LAST_WORDS = [b"", GET[:10], HEAD, HEAD + b"12345", GET, GET.replace(b"small", b"large"), UPGRADE]


@pytest.mark.parametrize("is_gone", [True, False])
async def test_clients_that_say_no_more_are_let_go(*, is_gone: bool) -> None:
    limits = dict.fromkeys(("header_seconds", "body_seconds", "idle_seconds", "send_seconds"), 1)
    most = len(LAST_WORDS)
    async with _served(connections=most, ping_seconds=1, **limits) as port:
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in LAST_WORDS]
        for client, words in zip(clients, LAST_WORDS, strict=True):
            client.sendall(words)
            if is_gone:
                _vanish(client)

        async with asyncio.timeout(PATIENCE):
            while not await _has_room_for(port, most):
                pass
        for client in clients:
            client.close()


def _vanish(ours: socket.socket) -> None:
    """Have the kernel forget a connection without a word to the other side, as when a cable is cut."""
    try:
        ours.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    except PermissionError:
        pytest.skip("No connection vanishes without CAP_NET_ADMIN.")
    ours.close()


async def _has_room_for(port: int, count: int) -> bool:
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(_connected(port)) for _ in range(count)]
        for _, writer in connections:
            writer.write(GET)
        answers = [await reader.read(12) for reader, _ in connections]
    return answers == [b"HTTP/1.1 200"] * count


@pytest.mark.parametrize(
    "more",
    [
        *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"),
        *(b"X: " + b"x" * 9_000 + b"\r\n", b"X: x\r\n" * 200),
    ],
)
async def test_handshake_that_can_not_be_read_is_refused_at_once(more: bytes) -> None:
    async with _served() as port, _connected(port) as (reader, writer):
        writer.write(UPGRADE.replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n"))

        response = await _rest(reader)

    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"The handshake of a WebSocket has no body" in response


def test_kernel_asks_after_connections_that_are_silent_for_good() -> None:
    with (
        listening("127.0.0.1", 0) as ours,
        socket.create_connection(ours.getsockname()),
        ours.accept()[0] as accepted,
    ):
        is_asked = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        first, between, times, unheard = (
            accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"))
            for name in ("KEEPIDLE", "KEEPINTVL", "KEEPCNT", "USER_TIMEOUT")
        )

    assert is_asked
    assert first + between * times <= 90
    assert unheard == 30_000
