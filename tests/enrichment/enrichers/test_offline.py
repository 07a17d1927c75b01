"""What telephone numbers, ZIP codes and browsers tell without anybody being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.enrichment.enrichers.browser import (
    browser_device,
    browser_language,
    browser_time_zone,
    device_class,
    preferred_languages,
)
from server.enrichment.enrichers.phone import phone
from server.enrichment.enrichers.us_zip import us_zip
from server.enrichment.model import Found, NoMatch, ReasonCode, Skip

if TYPE_CHECKING:
    from server.enrichment.model import Enricher, Result
    from server.profiles.model import Value

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"


async def found(enricher: Enricher, **inputs: Value) -> dict[str, Value]:
    """Return what an enricher finds, by key; every key is one that it declares."""
    result = await enricher.look_up(inputs)
    assert isinstance(result, Found), result
    values = {each.key: each.value for each in result.findings}
    assert values.keys() <= enricher.outputs
    return values


async def result(enricher: Enricher, **inputs: Value) -> Result:
    """Return what comes of a look-up."""
    return await enricher.look_up(inputs)


@pytest.mark.parametrize(
    ("number", "region", "kind", "zone"),
    [
        ("+442079460958", "GB", "fixed_line", "Europe/London"),
        ("+447400123456", "GB", "mobile", None),
        ("+493012345678", "DE", "fixed_line", "Europe/Berlin"),
        ("+18002530000", None, "toll_free", None),
        ("+12065550100", "US", "fixed_line_or_mobile", "America/Los_Angeles"),
        ("+80012345678", None, "toll_free", None),
    ],
)
async def test_number_tells_its_country_kind_and_zone(
    number: str, region: str | None, kind: str, zone: str | None
) -> None:
    values = await found(phone(), phone_number=number)

    assert values["phone_valid"] is True
    assert values["phone_type"] == kind
    assert values.get("phone_timezone") == zone
    if region is not None:
        assert values["phone_region"] == region


async def test_number_that_can_not_be_says_no_more_than_that() -> None:
    assert await found(phone(), phone_number="+44123") == {"phone_valid": False}
    assert await result(phone(), phone_number="nobody") == Skip(code=ReasonCode.INVALID_INPUT)


@pytest.mark.parametrize("code", ["98052", "98052-1234", " 98052 "])
async def test_zip_code_tells_its_place(code: str) -> None:
    assert await found(us_zip(), address_postal_code=code, address_country="US") == {
        "address_city": "Redmond",
        "address_region": "WA",
        "address_county": "King County",
        "address_lat": 47.6718,
        "address_lng": -122.1232,
        "address_timezone": "America/Los_Angeles",
    }


async def test_military_zip_code_tells_no_place_on_a_map() -> None:
    values = await found(us_zip(), address_postal_code="09001", address_country="US")

    assert values.keys().isdisjoint({"address_city", "address_lat", "address_timezone"})


async def test_zip_code_that_nobody_has_is_no_match() -> None:
    assert await result(us_zip(), address_postal_code="99999", address_country="US") == NoMatch()


@pytest.mark.parametrize(("code", "country"), [("98052", "DE"), ("EC1A 1BB", "US"), ("9805", "US")])
async def test_postal_code_of_elsewhere_is_not_looked_up(code: str, country: str) -> None:
    outcome = await result(us_zip(), address_postal_code=code, address_country=country)

    assert outcome == Skip(code=ReasonCode.INVALID_INPUT)


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", ["de-AT", "de", "en"]),
        ("en;q=0.5, fr", ["fr", "en"]),
        ("zh-Hant-TW", ["zh-Hant-TW"]),
        ("*", []),
        ("en;q=0", []),
        ("", []),
        ("<script>,;;q=", []),
        ("en;q=2", []),
        ("a" * 5_000, []),
    ],
)
def test_languages_come_in_the_order_that_is_wished(header: str, tags: list[str]) -> None:
    assert preferred_languages(header) == tags


@given(st.text(max_size=200))
def test_no_header_is_too_odd(header: str) -> None:
    assert isinstance(preferred_languages(header), list)
    assert device_class(header) in {"phone", "tablet", "desktop", "bot", "other"}


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "desktop"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605",
            "desktop",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "desktop"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "desktop"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "phone"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
            "phone",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "phone"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        (f"Mozilla/5.0 (Linux; Android 6.0.1) {CHROME} Mobile (compatible; Googlebot/2.1)", "bot"),
        ("curl/8.5.0", "bot"),
        ("python-requests/2.32", "bot"),
        ("something else", "other"),
        ("", "other"),
    ],
)
def test_user_agent_tells_the_class_of_the_device(user_agent: str, expected: str) -> None:
    assert device_class(user_agent) == expected


async def test_browser_tells_language_zone_and_device() -> None:
    assert await found(browser_language(), visit_languages="pt-BR,pt;q=0.9") == {"locale": "pt-BR"}
    assert await found(browser_time_zone(), visit_time_zone="Europe/Lisbon") == {"zoneinfo": "Europe/Lisbon"}
    assert await found(browser_device(), visit_user_agent="iPhone") == {"visit_device": "phone"}
    assert await result(browser_language(), visit_languages="*") == NoMatch()
