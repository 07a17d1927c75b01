"""A postal address as OpenID Connect Core, section 5.1.1 has it: parts by name, each a text; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.formats import country_code

if TYPE_CHECKING:
    from collections.abc import Mapping

# Part: most characters. `formatted` and `street_address` may have several lines.
ADDRESS_PARTS: Mapping[str, int] = {
    "formatted": 1_000,
    "street_address": 500,
    "locality": 200,
    "region": 200,
    "postal_code": 50,
    "country": 100,
}


def why_no_address(value: Mapping[object, object]) -> str | None:
    """Return what is wrong with the parts of an address, as the rest of a sentence, or None."""
    unknown = [key for key in value if key not in ADDRESS_PARTS]
    if unknown:
        return f"has only the parts {', '.join(ADDRESS_PARTS)}"
    for part, most in ADDRESS_PARTS.items():
        text = value.get(part)
        if text is not None and not isinstance(text, str):
            return f"must have a text as its {part}"
        if text is not None and len(text) > most:
            return f"must have a {part} of at most {most} characters"
    return None


def stored_address(value: Mapping[str, str]) -> dict[str, str]:
    """Return the parts that say something, in their usual order; a country that is known as its code."""
    parts = {part: (value.get(part) or "").strip() for part in ADDRESS_PARTS}
    said = {part: text for part, text in parts.items() if text}
    if "country" in said:
        said["country"] = country_code(said["country"]) or said["country"]
    return said
