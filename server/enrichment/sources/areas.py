"""The median household income of US census areas: read of the Census' own table, whole; pure.

One question for the whole table, and none about any person: no ZIP code leaves the system.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_INCOME, _ANNOTATION, _MARGIN = "B19013_001E", "B19013_001EA", "B19013_001M"
_AREA = "zip code tabulation area"
QUERY = f"get=NAME,{_INCOME},{_ANNOTATION},{_MARGIN}&for=zip%20code%20tabulation%20area:*"
# What the annotation says of a figure that was cut off, and the figure that it means.
_CUT: dict[str, tuple[int, str]] = {"250,000+": (250_000, "at_least"), "2,500-": (2_500, "below")}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaIncome:
    """The income of one area; `bound` is exact, at_least or below."""

    zcta: str
    income: int
    bound: str
    margin: int | None
    year: int


class BadTableError(ValueError):
    """What was read is not the Census' table; the message says why."""


def read_table(table: Any, year: int) -> Iterator[AreaIncome]:  # noqa: ANN401 - JSON
    """Yield the areas that have a figure; raise BadTableError.

    Numbers come as texts. Negative ones stand for reasons why there is none (-666666666 and its like).
    """
    head = table[0] if isinstance(table, list) and table else None
    if not isinstance(head, list) or not {_INCOME, _ANNOTATION, _MARGIN, _AREA} <= set(map(str, head)):
        raise BadTableError("this is not the table of B19013 by ZIP code tabulation area")
    places = {name: place for place, name in enumerate(head)}
    for row in table[1:]:
        area = _area(row, places, year) if isinstance(row, list) and len(row) == len(head) else None
        if area is not None:
            yield area


def _area(row: list[Any], places: dict[str, int], year: int) -> AreaIncome | None:
    zcta, income = str(row[places[_AREA]]), _figure(row[places[_INCOME]])
    if income is None or not re.fullmatch(r"\d{5}", zcta):
        return None
    figure, bound = _CUT.get(str(row[places[_ANNOTATION]]), (income, "exact"))
    return AreaIncome(zcta=zcta, income=figure, bound=bound, margin=_figure(row[places[_MARGIN]]), year=year)


def _figure(said: object) -> int | None:
    text = str(said)
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None
