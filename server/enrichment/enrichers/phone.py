"""What a telephone number tells about itself, from the numbering plans that the package brings. Offline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from server.consent.model import ENRICHMENT_DERIVED
from server.enrichment.model import Enricher, EnricherKind, Finding, Found, ReasonCode, Skip, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from phonenumbers import PhoneNumber

    from server.enrichment.model import Result
    from server.profiles.model import Value

# The names of the package for the kinds of lines, as the attribute has them.
_TYPES: Mapping[int, str] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PAGER: "pager",
}
# People keep their numbers when they move; where a number is at home says little of where they are.
_ZONE_CONFIDENCE = 0.4


def phone() -> Enricher:
    """Return the enricher."""

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        try:
            number = phonenumbers.parse(str(inputs["phone_number"]), None)
        except phonenumbers.NumberParseException:
            return Skip(code=ReasonCode.INVALID_INPUT)
        return Found(findings=tuple(_findings(number)))

    return Enricher(
        key="phone",
        name="Telephone number",
        kind=EnricherKind.OFFLINE,
        triggers=frozenset({Trigger.SIGN_UP, Trigger.SIGN_IN, Trigger.ATTRIBUTES_CHANGED}),
        inputs=("phone_number",),
        outputs=frozenset({"phone_region", "phone_type", "phone_valid", "phone_timezone"}),
        ttl=timedelta(days=365),
        look_up=look_up,
        purpose=ENRICHMENT_DERIVED,
    )


def _findings(number: PhoneNumber) -> Iterator[Finding]:
    is_valid = phonenumbers.is_valid_number(number)
    yield Finding(key="phone_valid", value=is_valid)
    if not is_valid:
        return
    region = phonenumbers.region_code_for_number(number)
    if region is not None and region.isalpha():  # 001 stands for numbers of no country
        yield Finding(key="phone_region", value=region)
    kind = _TYPES.get(phonenumbers.number_type(number), "other")
    yield Finding(key="phone_type", value=kind)
    zones = time_zones_for_number(number)
    # One zone or none: of several the first means nothing (Guernsey's, for the mobiles of all Britain).
    if len(zones) == 1 and "/" in zones[0] and not zones[0].startswith("Etc/"):
        yield Finding(key="phone_timezone", value=zones[0], confidence=_ZONE_CONFIDENCE)
