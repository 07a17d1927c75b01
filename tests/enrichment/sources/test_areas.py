"""The Census' table of incomes by area: read whole, cut-off figures told apart, looked up offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from server.enrichment.model import Found, NoMatch, ReasonCode, Skip
from server.enrichment.sources.areas import AreaIncome, BadTableError, read_table
from server.kit.errors import InvalidInputError
from tests.enrichment.sources.simulator import Scripted

if TYPE_CHECKING:
    from tests.enrichment.sources.deployment import Deployment
    from tests.enrichment.sources.simulator import Stand

HEAD = ["NAME", "B19013_001E", "B19013_001EA", "B19013_001M", "zip code tabulation area"]
TABLE: list[Any] = [
    HEAD,
    ["ZCTA5 98052", "157842", None, "5102", "98052"],
    ["ZCTA5 94027", "250001", "250,000+", "-333333333", "94027"],
    ["ZCTA5 00601", "2499", "2,500-", None, "00601"],
    ["ZCTA5 00602", "-666666666", "-", "-222222222", "00602"],
    ["ZCTA5 00603", None, None, None, "00603"],
    ["nonsense"],
]
CONTENT = json.dumps(TABLE).encode()


def test_table_is_read_with_what_its_figures_mean() -> None:
    assert list(read_table(TABLE, 2023)) == [
        AreaIncome(zcta="98052", income=157842, bound="exact", margin=5102, year=2023),
        AreaIncome(zcta="94027", income=250000, bound="at_least", margin=None, year=2023),
        AreaIncome(zcta="00601", income=2500, bound="below", margin=None, year=2023),
    ]


@pytest.mark.parametrize("table", [None, [], {}, [[]], [["NAME"]], ["NAME"], "table"])
def test_anything_else_is_no_table(table: object) -> None:
    with pytest.raises(BadTableError):
        list(read_table(table, 2023))


async def test_area_is_looked_up_in_what_was_brought_in(here: Deployment, stand: Stand) -> None:
    enricher = here.sources.live.running()["us_area_income"]
    known = {"address_postal_code": "98052-1234", "address_country": "US"}
    before = await enricher.look_up(known)

    count = await here.sources.areas.bring_in(CONTENT, 2023)
    again = await here.sources.areas.bring_in(CONTENT, 2023)
    after = await enricher.look_up(known)

    assert (before, count, again) == (NoMatch(), 3, 3)
    assert isinstance(after, Found)
    assert {each.key: each.value for each in after.findings} == {
        "area_zcta": "98052",
        "area_median_household_income": 157842,
        "area_income_bound": "exact",
        "area_income_year": 2023,
        "area_income_margin": 5102,
    }
    assert await enricher.look_up({**known, "address_country": "DE"}) == Skip(code=ReasonCode.INVALID_INPUT)
    assert stand.simulator.calls == []


async def test_table_is_fetched_with_one_call(here: Deployment, stand: Stand) -> None:
    stand.simulator.script = [Scripted(body=TABLE)]

    content = await here.sources.areas.fetch(2023, "made-up key")

    (call,) = stand.simulator.calls
    assert json.loads(content) == TABLE
    assert "for=zip%20code%20tabulation%20area:*&key=made-up%20key" in call


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(status=302, headers={"location": "/missing_key.html"}),
        Scripted(body=b"<html>", headers={"content-type": "text/html"}),
        Scripted(status=404, body=b"", headers={"content-type": "text/html"}),
    ],
)
async def test_census_without_a_table_is_told_in_one_sentence(
    here: Deployment, stand: Stand, answer: Scripted
) -> None:
    stand.simulator.script = [answer]

    with pytest.raises(InvalidInputError, match="check the key and the year"):
        await here.sources.areas.fetch(2023, "key")


@pytest.mark.parametrize(("content", "year"), [(b"{", 2023), (b"[]", 2023), (CONTENT, 1999)])
async def test_what_is_no_table_of_a_year_is_refused(here: Deployment, content: bytes, year: int) -> None:
    with pytest.raises(InvalidInputError):
        await here.sources.areas.bring_in(content, year)
