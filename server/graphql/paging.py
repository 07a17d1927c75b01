"""Relay connections (the GraphQL Cursor Connections Specification), forward only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import strawberry

from server.kit.paging import DEFAULT_PAGE, MAX_PAGE, cursor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.kit.paging import Page

T = TypeVar("T")
Item = TypeVar("Item")

First = Annotated[
    int | None,
    strawberry.argument(description=f"How many, {MAX_PAGE} at most; {DEFAULT_PAGE} when left out."),
]
After = Annotated[
    str | None, strawberry.argument(description="The cursor of an earlier page to continue after.")
]


@strawberry.type(description="Where a page stands.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether more follow.")
    has_previous_page: bool = strawberry.field(description="Always false: pages are read forward only.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="The cursor to continue after.")


@strawberry.type(description="One item of a page.")
class Edge(Generic[T]):
    """Relay's Edge."""

    cursor: str = strawberry.field(description="Continue after this item with `after`.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of items, in the order that the field names.")
class Connection(Generic[T]):
    """Relay's Connection."""

    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")


def connection(page: Page[Item], id_of: Callable[[Item], str], show: Callable[[Item], T]) -> Connection[T]:
    """Return a page as a connection; `show` makes the GraphQL type of an item."""
    edges = [Edge(cursor=cursor_of(id_of(item)), node=show(item)) for item in page.items]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=False,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
