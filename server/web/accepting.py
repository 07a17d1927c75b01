"""Which of our media types a client wants its answer in (RFC 9110, section 12.5.1). Pure."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class MediaType(StrEnum):
    """What an answer can be sent as."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"
    EVENTS = "text/event-stream"
    PARTS = "multipart/mixed"


class Parts(StrEnum):
    """How later parts of an answer say where they belong; what a client names to have it so."""

    BY_ID = "incrementalspec=v0.2"  # `pending`, `incremental` and `completed`, as graphql-core has them
    BY_PATH = "deferspec=20220824"  # a `path` in each, as before; what clients of Apollo's router speak


class _Range(NamedTuple):
    """One range of media types and how much it is wanted, from 0 to 1."""

    type: str
    parameters: tuple[str, ...]
    quality: float


_WILD = {"*/*", "application/*"}
_USUAL = 300  # characters; what browsers and clients send is shorter, and there are few kinds of it


def _remembered(decide: Callable[[str | None], T]) -> Callable[[str | None], T]:
    kept = lru_cache(200)(decide)

    @wraps(decide)
    def decided(header: str | None) -> T:
        return kept(header) if header is None or len(header) <= _USUAL else decide(header)

    return decided


@_remembered
def accepted(header: str | None) -> MediaType | None:
    """Return the type to answer in; None where the client takes none of ours.

    Who takes anything gets JSON, as does who says nothing. The response type is for those who name it. Events
    are for those who take no JSON at all: clients that can stream name them with every plain query. So are
    parts, where all is to come in them; see `accepted_parts` for who takes them too.
    """
    ranges = _ranges(header)
    if not ranges:
        return MediaType.JSON
    wanted = {each.type: each.quality for each in ranges}
    wild = max((wanted[each] for each in _WILD & wanted.keys()), default=0.0)
    response, json = wanted.get(MediaType.RESPONSE, 0.0), wanted.get(MediaType.JSON, wild)
    if response > 0 and response >= json:
        return MediaType.RESPONSE
    if json > 0:
        return MediaType.JSON
    if wanted.get(MediaType.EVENTS, 0.0) > 0:
        return MediaType.EVENTS
    return None if accepted_parts(header) is None else MediaType.PARTS


@_remembered
def accepted_parts(header: str | None) -> Parts | None:
    """Return how a client takes an answer in parts; None where it takes it whole alone.

    Who asks for `multipart/mixed` and names no way gets paths: by these alone urql (6.0) puts streamed items
    where they belong.
    """
    if header is None or MediaType.PARTS not in header.lower():
        return None
    ways = [_way(each) for each in _ranges(header) if each.type == MediaType.PARTS and each.quality > 0]
    return next((each for each in ways if each is not None), None)


def _way(wanted: _Range) -> Parts | None:
    named = next((each for each in wanted.parameters if "spec=" in each), Parts.BY_PATH.value)
    return next((each for each in Parts if each.value == named), None)


def _ranges(header: str | None) -> list[_Range]:
    return [_range(each) for each in (header or "").split(",") if each.strip()]


def _range(text: str) -> _Range:
    name, *parameters = (part.strip().lower().replace('"', "") for part in text.split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return _Range(name, tuple(parameters), min(max(float(quality), 0.0), 1.0))
    except ValueError:
        return _Range(name, tuple(parameters), 0.0)
