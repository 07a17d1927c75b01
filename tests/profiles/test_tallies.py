"""What a profile counts of events: joined in a merge, parted again in a split."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.profiles.tallies import MAX_EVENTS, MAX_IDS, MAX_TIMES, Tally, apart, ids_together, together
from tests.factories.profiles import NOW

moments = st.integers(0, 5).map(lambda days: NOW - timedelta(days=days))


@st.composite
def _tallies(draw: st.DrawFn, most: int = 4) -> dict[str, Tally]:
    names = draw(st.lists(st.sampled_from("abcdef"), max_size=most, unique=True))
    return {name: tally(*draw(st.lists(moments, min_size=1, max_size=25))) for name in names}


def tally(*times: object) -> Tally:
    latest = sorted(times, reverse=True)  # type: ignore[type-var] # moments
    return Tally(count=len(times), first_at=latest[-1], times=tuple(latest[:MAX_TIMES]))  # type: ignore[arg-type]


@given(_tallies(), _tallies())
def test_who_is_joined_to_whom_makes_no_difference(one: dict[str, Tally], other: dict[str, Tally]) -> None:
    assert together(one, other) == together(other, one)


@given(_tallies(), _tallies())
def test_counts_add_up(one: dict[str, Tally], other: dict[str, Tally]) -> None:
    joined = together(one, other)

    assert {name: each.count for name, each in joined.items()} == {
        name: sum(side[name].count for side in (one, other) if name in side) for name in {**one, **other}
    }


@given(_tallies(), _tallies())
def test_what_was_joined_can_be_parted_exactly(kept: dict[str, Tally], gone: dict[str, Tally]) -> None:
    assert apart(together(kept, gone), kept, gone) == kept


@given(_tallies(), _tallies(), _tallies())
def test_what_happened_since_stays_with_whom_it_happened_to(
    kept: dict[str, Tally], gone: dict[str, Tally], since: dict[str, Tally]
) -> None:
    later = {
        name: tally(*(NOW + timedelta(days=1, seconds=n) for n in range(min(each.count, MAX_TIMES))))
        for name, each in since.items()
    }

    parted = apart(together(together(kept, gone), later), kept, gone)

    assert parted == together(kept, later)


def test_of_too_many_events_those_stay_that_happened_last() -> None:
    old = {f"old {n}": tally(NOW - timedelta(days=1)) for n in range(MAX_EVENTS)}
    new = {f"new {n}": tally(NOW) for n in range(MAX_EVENTS)}

    joined = together(old, new)

    assert joined == new
    assert apart(joined, old, new) == old


def test_last_ids_are_remembered() -> None:
    ids = [str(n) for n in range(MAX_IDS + 5)]

    assert ids_together(ids[:10], ids[5:]) == tuple(ids[5:])
