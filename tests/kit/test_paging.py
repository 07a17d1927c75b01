"""Pages: bounds, cursors that nobody else makes, and every item exactly once."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.errors import InvalidInputError
from server.kit.paging import DEFAULT_PAGE, MAX_PAGE, PageRequest, cursor_of, cut, page_request, read_cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

text = st.text(st.characters(exclude_categories=["Cs"]))


@given(text)
def test_cursor_is_read_as_it_was_made(item_id: str) -> None:
    assert read_cursor(cursor_of(item_id)) == item_id


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "after:prf_1",
        "YWZ0ZXI6cHJmXzE",  # the padding is missing
        "YWZ0ZXI6cHJmXzE=\n",
        " YWZ0ZXI6cHJmXzE=",
        base64.urlsafe_b64encode(b"before:prf_1").decode(),
        base64.urlsafe_b64encode(b"after:\xff\xfe").decode(),
        "ünïcode=",
        "\ud800",
        "\0",
        "A" * 1_000_000,
    ],
)
def test_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="must be a cursor") as raised:
        page_request(None, cursor)

    assert raised.value.field == "after"


@pytest.mark.parametrize("first", [-1, MAX_PAGE + 1, 2**31, -(2**63)])
def test_page_size_out_of_bounds_is_refused(first: int) -> None:
    with pytest.raises(InvalidInputError, match="between 0 and 100") as raised:
        page_request(first, None)

    assert raised.value.field == "first"


def test_page_has_a_size_where_none_is_asked_for() -> None:
    assert page_request(None, None) == PageRequest(first=DEFAULT_PAGE, after=None)
    assert page_request(0, None).first == 0
    assert page_request(MAX_PAGE, cursor_of("prf_1")) == PageRequest(first=MAX_PAGE, after="prf_1")


def pages(rows: Sequence[str], size: int) -> list[tuple[str, ...]]:
    read: list[tuple[str, ...]] = []
    after: str | None = None
    while True:
        request = page_request(size, after)
        following = [row for row in sorted(rows) if request.after is None or row > request.after]
        page = cut(following[: size + 1], size)
        read.append(page.items)
        if not page.has_next:
            return read
        after = cursor_of(page.items[-1])


@given(st.sets(text, max_size=30), st.integers(1, 10))
def test_pages_hold_every_item_once_and_in_order(rows: set[str], size: int) -> None:
    read = pages(sorted(rows), size)

    assert [item for page in read for item in page] == sorted(rows)
    assert all(len(page) == size for page in read[:-1])
