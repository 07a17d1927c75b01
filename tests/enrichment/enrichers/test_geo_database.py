"""A file of network addresses, as each publisher writes it, and as one takes the place of another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from server.enrichment.enrichers.geo_database import geo_database
from server.enrichment.model import Found, NoMatch, OutcomeClass, ReasonCode, Skip, Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from server.enrichment.model import Result

NETWORK, ADDRESS = "93.184.216.0/24", "93.184.216.34"
CITY: dict[str, Any] = {
    "country": {"iso_code": "GB"},
    "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}],
    "city": {"names": {"en": "London", "de": "London"}},
    "location": {"accuracy_radius": 10, "time_zone": "Europe/London", "latitude": 51.5, "longitude": -0.1},
}


def written(path: Path, record: dict[str, Any]) -> Path:
    """Write a file that knows one network."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoIP2-City")
    writer.insert_network(IPSet([NETWORK]), record)
    draft = path.with_suffix(".part")
    writer.to_db_file(str(draft))
    draft.replace(path)
    return path


async def looked_up(path: Path, address: str = ADDRESS) -> Result:
    """Return what the file says of an address."""
    return await geo_database(path).look_up({"visit_address": address})


def values(result: Result) -> dict[str, object]:
    """Return the findings by key."""
    assert isinstance(result, Found)
    return {each.key: each.value for each in result.findings}


async def test_maxminds_form_is_read(tmp_path: Path) -> None:
    result = await looked_up(written(tmp_path / "city.mmdb", CITY))

    assert values(result) == {
        "geo_country": "GB",
        "geo_region": "England",
        "geo_city": "London",
        "geo_timezone": "Europe/London",
    }


async def test_flat_form_is_read(tmp_path: Path) -> None:
    record = {"country_code": "GB", "asn": "AS2856", "as_name": "BT", "country": "United Kingdom"}

    assert values(await looked_up(written(tmp_path / "lite.mmdb", record))) == {
        "geo_country": "GB",
        "geo_asn": 2856,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"location": {"accuracy_radius": 200}},
        {"traits": {"is_hosting_provider": True}},
        {"traits": {"is_anonymous_vpn": True}},
        {"traits": {"is_anycast": True}},
    ],
)
async def test_city_is_not_taken_where_it_is_a_guess(tmp_path: Path, more: dict[str, Any]) -> None:
    found = values(await looked_up(written(tmp_path / "city.mmdb", {**CITY, **more})))

    assert found["geo_country"] == "GB"
    assert found.keys().isdisjoint({"geo_city", "geo_region"})


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "not an address", "169.254.169.254"])
async def test_address_of_no_internet_is_not_looked_up(tmp_path: Path, address: str) -> None:
    path = written(tmp_path / "city.mmdb", CITY)

    assert await looked_up(path, address) == Skip(code=ReasonCode.INVALID_INPUT)


async def test_address_that_the_file_does_not_know_is_no_match(tmp_path: Path) -> None:
    assert await looked_up(written(tmp_path / "city.mmdb", CITY), "8.8.8.8") == NoMatch()


@pytest.mark.parametrize("content", [None, b"", b"no database"])
async def test_file_that_can_not_be_read_is_a_matter_of_configuration(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "city.mmdb"
    if content is not None:
        path.write_bytes(content)

    result = await looked_up(path)

    assert isinstance(result, Trouble)
    assert (result.kind, result.is_billed) == (OutcomeClass.CONFIG, False)


async def test_new_file_is_opened_with_the_next_look_up(tmp_path: Path) -> None:
    path = written(tmp_path / "city.mmdb", CITY)
    enricher = geo_database(path)
    before = values(await enricher.look_up({"visit_address": ADDRESS}))

    written(path, {"country": {"iso_code": "FR"}})
    os.utime(path, ns=(1, 1))
    after = values(await enricher.look_up({"visit_address": ADDRESS}))

    assert (before["geo_country"], after["geo_country"]) == ("GB", "FR")
