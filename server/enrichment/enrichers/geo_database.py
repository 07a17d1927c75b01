"""Where a visit came from, by a file in MaxMind's format (GeoLite2, GeoIP2, DB-IP, IPinfo). Offline.

The file is the operator's: its licence wants an account, and a new one every month. One that takes the
place of another is opened with the next look-up.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import maxminddb

from server.consent.model import ENRICHMENT_IP
from server.enrichment.model import (
    Enricher,
    EnricherKind,
    Finding,
    Found,
    NoMatch,
    OutcomeClass,
    ReasonCode,
    Skip,
    Trigger,
    Trouble,
)
from server.enrichment.visits import ADDRESS
from server.kit.addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from maxminddb import Reader

    from server.enrichment.model import Result
    from server.profiles.model import Value

_log = logging.getLogger(__name__)
_CONFIDENCE = 0.6
_VAGUE_KILOMETRES = 50  # beyond which a city is a guess


class GeoDatabase:
    """Reads the file, which may be replaced while the process runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Reader | None = None
        self._opened: tuple[int, int] | None = None

    def find(self, address: str) -> Mapping[str, Any] | None:
        """Return what the file says of an address; raise OSError or InvalidDatabaseError."""
        status = self._path.stat()
        version = (status.st_mtime_ns, status.st_ino)
        if self._reader is None or version != self._opened:
            self._reader, self._opened = maxminddb.open_database(str(self._path)), version
        found = self._reader.get(address)
        return found if isinstance(found, dict) else None


def geo_database(path: Path) -> Enricher:
    """Return the enricher over this file, which is opened with the first look-up."""
    database = GeoDatabase(path)

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        address = str(inputs[ADDRESS])
        if not is_public(address):
            return Skip(code=ReasonCode.INVALID_INPUT)
        try:
            found = database.find(address)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            _log.error("the file of addresses can't be read: %s", type(error).__name__)
            return Trouble(reason="the file can't be read", kind=OutcomeClass.CONFIG, is_billed=False)
        findings = () if found is None else tuple(_findings(found))
        return Found(findings=findings) if findings else NoMatch()

    return Enricher(
        key="geo_database",
        name="Database of network addresses",
        kind=EnricherKind.OFFLINE,
        triggers=frozenset({Trigger.SIGN_UP, Trigger.SIGN_IN}),
        inputs=(ADDRESS,),
        outputs=frozenset(
            {"geo_country", "geo_region", "geo_city", "geo_timezone", "geo_asn", "geo_is_hosting"}
        ),
        ttl=timedelta(days=30),
        look_up=look_up,
        purpose=ENRICHMENT_IP,
    )


def _findings(record: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what a record says, nested as MaxMind has it or flat as the free files of others."""
    for key, value in {**_flat(record), **_nested(record)}.items():
        if value is not None:
            yield Finding(key=key, value=value, confidence=_CONFIDENCE)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    number = str(record.get("asn") or record.get("autonomous_system_number") or "").upper().removeprefix("AS")
    country = record.get("country_code")
    return {
        "geo_country": country if isinstance(country, str) else None,
        "geo_asn": int(number) if number.isdecimal() else None,
    }


def _nested(record: Mapping[str, Any]) -> dict[str, Any]:
    traits = _part(record, "traits")
    location = _part(record, "location")
    is_hosting = traits.get("is_hosting_provider")
    found = {
        "geo_country": _part(record, "country").get("iso_code"),
        "geo_timezone": location.get("time_zone"),
        "geo_asn": traits.get("autonomous_system_number"),
        "geo_is_hosting": is_hosting,
    }
    is_vague = (location.get("accuracy_radius") or 0) > _VAGUE_KILOMETRES
    if not (is_vague or is_hosting or traits.get("is_anonymous_vpn") or traits.get("is_anycast")):
        regions = record.get("subdivisions")
        region = regions[0] if isinstance(regions, list) and regions else {}
        found |= {"geo_region": _english(region), "geo_city": _english(_part(record, "city"))}
    return {key: value for key, value in found.items() if value is not None}


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _english(place: Mapping[str, Any]) -> object:
    return _part(place, "names").get("en")
