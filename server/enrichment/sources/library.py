"""Providers that ship as data: `presets/*.json`, each an enricher without its secrets."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

PRESETS = (
    *("apollo", "clearbit_combined", "clearbit_company", "clearbit_person", "fullcontact_company"),
    *("fullcontact_person", "gravatar", "hunter_combined", "hunter_company", "hunter_person"),
    *("ipgeolocation_v1", "ipgeolocation_v3", "ipinfo_lite", "maxmind_city", "people_data_labs"),
    "us_census_income",
)


@cache
def _text(key: str) -> str:
    return resources.files("server.enrichment.sources").joinpath("presets", f"{key}.json").read_text("utf-8")


def preset(key: str) -> dict[str, Any] | None:
    """Return a preset as it is written down; None where there is none of this key."""
    if key not in PRESETS:
        return None
    document: dict[str, Any] = json.loads(_text(key))
    return document
