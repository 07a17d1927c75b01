"""Reading many profiles: what to give, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from server.graphql.conditions import Condition, read_form
from server.graphql.paging import Connection, connection
from server.graphql.profiles import Profile, ProfileLookup, show_profile
from server.profiles import ordering, reading
from server.profiles.ordering import Direction, SortKey

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.kit.paging import Page
    from server.profiles import model


@strawberry.input(description="In which order to read profiles; those of one moment go by id.")
class ProfileOrder:
    """See profiles.ordering."""

    field: SortKey = strawberry.field(
        default=SortKey.CREATED_AT, description="By which moment; CREATED_AT is cheapest with a filter."
    )
    direction: Direction = strawberry.field(
        default=Direction.DESC, description="Whether the earliest or the latest comes first."
    )


Filter = Annotated[
    Condition | None, strawberry.argument(description="Only profiles of which this is true now.")
]
Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only profiles of whose name, e-mail address or identities words begin so: every word"
        " given has to begin one. Case and accents don't count."
    ),
]
OrderBy = Annotated[
    ProfileOrder | None, strawberry.argument(description="The order; the latest made first when left out.")
]
Lookups = Annotated[
    list[ProfileLookup],
    strawberry.argument(description=f"Whom to look up, {reading.MAX_LOOKUPS} at most."),
]


@strawberry.type(description="How many there are.")
class ProfileCount:
    """See profiles.reading."""

    value: int = strawberry.field(description="The number, exact or about right.")
    is_exact: bool = strawberry.field(
        description=f"Whether all were counted: so it is up to {reading.COUNTED_EXACTLY}, unless finding them"
        " takes too long. Else the number is worked out from the share in a random sample."
    )


def read_query(
    filter_: Condition | None, search: str | None, order_by: ProfileOrder | None
) -> reading.ProfileQuery:
    """Return what is asked for."""
    order = ProfileOrder() if order_by is None else order_by
    return reading.ProfileQuery(
        filter=None if filter_ is None else read_form(filter_),
        search=search or "",
        order=ordering.Order(key=order.field, direction=order.direction),
    )


def show_page(
    page: Page[model.Profile] | None, query: reading.ProfileQuery, viewer: Viewer
) -> Connection[Profile] | None:
    """Return a page as a connection whose cursors name the places in the order of the query."""
    if page is None:
        return None
    return connection(
        page, lambda each: ordering.place_of(each, query.order), lambda each: show_profile(each, viewer)
    )


def show_count(count: reading.Count | None) -> ProfileCount | None:
    """Return a count as its GraphQL type."""
    return None if count is None else ProfileCount(value=count.value, is_exact=count.is_exact)
