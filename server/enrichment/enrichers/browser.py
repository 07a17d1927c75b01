"""What a browser says of itself at a sign-in: language, time zone, and the class of the device. Offline."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from server.consent.model import ENRICHMENT_DERIVED
from server.enrichment.model import (
    Enricher,
    EnricherKind,
    Finding,
    Found,
    NoMatch,
    Trigger,
)
from server.enrichment.visits import LANGUAGES, TIME_ZONE, USER_AGENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from server.enrichment.model import Result
    from server.profiles.model import Value

_LANGUAGE_CONFIDENCE = 0.5  # many leave their browser in the language that it came in
_ZONE_CONFIDENCE = 0.9  # the clock of the device
_MOST = 20  # languages that are read of a header
_RANGE = re.compile(r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
# The order matters: bots name browsers, tablets name phones' systems. "Mobi" is what MDN's page "Browser
# detection using the user agent" recommends to look for; an Android without it is a tablet.
_DEVICES = (
    (re.compile(r"bot\b|crawl|spider|slurp|headless|curl/|wget/|python-|java/", re.IGNORECASE), "bot"),
    (re.compile(r"iPad|Tablet|PlayBook|Silk(?!.*Mobile)|Android(?!.*Mobi)"), "tablet"),
    (re.compile(r"Mobi|iPhone|iPod"), "phone"),
    (re.compile(r"Windows NT|Macintosh|X11|CrOS|Linux"), "desktop"),
)


def browser_language() -> Enricher:
    """Return the enricher that reads Accept-Language."""

    def read(said: str) -> tuple[Finding, ...]:
        tags = preferred_languages(said)
        return tuple(Finding(key="locale", value=tag, confidence=_LANGUAGE_CONFIDENCE) for tag in tags[:1])

    return _enricher(
        "browser_language", "Language of the browser", LANGUAGES, "locale", _asking(LANGUAGES, read)
    )


def browser_time_zone() -> Enricher:
    """Return the enricher that takes the time zone of the device."""

    def read(said: str) -> tuple[Finding, ...]:
        return (Finding(key="zoneinfo", value=said, confidence=_ZONE_CONFIDENCE),)

    return _enricher(
        "browser_time_zone", "Time zone of the device", TIME_ZONE, "zoneinfo", _asking(TIME_ZONE, read)
    )


def browser_device() -> Enricher:
    """Return the enricher that tells the class of the device; browsers say no more of it that is true."""

    def read(said: str) -> tuple[Finding, ...]:
        return (Finding(key="visit_device", value=device_class(said)),)

    return _enricher(
        "browser_device", "Class of the device", USER_AGENT, "visit_device", _asking(USER_AGENT, read)
    )


def preferred_languages(header: str) -> list[str]:
    """Return the language tags of an Accept-Language header (RFC 9110, section 12.5.4), the best first."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(",")[:_MOST]:
        found = _RANGE.fullmatch(part)
        weight = 1.0 if found is None or found[2] is None else float(found[2])
        if found is not None and 0 < weight <= 1:
            wanted.append((weight, found[1]))
    return [tag for _, tag in sorted(wanted, key=lambda each: -each[0])]


def device_class(user_agent: str) -> str:
    """Return `desktop`, `phone`, `tablet`, `bot` or `other`."""
    return next((name for pattern, name in _DEVICES if pattern.search(user_agent)), "other")


def _asking(
    key: str, read: Callable[[str], tuple[Finding, ...]]
) -> Callable[[Mapping[str, Value]], Awaitable[Result]]:
    async def look_up(inputs: Mapping[str, Value]) -> Result:
        findings = read(str(inputs[key])[:_LONGEST])
        return Found(findings=findings) if findings else NoMatch()

    return look_up


_LONGEST = 1_000  # characters of a header that are looked at


def _enricher(
    key: str,
    name: str,
    source: str,
    fills: str,
    look_up: Callable[[Mapping[str, Value]], Awaitable[Result]],
) -> Enricher:
    return Enricher(
        key=key,
        name=name,
        kind=EnricherKind.OFFLINE,
        triggers=frozenset({Trigger.SIGN_UP, Trigger.SIGN_IN}),
        inputs=(source,),
        outputs=frozenset({fills}),
        ttl=timedelta(days=90),
        look_up=look_up,
        purpose=ENRICHMENT_DERIVED,
    )
