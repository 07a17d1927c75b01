"""A response of a known length goes out in one piece; what is no such response is as uvicorn has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from server.serving.responses import WholeResponse

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = (b"content-length", b"2")
BODY = {"type": "http.response.body", "body": b"ok"}


def _start(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


async def _written(
    *messages: dict[str, Any], method: str = "GET", always: tuple[tuple[bytes, bytes], ...] = ()
) -> list[bytes]:
    """Return what is written for these messages, in its pieces."""
    written: list[bytes] = []
    transport: Any = SimpleNamespace(write=written.append, close=lambda: written.append(b"closed"))
    ignored: Callable[..., None] = lambda *_: None  # noqa: E731
    event: Any = SimpleNamespace(set=ignored)
    scope: Any = {"method": method}
    logger: Any = None
    response = WholeResponse(
        scope=scope,
        transport=transport,
        flow=FlowControl(transport),
        logger=logger,
        access_logger=logger,
        access_log=False,
        default_headers=[(b"date", b"today"), *always],
        message_event=event,
        expect_100_continue=False,
        keep_alive=True,
        on_response=ignored,
    )
    for message in messages:
        await response.send(message)  # type: ignore[arg-type] # made here
    return written


async def test_response_of_known_length_is_one_piece() -> None:
    written = await _written(_start((b"x-a", b"1"), LENGTH), BODY)

    assert written == [b"HTTP/1.1 200 OK\r\ndate: today\r\nx-a: 1\r\ncontent-length: 2\r\n\r\nok"]


@pytest.mark.parametrize(
    "messages",
    [
        (_start(), BODY),
        (_start(LENGTH, (b"connection", b"close")), BODY),
        (_start(LENGTH), {**BODY, "body": b"o", "more_body": True}, {**BODY, "body": b"k"}),
    ],
    ids=["unknown length", "last of its connection", "in parts"],
)
async def test_other_response_comes_through_whole(messages: tuple[dict[str, Any], ...]) -> None:
    written = await _written(*messages)

    assert len(written) > 1
    assert b"".join(written).replace(b"closed", b"").endswith((b"\r\n\r\nok", b"2\r\nok\r\n0\r\n\r\n"))


async def test_last_response_of_a_process_that_ends_closes_the_connection() -> None:
    written = await _written(_start(LENGTH), BODY, always=((b"connection", b"close"),))

    assert b"".join(written).endswith(b"connection: close\r\ncontent-length: 2\r\n\r\nokclosed")


async def test_head_of_a_stream_does_not_wait_for_its_first_event() -> None:
    assert len(await _written(_start((b"content-type", b"text/event-stream")))) == 1


async def test_answer_to_head_has_no_body() -> None:
    written = await _written(_start(LENGTH), BODY, method="HEAD")

    assert not b"".join(written).endswith(b"ok")


@pytest.mark.parametrize("value", [b"a\r\nx-b: 2", b"a\nx-b: 2", b"a\0"])
async def test_header_that_would_be_two_is_refused(value: bytes) -> None:
    with pytest.raises(RuntimeError, match="Invalid HTTP header value"):
        await _written(_start((b"x-a", value), LENGTH), BODY)


async def test_body_of_another_length_is_refused() -> None:
    with pytest.raises(RuntimeError, match="longer than Content-Length"):
        await _written(_start(LENGTH), {**BODY, "body": b"okay"})
