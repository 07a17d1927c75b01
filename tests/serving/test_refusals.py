"""What a connection is told that sends too much, or no HTTP, before the application sees any of it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from server.kit.connections import ConnectionLimits
from server.serving.server import Manners, served_beside
from tests.serving.test_slow_clients import UPGRADE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
BOUND = 1_000
FOR_BROWSERS = {b"x-content-type-options: nosniff", b"content-security-policy: default-src 'none'"}
START = b"POST /echo HTTP/1.1\r\nHost: api.test\r\n"
TOO_LARGE = {
    "message": "The address and the headers of a request have at most 1000 bytes.",
    "extensions": {"code": "LIMIT_EXCEEDED", "limit": "header_bytes", "value": None, "bound": BOUND},
}


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


async def _begun(request: Request) -> StreamingResponse:
    async def begin() -> AsyncIterator[bytes]:
        yield b"begun"
        await request.body()

    return StreamingResponse(begin())


async def _listen(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive()


APP = Starlette(
    routes=[
        Route("/echo", _echo, methods=["POST"]),
        Route("/begun", _begun, methods=["POST"]),
        WebSocketRoute("/socket", _listen),
    ]
)


@asynccontextmanager
async def _connected(**limits: int) -> AsyncIterator[Connection]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    manners = Manners(limits=replace(ConnectionLimits(), header_bytes=BOUND, **limits))
    async with served_beside(APP, "127.0.0.1", port, manners):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer: its status and its body."""
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)


async def _last_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    """Read the answer after which the server hangs up: its status and its error."""
    async with asyncio.timeout(60):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert set(head.split(b"\r\n")) >= FOR_BROWSERS
    (error,) = json.loads(body)["errors"]
    return int(head.split()[1]), error


def _post(body: bytes, more: bytes = b"") -> bytes:
    return START + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def test_head_of_a_request_has_so_many_bytes_and_no_more() -> None:
    around = len("/echoHostapi.testContent-Length0X") + 3 * len(": \r\n")

    async with _connected() as (reader, writer):
        writer.write(_post(b"", b"X: " + b"x" * (BOUND - around) + b"\r\n"))
        fits = await _answer(reader)
        writer.write(_post(b"", b"X: " + b"x" * (BOUND - around + 1) + b"\r\n"))
        refused = await _last_answer(reader)

    assert fits == (200, b"")
    assert refused == (431, TOO_LARGE)


@pytest.mark.parametrize(
    "head",
    [
        START + b"".join(b"X-%d: x\r\n" % number for number in range(200)) + b"\r\n",
        b"POST /echo?" + b"x" * BOUND + b" HTTP/1.1\r\nHost: api.test\r\n\r\n",
        START + b"X: " + b"x" * BOUND,
        START + b"X-" + b"x" * BOUND,
        b"POST /" + b"x" * BOUND,
    ],
    ids=[
        "many headers",
        "a long address",
        "a value without an end",
        "a name without one",
        "an address without one",
    ],
)
async def test_head_that_is_too_large_is_refused(head: bytes) -> None:
    async with _connected() as (reader, writer):
        writer.write(head)
        refused = await _last_answer(reader)

    assert refused == (431, TOO_LARGE)


async def test_head_is_measured_in_however_many_pieces_it_comes() -> None:
    async with _connected() as (reader, writer):
        for piece in (START, b"X: ", b"x" * 500, b"x" * 500):
            writer.write(piece)
            await writer.drain()
        refused = await _last_answer(reader)

    assert refused == (431, TOO_LARGE)


async def test_second_of_two_requests_at_once_is_measured_too() -> None:
    large = _post(b"", b"X: " + b"x" * BOUND + b"\r\n")

    async with _connected() as (reader, writer):
        writer.write(_post(b"first") + large)
        async with asyncio.timeout(60):
            answers = await reader.read()

    assert b"HTTP/1.1 2" not in answers.partition(b"first")[2]


async def test_body_does_not_count_as_head() -> None:
    body = b"x" * 100_000

    async with _connected() as (reader, writer):
        for _ in range(3):
            writer.write(_post(body) + START)
            writer.write(_post(body).removeprefix(START))
            answers = [await _answer(reader) for _ in range(2)]

            assert answers == [(200, body)] * 2


async def test_headers_that_do_not_come_in_time_are_told_so() -> None:
    async with _connected(header_seconds=1) as (reader, writer):
        writer.write(START)
        refused = await _last_answer(reader)

    extensions = {"code": "LIMIT_EXCEEDED", "limit": "header_seconds", "value": None, "bound": 1}
    message = "The headers of a request must come within 1 seconds."
    assert refused == (408, {"message": message, "extensions": extensions})


async def test_body_that_does_not_come_in_time_is_told_so() -> None:
    async with _connected(body_seconds=1) as (reader, writer):
        writer.write(_post(b"all of it")[:-1])
        refused = await _last_answer(reader)

    extensions = {"code": "LIMIT_EXCEEDED", "limit": "body_seconds", "value": None, "bound": 1}
    message = "The body of a request must come within 1 seconds."
    assert refused == (408, {"message": message, "extensions": extensions})


async def test_answer_that_has_begun_is_cut_and_not_told_of_its_slow_body() -> None:
    async with _connected(body_seconds=1) as (reader, writer):
        writer.write(START.replace(b"/echo", b"/begun") + b"Content-Length: 5\r\n\r\n")
        async with asyncio.timeout(60):
            await reader.readuntil(b"begun\r\n")
            with pytest.raises(ConnectionResetError):
                await reader.read()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 TLS, perhaps\r\n\r\n",
        _post(b"").replace(b"/echo HTTP", b"/echo nothing HTTP"),
        _post(b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        UPGRADE + b"\x81\x82\0\0\0\0\xff\xff",  # a text that is no UTF-8
    ],
)
async def test_what_clients_do_wrong_is_no_warning_to_us(
    caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    async with _connected() as (reader, writer):
        head, end, rest = sent.partition(b"\r\n\r\n")
        writer.write(head + end)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(rest)
        writer.write_eof()
        async with asyncio.timeout(60):
            await reader.read()

    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_what_is_not_http_is_told_so_in_json() -> None:
    async with _connected() as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        refused = await _last_answer(reader)

    assert refused == (400, {"message": "The request is not HTTP.", "extensions": {"code": "BAD_REQUEST"}})
