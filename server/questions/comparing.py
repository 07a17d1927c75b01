"""Is the difference between two variants likely real? Pure.

People are counted, not asks: who sees which variant was drawn by person, and several asks of one person say
much the same. Fisher's exact test (R. A. Fisher, 1935): it holds for any number of people, however few, and
needs nothing but sums of logarithms. Where tens of thousands are compared the normal approximation gives the
same to three digits and is taken instead. Holm's step-down correction (1979) keeps the chance of any false
alarm among several variants under five in a hundred. Looking again and again is not corrected for, so the
words say "likely".
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from server.questions.model import ArmResult, Comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHA = 0.05
FEWEST = 20  # people in either arm; below that only huge differences could show, and chance makes those too
_EXACT_UP_TO = 20_000  # people together
_Z = NormalDist().inv_cdf(0.975)
_SAME = 1e-7  # how much more likely than the table at hand another one may be and count as no more likely


def interval(successes: int, trials: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a rate (E. B. Wilson, 1927); None where nothing was tried."""
    if not trials:
        return None
    rate, z2 = successes / trials, _Z * _Z
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = _Z * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def p_value(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return how likely a difference at least this great is by chance; each is (successes, people)."""
    together = one[1] + other[1]
    if not one[1] or not other[1]:
        return 1.0
    return _fisher(one, other) if together <= _EXACT_UP_TO else _normal(one, other)


def compared(arms: Sequence[ArmResult]) -> tuple[Comparison, ...]:
    """Return every variant against the first."""
    if len(arms) < 2:  # noqa: PLR2004 - nothing to compare
        return ()
    first, *others = arms
    found = [p_value((each.answered, each.people), (first.answered, first.people)) for each in others]
    return tuple(_comparison(first, each, p) for each, p in zip(others, _holm(found), strict=True))


def _comparison(first: ArmResult, other: ArmResult, p: float) -> Comparison:
    difference = (other.rate or 0.0) - (first.rate or 0.0)
    is_enough = min(first.people, other.people) >= FEWEST
    is_real = is_enough and p < ALPHA
    return Comparison(
        arm=other.arm,
        against=first.arm,
        difference=difference,
        p_value=p,
        is_likely_real=is_real,
        statement=_statement(first, other, difference, p, is_enough=is_enough),
    )


def _statement(first: ArmResult, other: ArmResult, difference: float, p: float, *, is_enough: bool) -> str:
    if not is_enough:
        return f"Too early to tell: fewer than {FEWEST} people have seen {other.arm!r} or {first.arm!r}."
    points = f"{abs(difference) * 100:.1f} points {'more' if difference >= 0 else 'fewer'}"
    counted = f"{other.arm!r} is answered by {points} of its people than {first.arm!r}"
    if p < ALPHA:
        return f"Likely real: {counted}; by chance alone so much would come up {p:.2g} of the time."
    return f"May well be chance: {counted}, and chance alone gives as much {p:.2g} of the time."


def _holm(values: Sequence[float]) -> list[float]:
    ordered = sorted(range(len(values)), key=lambda place: values[place])
    corrected, least = [0.0] * len(values), 0.0
    for rank, place in enumerate(ordered):
        least = max(least, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = least
    return corrected


def _fisher(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Add up the tables with these margins that are no more likely than the one at hand."""
    successes, people = one[0] + other[0], one[1] + other[1]
    fewest, most = max(0, successes - other[1]), min(successes, one[1])
    logs = [_log_table(each, one[1], other[1], successes) for each in range(fewest, most + 1)]
    here = logs[one[0] - fewest]
    total = _log_choose(people, successes)
    return min(1.0, math.fsum(math.exp(each - total) for each in logs if each <= here + _SAME))


def _log_table(each: int, one: int, other: int, successes: int) -> float:
    return _log_choose(one, each) + _log_choose(other, successes - each)


def _log_choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def _normal(one: tuple[int, int], other: tuple[int, int]) -> float:
    pooled = (one[0] + other[0]) / (one[1] + other[1])
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one[1] + 1 / other[1]))
    if not spread:
        return 1.0
    z = abs(one[0] / one[1] - other[0] / other[1]) / spread
    return math.erfc(z / math.sqrt(2))
