"""Does a value fit its attribute? Returns the value in its one stored form or raises with a sentence."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.kit.texts import is_clean
from server.profiles.addresses import stored_address, why_no_address
from server.profiles.errors import InvalidValueError
from server.profiles.formats import country_code, e164_phone, iso_date, language_tag, time_zone, utc_datetime
from server.profiles.identifying import stored_email
from server.profiles.model import AttributeType
from server.profiles.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.profiles.model import AttributeDefinition, Value

MAX_STRING = 2_048  # characters
MAX_TEXT = 10_000  # characters
MAX_INTEGER = 2**53 - 1  # beyond this JSON readers disagree (RFC 7493, section 2.2)
_OPTIONS_NAMED = 10  # of a refused enum's; the rest would make no sentence
_OPTION_EXCERPT = 40  # characters


def checked_value(definition: AttributeDefinition, value: Any) -> Value:  # noqa: ANN401 - anything JSON can hold
    """Return `value` as it is stored; raise InvalidValueError where it does not fit the definition."""
    return _CHECKS[definition.type](definition, value)


def limits(least: int | None, most: int | None, ceiling: int) -> tuple[int, int]:
    """Return how short and how long a value may be: never empty, never above the ceiling of its type."""
    return max(1 if least is None else least, 1), min(ceiling if most is None else most, ceiling)


def _string(definition: AttributeDefinition, value: object) -> str:
    return _text(definition, value, MAX_STRING)


def _long_text(definition: AttributeDefinition, value: object) -> str:
    return _text(definition, value, MAX_TEXT)


def _text(definition: AttributeDefinition, value: object, ceiling: int) -> str:
    if not isinstance(value, str):
        raise _invalid(definition, "must be a text")
    text = value.strip()
    least, most = limits(definition.bounds.min_length, definition.bounds.max_length, ceiling)
    if not least <= len(text) <= most:
        raise _invalid(definition, f"must have {least} to {most} characters; it has {len(text)}")
    if not is_clean(text):
        raise _invalid(definition, "contains characters that are not text")
    if definition.pattern is not None and not matches(definition.pattern, text):
        hint = definition.pattern_hint or f"must match the pattern {definition.pattern}"
        raise _invalid(definition, hint)
    return text


def _number(definition: AttributeDefinition, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(definition, "must be a number")
    if abs(value) > MAX_INTEGER if isinstance(value, int) else not math.isfinite(value):
        raise _invalid(definition, f"must be a finite number; whole numbers reach up to {MAX_INTEGER}")
    _check_range(definition, value)
    return value


def _integer(definition: AttributeDefinition, value: object) -> int:
    number = _number(definition, value)
    if number != int(number) or abs(number) > MAX_INTEGER:
        raise _invalid(definition, "must be a whole number")
    return int(number)


def _check_range(definition: AttributeDefinition, value: float) -> None:
    least, most = definition.bounds.minimum, definition.bounds.maximum
    if least is not None and value < least:
        raise _invalid(definition, f"must be at least {least:.15g}")
    if most is not None and value > most:
        raise _invalid(definition, f"must be at most {most:.15g}")


def _boolean(definition: AttributeDefinition, value: object) -> bool:
    if not isinstance(value, bool):
        raise _invalid(definition, "must be true or false")
    return value


def _standard(form: Callable[[str], str | None], wanted: str) -> Callable[[AttributeDefinition, object], str]:
    """Return the check of a type that the world has a standard for."""

    def check(definition: AttributeDefinition, value: object) -> str:
        stored = form(value) if isinstance(value, str) and len(value) <= MAX_STRING else None
        if stored is None:
            raise _invalid(definition, f"must be {wanted}")
        return stored

    return check


def _address(definition: AttributeDefinition, value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _invalid(definition, "must be an address, such as {locality: London, country: GB}")
    problem = why_no_address(value)
    if problem is not None:
        raise _invalid(definition, problem)
    stored = stored_address(value)
    if not stored:
        raise _invalid(definition, "must have at least one part that says something")
    if not all(is_clean(text) for text in stored.values()):
        raise _invalid(definition, "contains characters that are not text")
    return stored


def _enum(definition: AttributeDefinition, value: object) -> str:
    allowed = [option.value for option in definition.options]
    if not isinstance(value, str) or value not in allowed:
        named = ", ".join(text[:_OPTION_EXCERPT] for text in allowed[:_OPTIONS_NAMED])
        raise _invalid(definition, f"must be one of {named}{' …' * (len(allowed) > _OPTIONS_NAMED)}")
    return value


def _multi_enum(definition: AttributeDefinition, value: object) -> list[str]:
    if not isinstance(value, list):
        raise _invalid(definition, "must be a list of options")
    chosen = {_enum(definition, item) for item in value[: len(definition.options) + 1]}
    if len(chosen) != len(value):
        raise _invalid(definition, "must name each option at most once")
    bounds = definition.bounds
    least, most = limits(bounds.min_items, bounds.max_items, len(definition.options))
    if not least <= len(chosen) <= most:
        raise _invalid(definition, f"must have {least} to {most} options; it has {len(chosen)}")
    return [option.value for option in definition.options if option.value in chosen]


def _email(definition: AttributeDefinition, value: object) -> str:
    address = stored_email(_string(definition, value))
    if address is None:
        raise _invalid(definition, "must be an e-mail address such as ada@example.com")
    return address


def _url(definition: AttributeDefinition, value: object) -> str:
    text = _string(definition, value)
    if not _is_web_address(text):
        raise _invalid(definition, "must be an address such as https://www.example.com")
    return text


def _is_web_address(text: str) -> bool:
    """No user info, backslash or invisible character: these let an address look like another."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_web and "@" not in parts.netloc and text.isprintable() and not re.search(r"[\s\\]", text)


def _invalid(definition: AttributeDefinition, problem: str) -> InvalidValueError:
    return InvalidValueError(f"{definition.label} {problem}.", key=definition.key)


_CHECKS: Mapping[AttributeType, Callable[[AttributeDefinition, object], Value]] = {
    AttributeType.STRING: _string,
    AttributeType.TEXT: _long_text,
    AttributeType.INTEGER: _integer,
    AttributeType.NUMBER: _number,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.DATE: _standard(iso_date, "a date such as 2026-03-14"),
    AttributeType.DATETIME: _standard(
        utc_datetime, "a moment with its offset from UTC, such as 2026-03-14T09:26:53Z"
    ),
    AttributeType.ENUM: _enum,
    AttributeType.MULTI_ENUM: _multi_enum,
    AttributeType.EMAIL: _email,
    AttributeType.PHONE: _standard(
        e164_phone, "a telephone number with its country code, such as +442079460958"
    ),
    AttributeType.URL: _url,
    AttributeType.COUNTRY: _standard(country_code, "a country by its code of two letters, such as GB"),
    AttributeType.LANGUAGE: _standard(language_tag, "a language tag such as en or pt-BR"),
    AttributeType.TIME_ZONE: _standard(time_zone, "a time zone such as Europe/London"),
    AttributeType.ADDRESS: _address,
}
