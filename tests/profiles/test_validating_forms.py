"""Booleans, dates, options and addresses have one form each; what only looks like one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.profiles.errors import InvalidValueError
from server.profiles.model import AttributeType, Bounds
from server.profiles.validating import checked_value
from tests.factories.profiles import definition, options
from tests.profiles.fitting import COLOURS, kept, refusal

if TYPE_CHECKING:
    from datetime import date

T = AttributeType


# Booleans and dates


@pytest.mark.parametrize("value", [True, False])
def test_boolean_is_kept(value: bool) -> None:  # noqa: FBT001
    assert kept(T.BOOLEAN, value) is value


@pytest.mark.parametrize("value", ["true", "yes", "", 0, 1, 1.0])
def test_boolean_is_not_guessed(value: object) -> None:
    assert refusal(T.BOOLEAN, value) == "Size must be true or false."


@given(st.dates())
def test_every_date_is_kept_as_iso_8601(day: date) -> None:
    assert kept(T.DATE, day.isoformat()) == day.isoformat()
    assert len(day.isoformat()) == 10


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "0000-01-01",
        "10000-01-01",
        "-2026-01-01",
        "14.03.2026",
        "03/14/2026",
        "2026-3-14",
        "26-03-14",
        "20260314",
        "2026-W11-6",
        "2026-03-14T09:26:53Z",
        "2026-03-14\0",
        "\N{ARABIC-INDIC DIGIT TWO}026-03-14",
        "today",
        "",
        "\ud800",
    ],
)
def test_date_has_one_spelling(value: str) -> None:
    assert refusal(T.DATE, value) == "Size must be a date such as 2026-03-14."


# Options


def test_option_is_kept() -> None:
    assert [kept(T.ENUM, each) for each in ("red", "blue")] == ["red", "blue"]


@pytest.mark.parametrize("value", ["Red", "red ", "purple", "", "red\0", "\ud800", "r\u0435d"])
def test_option_that_does_not_exist_is_refused(value: str) -> None:
    assert refusal(T.ENUM, value) == "Size must be one of red, green, blue."
    assert refusal(T.MULTI_ENUM, [value]) == "Size must be one of red, green, blue."


def test_refusal_names_some_of_very_many_options() -> None:
    many = definition("city", T.ENUM, options=options(*(f"city_{n}" for n in range(500))))

    with pytest.raises(InvalidValueError) as raised:
        checked_value(many, "atlantis")

    assert "city_0, city_1" in raised.value.message
    assert len(raised.value.message) < 500


@given(st.permutations(["red", "green", "blue"]), st.integers(1, 3))
def test_options_are_kept_in_the_order_of_definition(shuffled: list[str], count: int) -> None:
    chosen = shuffled[:count]

    assert kept(T.MULTI_ENUM, chosen) == [each.value for each in COLOURS if each.value in chosen]


@pytest.mark.parametrize("value", [["red", "red"], ["red", "green", "blue", "red"], ["red"] * 10])
def test_option_named_twice_is_refused(value: list[str]) -> None:
    assert refusal(T.MULTI_ENUM, value) == "Size must name each option at most once."


@pytest.mark.parametrize("value", ["red", {"red": True}, ("red",), None])
def test_options_come_as_a_list(value: object) -> None:
    assert refusal(T.MULTI_ENUM, value) == "Size must be a list of options."


def test_number_of_options_lies_within_its_bounds() -> None:
    bounds = Bounds(min_items=2, max_items=2)

    assert kept(T.MULTI_ENUM, ["blue", "red"], bounds) == ["red", "blue"]
    assert refusal(T.MULTI_ENUM, ["red"], bounds) == "Size must have 2 to 2 options; it has 1."
    assert (
        refusal(T.MULTI_ENUM, ["red", "green", "blue"], bounds) == "Size must have 2 to 2 options; it has 3."
    )


def test_empty_choice_is_no_answer() -> None:
    assert refusal(T.MULTI_ENUM, []) == "Size must have 1 to 3 options; it has 0."


# Addresses


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Lovelace+News@Example.COM ", "ada.lovelace+news@example.com"),
        ("ada@b\u00fccher.example", "ada@b\u00fccher.example"),
        ("ada@xn--bcher-kva.example", "ada@b\u00fccher.example"),
        ("ada@example.test", "ada@example.test"),
        ("ad\u00e0@example.com", "ad\u00e0@example.com"),
    ],
)
def test_email_is_kept_in_small_letters_and_one_form(value: str, stored: str) -> None:
    assert kept(T.EMAIL, value) == stored


@pytest.mark.parametrize(
    "value",
    [
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@@example.com",
        "ada@example..com",
        ".ada@example.com",
        "ada @example.com",
        "Ada <ada@example.com>",
        '"ada lovelace"@example.com',
        "ada@[127.0.0.1]",
        "ada@example.com, eve@example.com",
        "ada@example.com\nBcc: eve@example.com",
        "ada@exa\0mple.com",
        "ada@-example.com",
        "a" * 255 + "@example.com",
        "ada@" + "a" * 64 + ".com",
        "ada@localhost",
        "\ud800@example.com",
        "x" * 1_000_000 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(value: str) -> None:
    refusal(T.EMAIL, value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com",
        "http://localhost:3000/a?b=c#d",
        "https://b\u00fccher.example/\u00e9",
        "https://[::1]:8443/",
        "HTTPS://Example.com/A",
    ],
)
def test_web_address_is_kept(value: str) -> None:
    assert kept(T.URL, f" {value} ") == value


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "//example.com",
        "/path",
        "javascript:alert(1)",
        "JaVaScRiPt://example.com/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.com",
        "https://",
        "https:example.com",
        "https:///example.com",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://example.com/\n",
        "java\nscript:alert(1)",
        "https://example.com/\u2028",
        "https://example.com/\x01",
        "https://example.com/\x7f",
        "https://example.com/\u202egnp.exe",
        "https://[::1",
        "https://[x]/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://user:password@example.com/",
        "https://example.com@evil.example/",
        "https://example.com\\@evil.example/",
        "https://\ud800/",
        "https://example.com/\0",
        "https://example.com/" + "a" * 3_000,
    ],
)
def test_what_is_no_web_address_is_refused(value: str) -> None:
    refusal(T.URL, f"{value}x" if value.endswith(("\n", "\u2028")) else value)
