"""From a provider's document to findings: only what is named is taken, and only where it fits; pure."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.enrichment.model import Finding, Found
from server.enrichment.sources.spec import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from server.enrichment.sources.spec import Confidence, EnricherSpec, Mapped
    from server.profiles.model import Value

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_YEARS = range(1000, 3000)
_FIRST_EPOCH_MILLISECONDS = 100_000_000_000  # above it a moment is in milliseconds: the year is 1973 or 5138


def found_in(spec: EnricherSpec, document: object) -> Found:
    """Return what the document says of the attributes that are mapped.

    What is of another type than promised, out of bounds or one of the provider's words for nothing is left
    out: one odd field costs no other.
    """
    root = document if spec.root is None else spec.root.of(document)
    overall = _confidence(spec.confidence, document, root)
    return Found(
        findings=tuple(_findings(spec, root, overall)),
        observed_at=None if spec.observed_at is None else _moment(spec.observed_at.of(root)),
    )


def _findings(spec: EnricherSpec, root: object, overall: float) -> Iterator[Finding]:
    for key, mapped in spec.map.items():
        if mapped.unless is None or not mapped.unless.holds(root):
            value = _value(mapped, mapped.path.of(root))
            if value is not None:
                confidence = overall if mapped.confidence is None else mapped.confidence
                yield Finding(key=key, value=value, confidence=confidence)


def _confidence(given: Confidence, document: object, root: object) -> float:
    said = None if given.expression is None else _number(given.expression.of(document))
    confidence = given.base if said is None else said / given.scale
    if given.halve_if is not None and given.halve_if.holds(root):
        confidence /= 2
    return min(max(confidence, 0.0), 1.0)


def _value(mapped: Mapped, said: object) -> Value | None:
    if (
        said is None
        or isinstance(said, dict | list)
        or any(_is_same(said, each) for each in mapped.null_values)
    ):
        return None
    if mapped.values is not None:
        said = mapped.values.get(_plain(said))
    value = None if said is None else _CONVERSIONS[mapped.type](said)
    if isinstance(value, str):
        return value if 0 < len(value) <= mapped.max_length else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_low = mapped.minimum is not None and value < mapped.minimum
        is_high = mapped.maximum is not None and value > mapped.maximum
        return None if is_low or is_high else value
    return value


def _is_same(said: object, null: object) -> bool:
    return said == null and isinstance(said, bool) is isinstance(null, bool)


def _plain(said: object) -> str:
    """Return a value as the table of values has it: small letters, no space around, whole numbers as such."""
    number = int(said) if isinstance(said, float) and said.is_integer() else said
    return str(number).strip().lower()


def _string(said: object) -> str | None:
    """Return a text; a number is one (a postal code), true is none: some send it in place of what costs."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    return " ".join(str(said).split())


def _number(said: object) -> float | None:
    if isinstance(said, bool):
        return None
    if isinstance(said, str) and re.fullmatch(r"\s*[-+]?\d{1,15}(\.\d{1,15})?\s*", said, flags=re.ASCII):
        said = float(said)
    return float(said) if isinstance(said, int | float) and math.isfinite(said) else None


def _integer(said: object) -> int | None:
    number = _number(said)
    return int(number) if number is not None and number.is_integer() else None


def _asn(said: object) -> int | None:
    return _integer(said.strip().upper().removeprefix("AS") if isinstance(said, str) else said)


def _boolean(said: object) -> bool | None:
    return said if isinstance(said, bool) else {"true": True, "false": False}.get(str(said).strip().lower())


def _url(said: object) -> str | None:
    """Return a web address; providers often leave the scheme out."""
    text = said.strip() if isinstance(said, str) else ""
    if text and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text):
        text = f"https://{text.lstrip('/')}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and "@" not in parts.netloc
    return text if is_web and not re.search(r"[\s\\]", text) else None


def _domain(said: object) -> str | None:
    text = said.strip().lower() if isinstance(said, str) else ""
    text = re.sub(r"^[a-z]+://", "", text).partition("/")[0].removeprefix("www.")
    return text if _DOMAIN.fullmatch(text) else None


def _date(said: object) -> str | None:
    try:
        return date.fromisoformat(str(said)[:10]).isoformat() if isinstance(said, str) else None
    except ValueError:
        return None


def _year(said: object) -> int | None:
    found = re.match(r"\d{4}(?!\d)", str(said)) if not isinstance(said, bool) else None
    return int(found[0]) if found and int(found[0]) in _YEARS else None


def _moment(said: Any) -> datetime | None:  # noqa: ANN401 - JSON
    """Return a moment that was written in ISO 8601 or counted from 1970."""
    try:
        if isinstance(said, str):
            moment = datetime.fromisoformat(said.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(said, int | float) and not isinstance(said, bool):
            seconds = said / 1000 if said > _FIRST_EPOCH_MILLISECONDS else said
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


_CONVERSIONS: Mapping[ValueType, Callable[[object], Value | None]] = {
    ValueType.STRING: _string,
    ValueType.INTEGER: _integer,
    ValueType.NUMBER: _number,
    ValueType.BOOLEAN: _boolean,
    ValueType.ENUM: _string,
    ValueType.URL: _url,
    ValueType.DOMAIN: _domain,
    ValueType.COUNTRY: _string,
    ValueType.LANGUAGE: _string,
    ValueType.TIME_ZONE: _string,
    ValueType.DATE: _date,
    ValueType.YEAR: _year,
    ValueType.ASN: _asn,
}
