"""A figure as it is printed, and the statistics behind it. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a bench found: one number, the one it is held against, and what else helps to read it.

    `failures` says what was wrong with the run, if anything: such a figure is worth nothing.
    """

    bench: str
    figure: float
    unit: str
    against: float
    more: Mapping[str, Number | None] = field(default_factory=dict)
    failures: Sequence[str] = ()

    def line(self) -> str:
        """Return the line of JSON that is printed; numbers that are not known are left out."""
        known = {name: value for name, value in self.more.items() if value is not None}
        content = {
            "bench": self.bench,
            "figure": rounded(self.figure),
            "unit": self.unit,
            "against": rounded(self.against),
            "ratio": rounded(self.figure / self.against),
            **{name: rounded(value) for name, value in known.items()},
        }
        return json.dumps(content)


def rounded(number: Number) -> Number:
    """Return the number to three significant digits, integers above as they are: more is noise."""
    if number == 0 or not math.isfinite(number):
        return number
    digits = 2 - math.floor(math.log10(abs(number)))
    return round(number, digits) if digits > 0 else round(number)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: the smallest value that `percent` % do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
