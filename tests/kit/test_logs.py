"""What is logged, how it reads, and what never stands in it."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from server.kit.logs import begin, formatter, tell, trace_of

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("server.example")
SAID = "canary@person.example"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def _logged(work: Callable[[], object], *, is_readable: bool = False) -> str:
    """Return what was logged meanwhile."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter(is_readable=is_readable))
    _log.addHandler(handler)
    try:
        work()
    finally:
        _log.removeHandler(handler)
    return out.getvalue()


def _line(work: Callable[[], object]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(_logged(work))
    return line


def test_line_is_json_with_what_it_is_about() -> None:
    begin(request_id="abc", viewer=None)
    tell(operation="viewer")

    line = _line(lambda: _log.warning("%d jobs wait", 3, extra={"status": 200}))

    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "3 jobs wait",
        "level": "warning",
        "logger": "server.example",
        "request_id": "abc",
        "operation": "viewer",
        "status": 200,
    }


def test_next_request_says_nothing_of_the_one_before() -> None:
    begin(request_id="abc", operation="viewer")
    begin(request_id="def")

    line = _line(lambda: _log.warning("hello"))

    assert line["request_id"] == "def"
    assert "operation" not in line


def test_line_about_an_exception_says_all_that_a_plain_one_does() -> None:
    begin(request_id="abc")
    facts = {"method": "POST", "path": "/graphql", "status": 500, "duration_ms": 1.5}

    plain = _line(lambda: _log.error("it failed", extra=facts))
    failed = _line(lambda: _log.error("it failed", exc_info=ValueError(SAID), extra=facts))

    assert plain.keys() == failed.keys() - {"exception"}
    assert all(plain[each] == failed[each] for each in plain.keys() - {"timestamp"})


def _fail(word: str) -> None:
    try:
        try:
            raise ExceptionGroup(word, [ValueError(word), KeyError(word)])  # noqa: TRY301 - caught on purpose
        except ExceptionGroup as error:
            error.add_note(word)
            raise RuntimeError(word) from error
    except RuntimeError:
        _log.exception("it failed")


def test_exception_tells_its_kind_and_place_and_none_of_its_words() -> None:
    logged = _logged(lambda: _fail(SAID))
    outer, inner = json.loads(logged)["exception"]

    assert SAID not in logged
    assert (outer["type"], inner["type"]) == ("RuntimeError", "ExceptionGroup")
    assert outer["frames"][0].endswith(" _fail")
    assert [each[0]["type"] for each in inner["group"]] == ["ValueError", "KeyError"]


def test_developer_reads_the_whole_exception_and_no_variables() -> None:
    logged = _logged(lambda: _fail(SAID), is_readable=True)

    assert f"RuntimeError: {SAID}" in logged
    assert "word = " not in logged


@pytest.mark.parametrize(
    ("traceparent", "trace"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"01-{TRACE}-00f067aa0ba902b7-01-more", TRACE),
        ("", None),
        (SAID, None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-00f067aa0ba902b7-01\n{SAID}", None),
    ],
)
def test_trace_is_taken_from_a_header_that_is_spelled_right(traceparent: str, trace: str | None) -> None:
    assert trace_of(traceparent) == trace
