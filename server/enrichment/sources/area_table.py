"""The table of incomes by area: brought in whole once a year, then looked up without asking anybody."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from server.consent.model import ENRICHMENT_DERIVED
from server.enrichment.model import (
    Enricher,
    EnricherKind,
    Finding,
    Found,
    NoMatch,
    ReasonCode,
    Skip,
    Trigger,
)
from server.enrichment.sources.areas import QUERY, BadTableError, read_table
from server.kit.calling import CallError, Request
from server.kit.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.enrichment.model import Result
    from server.enrichment.sources.area_store import AreaStore
    from server.enrichment.sources.areas import AreaIncome
    from server.kit.calling import Caller
    from server.profiles.model import Value

_HOST = "https://api.census.gov"
_BATCH = 1_000
_TIMEOUT = timedelta(minutes=2)
_MAX_BYTES = 32 * 1024 * 1024  # 33,000 rows of some 60 bytes, with room
_YEARS = range(2011, 2100)  # the first release by ZIP code tabulation area
_ZIP = re.compile(r"(\d{5})(-\d{4})?")


class AreaTable:
    """Brings the table in, and looks areas up in it."""

    def __init__(self, *, store: AreaStore, caller: Caller) -> None:
        self._store = store
        self._caller = caller

    async def bring_in(self, content: bytes, year: int) -> int:
        """Store a table as the Census gives it, and return how many areas have a figure.

        Raises InvalidInputError for anything else, before the first is stored.
        """
        try:
            areas = list(read_table(orjson.loads(content), _year(year)))
        except (BadTableError, orjson.JSONDecodeError):
            message = "This is not the Census' table of B19013 by ZIP code tabulation area, as JSON."
            raise InvalidInputError(message, field="file") from None
        rows = iter(areas)
        while batch := list(islice(rows, _BATCH)):
            await self._store.put(batch)
        return len(areas)

    async def fetch(self, year: int, key: str) -> bytes:
        """Return the table of a year as the Census has it; raise InvalidInputError where it gives none."""
        url = f"{_HOST}/data/{_year(year)}/acs/acs5?{QUERY}&key={quote(key, safe='')}"
        headers = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "Acquaint"}
        request = Request(method="GET", url=url, headers=headers, content=None)
        try:
            answer = await self._caller.call(request, timeout=_TIMEOUT, max_bytes=_MAX_BYTES)
        except CallError as error:
            raise InvalidInputError(f"The Census did not answer: {error}.", field="year") from None
        if answer.status != 200 or answer.media_type != "application/json":  # noqa: PLR2004 - OK
            message = f"The Census gave no table (status {answer.status}): check the key and the year."
            raise InvalidInputError(message, field="year")
        return answer.body

    def enricher(self) -> Enricher:
        """Return the enricher that looks areas up in the table."""
        return Enricher(
            key="us_area_income",
            name="Income of the area, from the US Census",
            kind=EnricherKind.OFFLINE,
            triggers=frozenset({Trigger.SIGN_UP, Trigger.SIGN_IN, Trigger.ATTRIBUTES_CHANGED}),
            inputs=("address_postal_code", "address_country"),
            outputs=frozenset(
                {
                    *("area_zcta", "area_median_household_income", "area_income_bound"),
                    *("area_income_year", "area_income_margin"),
                }
            ),
            ttl=timedelta(days=365),
            no_match_ttl=timedelta(days=1),  # a table may be brought in at any time
            look_up=self._look_up,
            purpose=ENRICHMENT_DERIVED,
        )

    async def _look_up(self, inputs: Mapping[str, Value]) -> Result:
        given = _ZIP.fullmatch(str(inputs["address_postal_code"]).strip())
        if inputs["address_country"] != "US" or given is None:
            return Skip(code=ReasonCode.INVALID_INPUT)
        area = await self._store.find(given[1])
        return NoMatch() if area is None else Found(findings=tuple(_findings(area)))


def _findings(area: AreaIncome) -> Iterator[Finding]:
    yield Finding(key="area_zcta", value=area.zcta)
    yield Finding(key="area_median_household_income", value=area.income)
    yield Finding(key="area_income_bound", value=area.bound)
    yield Finding(key="area_income_year", value=area.year)
    if area.margin is not None:
        yield Finding(key="area_income_margin", value=area.margin)


def _year(year: int) -> int:
    if year not in _YEARS:
        raise InvalidInputError(f"A year is one from {_YEARS[0]} on; it was {year}.", field="year")
    return year
