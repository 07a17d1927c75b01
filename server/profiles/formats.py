"""The one stored form of values that the world has a standard for; None for what is none. Pure.

The lists come with well-kept libraries, so that a new country or time zone is an update of a package.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

import phonenumbers
from babel import Locale

if TYPE_CHECKING:
    from collections.abc import Mapping

_LANGUAGE_TAG = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:-(?P<script>[A-Za-z]{4}))?(?:-(?P<region>[A-Za-z]{2}|[0-9]{3}))?"
)
_DATETIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", flags=re.ASCII
)


def iso_date(text: str) -> str | None:
    """Return a day as ISO 8601 writes it; None for any other spelling (`20260314`, `2026-W11-6`)."""
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        return None
    return day if day == text else None


def utc_datetime(text: str) -> str | None:
    """Return a moment of RFC 3339 in UTC and whole milliseconds: in this form moments sort as texts."""
    if not _DATETIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z".rjust(24, "0")


def e164_phone(text: str) -> str | None:
    """Return a number as ITU-T E.164 writes it; it needs its country code.

    Asked is whether a number of this length can exist in its country, not whether its block is in use:
    blocks are opened faster than deployments are updated.
    """
    try:
        number = phonenumbers.parse(text.strip(), None)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country, given that or its English name."""
    code = text.strip().upper()
    return code if code in _countries().values() else _countries().get(text.strip().casefold())


def language_tag(text: str) -> str | None:
    """Return a language tag of BCP 47 (language, script, region) in its usual case; `_` counts as `-`."""
    parts = _LANGUAGE_TAG.fullmatch(text.strip().replace("_", "-"))
    if parts is None:
        return None
    known = _english()
    language = parts["language"].lower()
    script = (parts["script"] or "").title()
    region = (parts["region"] or "").upper()
    is_known = (
        language in known.languages
        and (not script or script in known.scripts)
        and (not region or region in known.territories)
    )
    return "-".join(filter(None, (language, script, region))) if is_known else None


def time_zone(text: str) -> str | None:
    """Return the name of a zone in the IANA database, in its own case."""
    return _zones().get(text.strip().casefold())


@cache
def _english() -> Locale:
    return Locale("en")


@cache
def _countries() -> Mapping[str, str]:
    """Codes by English name; CLDR names regions of the world as well, by digits."""
    return {
        name.casefold(): code
        for code, name in _english().territories.items()
        if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRIES
    }


# CLDR's own additions to ISO 3166-1: groups of countries, pseudo-locales and what is not known.
_NO_COUNTRIES = frozenset(
    {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
)


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in zoneinfo.available_timezones()}
