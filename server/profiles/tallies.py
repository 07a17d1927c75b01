"""How often each event happened to a person and when: little enough to lie in their profile. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.texts import is_clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

MAX_EVENTS = 100  # kinds of events that a profile counts
MAX_TIMES = 20  # moments of each kind; further back a profile knows the number alone
MAX_IDS = 100  # of the events counted last, so that a repetition is known for one
MAX_EVENT_NAME = 100  # characters


WHAT_AN_EVENT_IS_CALLED = f"The name of an event has 1 to {MAX_EVENT_NAME} characters and no space around it."


def is_event_name(text: str) -> bool:
    """Whether an event can be called so."""
    return 0 < len(text) <= MAX_EVENT_NAME and text == text.strip() and is_clean(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event of one person. Of those with an `id` each counts once."""

    name: str
    at: datetime
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often an event happened, when first, and the latest moments, up to MAX_TIMES, latest first."""

    count: int
    first_at: datetime
    times: tuple[datetime, ...]

    @property
    def last_at(self) -> datetime:
        """When it happened last."""
        return self.times[0]

    def since(self, moment: datetime) -> int:
        """Return how often it happened from this moment on; MAX_TIMES stands for that and more."""
        return sum(at >= moment for at in self.times)


Tallies = dict[str, Tally]


def together(one: Mapping[str, Tally], other: Mapping[str, Tally]) -> Tallies:
    """Return what two people count who turn out to be one; where that is too much, what happened last."""
    joined = {
        name: _sum(each for each in (one.get(name), other.get(name)) if each is not None)
        for name in {**one, **other}
    }
    latest = sorted(joined, key=lambda name: joined[name].last_at, reverse=True)[:MAX_EVENTS]
    return {name: tally for name, tally in joined.items() if name in set(latest)}


def apart(now: Mapping[str, Tally], kept: Mapping[str, Tally], gone: Mapping[str, Tally]) -> Tallies:
    """Take `together(kept, gone)` back: what `kept` counted, and what was counted since."""
    before = together(kept, gone)
    since = {name: _added(tally, before.get(name)) for name, tally in now.items()}
    counted = dict(kept)
    for name, tally in since.items():
        if tally is not None:
            counted[name] = _sum([kept[name], tally]) if name in kept else tally
    return counted


def ids_together(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Return the events of two people that a repetition is known by."""
    return tuple(dict.fromkeys((*one, *other)))[-MAX_IDS:]


def _sum(tallies: Iterable[Tally]) -> Tally:
    all_ = list(tallies)
    times = sorted((at for each in all_ for at in each.times), reverse=True)
    return Tally(
        count=sum(each.count for each in all_),
        first_at=min(each.first_at for each in all_),
        times=tuple(times[:MAX_TIMES]),
    )


def _added(now: Tally, before: Tally | None) -> Tally | None:
    if before is None:
        return now
    times = sorted((Counter(now.times) - Counter(before.times)).elements(), reverse=True)
    if not times:
        return None
    return Tally(count=now.count - before.count, first_at=times[-1], times=tuple(times))
