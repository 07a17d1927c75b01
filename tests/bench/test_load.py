"""The load generator counts an answer only when it is whole and right."""

from __future__ import annotations

import pytest

from tests.bench.load import Answered, Exchange, LoadError, Run, is_complete, post

_HEAD = b"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 4\r\n\r\n"


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", _HEAD, _HEAD + b"bod"])
def test_part_of_a_response_is_not_taken_for_the_whole(part: bytes) -> None:
    assert not is_complete(part)


def test_response_is_whole_with_the_last_byte_of_its_body() -> None:
    assert is_complete(_HEAD + b"body")


def test_response_of_unknown_length_is_refused() -> None:
    with pytest.raises(LoadError, match="Content-Length"):
        is_complete(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")


@pytest.mark.parametrize(
    ("response", "counts"),
    [
        (_HEAD + b"good", True),
        (_HEAD + b"evil", False),
        (_HEAD.replace(b"200 OK", b"500 No") + b"good", False),
    ],
)
def test_only_a_200_with_the_right_body_counts(response: bytes, *, counts: bool) -> None:
    exchange = Exchange(b"", "prf_1", b"good".__eq__)

    answered = Answered(exchange=exchange, response=response, seconds=0.001)

    assert answered.is_right is counts


def test_rate_is_of_right_answers_alone() -> None:
    answered = Answered(exchange=Exchange(b"", "prf_1", bytes.isalpha), response=_HEAD, seconds=0.001)

    run = Run(seconds=2, right=[answered] * 10, wrong=[answered] * 5)

    assert run.rate == 5


def test_request_says_how_long_its_body_is() -> None:
    request = post(8000, "/graphql", "é".encode(), {"Origin": "https://www.example.com"})

    assert request == (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\nOrigin: https://www.example.com\r\n\r\n\xc3\xa9"
    )
