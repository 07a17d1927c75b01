"""Which of our media types a client wants its answer in (RFC 9110, section 12.5.1). Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class MediaType(StrEnum):
    """What an answer can be sent as."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"
    EVENTS = "text/event-stream"


class _Range(NamedTuple):
    """One range of media types and how much it is wanted, from 0 to 1."""

    type: str
    quality: float


_WILD = {"*/*", "application/*"}


def accepted(header: str | None) -> MediaType | None:
    """Return the type to answer in; None where the client takes none of ours.

    Who takes anything gets JSON, as does who says nothing. The response type is for those who name it. Events
    are for those who take no JSON at all: clients that can stream name them with every plain query.
    """
    ranges = [_range(each) for each in (header or "").split(",") if each.strip()]
    if not ranges:
        return MediaType.JSON
    wanted = {each.type: each.quality for each in ranges}
    wild = max((wanted[each] for each in _WILD & wanted.keys()), default=0.0)
    response, json = wanted.get(MediaType.RESPONSE, 0.0), wanted.get(MediaType.JSON, wild)
    if response > 0 and response >= json:
        return MediaType.RESPONSE
    if json > 0:
        return MediaType.JSON
    return MediaType.EVENTS if wanted.get(MediaType.EVENTS, 0.0) > 0 else None


def _range(text: str) -> _Range:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return _Range(name, min(max(float(quality), 0.0), 1.0))
    except ValueError:
        return _Range(name, 0.0)
