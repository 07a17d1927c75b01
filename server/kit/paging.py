"""Pages by key: a cursor names the last id seen, so that it stays right while rows come and go."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.kit.errors import InvalidInputError

MAX_PAGE = 100  # items; what the Relay connections of this API promise
DEFAULT_PAGE = 20

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """At most `first` items after the id `after` (from the start when None), ordered by id."""

    first: int = DEFAULT_PAGE
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Items in order, and whether more follow."""

    items: tuple[Item, ...]
    has_next: bool


def page_request(first: int | None, after: str | None) -> PageRequest:
    """Read the arguments of a connection; raise InvalidInputError where they are out of bounds."""
    size = DEFAULT_PAGE if first is None else first
    if not 0 <= size <= MAX_PAGE:
        message = f"`first` must be between 0 and {MAX_PAGE}; it was {size}."
        raise InvalidInputError(message, field="first")
    return PageRequest(first=size, after=None if after is None else read_cursor(after))


def cursor_of(item_id: str) -> str:
    """Return the opaque cursor that continues after `item_id`."""
    return base64.urlsafe_b64encode(f"after:{item_id}".encode()).decode()


def read_cursor(cursor: str) -> str:
    """Return the id that a cursor continues after; raise InvalidInputError for anything we did not make."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith("after:"):
        message = "`after` must be a cursor from an earlier page of the same connection."
        raise InvalidInputError(message, field="after")
    return text.removeprefix("after:")


def cut(items: list[Item], size: int) -> Page[Item]:
    """Return a page of `size` from items that were read one over, the extra one telling that more follow."""
    return Page(items=tuple(items[:size]), has_next=len(items) > size)
