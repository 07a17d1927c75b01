"""In which order profiles are read, and the keys by which a reader goes on where they stopped. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from server.kit.errors import InvalidInputError
from server.profiles.model import Profile, ProfileId


class SortKey(StrEnum):
    """By which moment profiles are ordered."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    LAST_SEEN_AT = "last_seen_at"


class Direction(StrEnum):
    """Whether the earliest or the latest comes first."""

    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """By a moment and, where two share it, by id in the same direction.

    Whoever was never seen comes after all others that were seen when the latest comes first, else before.
    """

    key: SortKey = SortKey.CREATED_AT
    direction: Direction = Direction.DESC

    @property
    def is_descending(self) -> bool:
        """Whether the latest comes first."""
        return self.direction is Direction.DESC


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stopped: the moment, None for never, and the id of the last profile they saw."""

    at: datetime | None
    profile_id: ProfileId


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(
    r"(?P<key>[a-z_]+) (?P<direction>asc|desc) (?P<at>-?\d{1,15}|never) (?P<id>prf_\w{1,60})", re.ASCII
)


def place_of(profile: Profile, order: Order) -> str:
    """Return the place of a profile as a text, with the order in which it is one."""
    at = _moment(profile, order.key)
    written = "never" if at is None else (at - _EPOCH) // timedelta(milliseconds=1)
    return f"{order.key} {order.direction} {written} {profile.id}"


def read_place(text: str, order: Order) -> Place:
    """Return the place that a text names; raise InvalidInputError for one of another order or of no order."""
    parts = _PLACE.fullmatch(text)
    if parts is None or (parts["key"], parts["direction"]) != (order.key, order.direction):
        message = "`after` must be a cursor from an earlier page of the same connection, in the same order."
        raise InvalidInputError(message, field="after")
    try:
        at = None if parts["at"] == "never" else _EPOCH + timedelta(milliseconds=int(parts["at"]))
    except OverflowError:
        raise InvalidInputError("`after` names a moment beyond the calendar.", field="after") from None
    return Place(at, ProfileId(parts["id"]))


def _moment(profile: Profile, key: SortKey) -> datetime | None:
    if key is SortKey.LAST_SEEN_AT:
        return None if profile.visit is None else profile.visit.last_seen_at
    return profile.created_at if key is SortKey.CREATED_AT else profile.updated_at
