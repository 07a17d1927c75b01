"""Moments, phone numbers, countries, languages and time zones in their one form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.profiles.formats import country_code, e164_phone, language_tag, time_zone, utc_datetime

NOW = datetime(2026, 3, 14, tzinfo=UTC)

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.builds(
    lambda away, offset: (NOW + away).astimezone(offset),
    st.timedeltas(timedelta(days=-739_000), timedelta(days=2_900_000)),
    offsets,
)


@given(moments, moments)
def test_moments_sort_as_texts(one: datetime, other: datetime) -> None:
    first, second = utc_datetime(one.isoformat()), utc_datetime(other.isoformat())

    assert first is not None
    assert second is not None
    assert datetime.fromisoformat(first) == one.replace(microsecond=one.microsecond // 1000 * 1000)
    if abs(one - other) > timedelta(milliseconds=1):
        assert (first < second) == (one < other)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-03-14T09:26:53Z", "2026-03-14T09:26:53.000Z"),
        ("2026-03-14t09:26:53.5899z", "2026-03-14T09:26:53.589Z"),
        ("2026-03-14T09:26:53+02:00", "2026-03-14T07:26:53.000Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00.000Z"),
    ],
)
def test_moment_is_kept_in_utc_and_milliseconds(text: str, stored: str) -> None:
    assert utc_datetime(text) == stored
    assert utc_datetime(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T09:26:53",
        "2026-03-14 09:26:53Z",
        "2026-03-14T09:26Z",
        "2026-02-30T00:00:00Z",
        "2026-03-14T24:00:01Z",
        "2026-03-14T09:26:61Z",
        "2026-03-14T09:26:53+99:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\N{ARABIC-INDIC DIGIT TWO}026-03-14T09:26:53Z",
    ],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert utc_datetime(text) is None


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (" +44 20 7946 0018 ", "+442079460018"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("020 7946 0018", None),
        ("+1 212 555 0100 ext. 5", None),
        ("+999 123 456", None),
        ("+44", None),
        ("call me", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_phone_number_is_kept_as_e164(text: str, stored: str | None) -> None:
    assert e164_phone(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (" gb ", "GB"),
        ("United Kingdom", "GB"),
        ("germany", "DE"),
        ("EU", None),
        ("ZZ", None),
        ("GBR", None),
        ("", None),
    ],
)
def test_country_is_kept_as_its_code(text: str, stored: str | None) -> None:
    assert country_code(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("EN", "en"),
        (" pt_br ", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("xx", None),
        ("en-XX", None),
        ("en-Xxxx", None),
        ("english", None),
        ("", None),
    ],
)
def test_language_is_kept_in_its_usual_case(text: str, stored: str | None) -> None:
    assert language_tag(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (" europe/london ", "Europe/London"),
        ("utc", "UTC"),
        ("Mars/Olympus", None),
        ("../etc/passwd", None),
        ("", None),
    ],
)
def test_time_zone_is_kept_in_its_own_case(text: str, stored: str | None) -> None:
    assert time_zone(text) == stored
