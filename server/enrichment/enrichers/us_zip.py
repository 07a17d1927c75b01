"""Where a US ZIP code lies, from the table that the package brings. Offline."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import zipcodes

from server.consent.model import ENRICHMENT_DERIVED
from server.enrichment.model import (
    Enricher,
    EnricherKind,
    Finding,
    Found,
    MergePolicy,
    NoMatch,
    ReasonCode,
    Skip,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from server.enrichment.model import Result
    from server.profiles.model import Value

_ZIP = re.compile(r"(\d{5})(-\d{4})?")


def us_zip() -> Enricher:
    """Return the enricher; the package loads its table with the first look-up, a sixth of a second."""

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        given = _ZIP.fullmatch(str(inputs["address_postal_code"]).strip())
        if inputs["address_country"] != "US" or given is None:
            return Skip(code=ReasonCode.INVALID_INPUT)
        found = zipcodes.matching(given[1])  # type: ignore[no-untyped-call] # its stub says nothing
        return Found(findings=tuple(_findings(found[0]))) if found else NoMatch()

    return Enricher(
        key="us_zip",
        name="US ZIP code",
        kind=EnricherKind.OFFLINE,
        triggers=frozenset({Trigger.SIGN_UP, Trigger.SIGN_IN, Trigger.ATTRIBUTES_CHANGED}),
        inputs=("address_postal_code", "address_country"),
        outputs=frozenset(
            {
                *("address_city", "address_region", "address_county"),
                *("address_lat", "address_lng", "address_timezone"),
            }
        ),
        ttl=timedelta(days=365),
        look_up=look_up,
        purpose=ENRICHMENT_DERIVED,
        merge=MergePolicy.FILL_MISSING,
    )


def _findings(place: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the table says; of military and unknown places numbers are "0" and the zone is empty."""
    if place["zip_code_type"] != "MILITARY":
        yield Finding(key="address_city", value=place["city"])
        yield Finding(key="address_region", value=place["state"])
    if place["county"]:
        yield Finding(key="address_county", value=place["county"])
    if float(place["lat"]) and float(place["long"]):
        yield Finding(key="address_lat", value=float(place["lat"]))
        yield Finding(key="address_lng", value=float(place["long"]))
    if "/" in place["timezone"]:
        yield Finding(key="address_timezone", value=place["timezone"])
