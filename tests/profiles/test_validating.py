"""What fits an attribute is stored in one form; everything else is refused with a sentence."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.profiles.errors import InvalidValueError
from server.profiles.model import AttributeType, Bounds
from server.profiles.validating import MAX_INTEGER, MAX_STRING, MAX_TEXT, checked_value
from tests.factories.profiles import definition
from tests.profiles.fitting import COLOURS, kept, refusal

T = AttributeType
EVERY_TYPE = {
    each: definition(f"a_{each}", each, options=COLOURS if each in {T.ENUM, T.MULTI_ENUM} else ())
    for each in T
}
TEN_THOUSAND_DIGITS = pytest.param(10**10_000, id="ten thousand digits")
MEGABYTE = "x" * 1_000_000


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["red", "2026-03-14", "ada@example.com", "https://example.com", "$name", "a\0b"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


@given(st.sampled_from(list(T)), anything)
@example(T.EMAIL, "\ud800@example.com")
@example(T.EMAIL, "ada@\u1680example.com")
@example(T.URL, "https://[")
@example(T.URL, "https://\ud800")
@example(T.DATE, "\ud800")
@example(T.NUMBER, 10**10_000)
@example(T.INTEGER, 10**10_000)
@example(T.ENUM, ["red"])
@example(T.MULTI_ENUM, [["red"]])
@example(T.MULTI_ENUM, [{}])
def test_value_is_kept_in_a_form_that_stays_or_refused(type_: AttributeType, value: object) -> None:
    try:
        stored = checked_value(EVERY_TYPE[type_], value)
    except InvalidValueError:
        return

    assert checked_value(EVERY_TYPE[type_], stored) == stored
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored
    json.dumps(stored, ensure_ascii=False).encode()


@pytest.mark.parametrize("type_", T)
@pytest.mark.parametrize("value", [None, [], {}, {"$ne": None}, object(), b"bytes", [None], [[]], [1], ""])
def test_value_of_no_fitting_kind_is_refused(type_: AttributeType, value: object) -> None:
    refusal(type_, value)


@pytest.mark.parametrize("type_", sorted(set(T) - {T.INTEGER, T.NUMBER}))
@pytest.mark.parametrize("value", [0, 1, 2**63, -(2**63), TEN_THOUSAND_DIGITS, 1.5, math.nan, math.inf])
def test_number_is_no_other_value(type_: AttributeType, value: float) -> None:
    refusal(type_, value)


@pytest.mark.parametrize("type_", sorted(set(T) - {T.BOOLEAN}))
@pytest.mark.parametrize("value", [True, False])
def test_boolean_is_no_other_value(type_: AttributeType, value: bool) -> None:  # noqa: FBT001
    refusal(type_, value)


@pytest.mark.parametrize("type_", T)
@pytest.mark.parametrize(
    "value", [MEGABYTE, "\ud800" + MEGABYTE, [MEGABYTE], ["red"] * 1_000_000, " " * 1_000_000]
)
def test_megabyte_is_refused_with_a_short_sentence(type_: AttributeType, value: object) -> None:
    refusal(type_, value)


# Texts


@pytest.mark.parametrize("type_", [T.STRING, T.TEXT])
def test_text_is_kept_without_the_space_around_it(type_: AttributeType) -> None:
    assert kept(type_, "  Ada\n ") == "Ada"
    assert kept(type_, "Ada King\nof Lovelace") == "Ada King\nof Lovelace"
    assert kept(type_, "\U0001f9ee \u00e9\u0301 \u202e $name") == "\U0001f9ee \u00e9\u0301 \u202e $name"


@pytest.mark.parametrize("type_", [T.STRING, T.TEXT])
@pytest.mark.parametrize("value", ["a\0", "\0", "a\ud800", "\udfff", "\ude00\ud83d", "a" * 100 + "\0"])
def test_text_with_what_is_not_text_is_refused(type_: AttributeType, value: str) -> None:
    assert "not text" in refusal(type_, value)


@pytest.mark.parametrize("value", ["", " ", "\n\t\u00a0\u2003"])
def test_blank_text_is_refused(value: str) -> None:
    assert "1 to" in refusal(T.STRING, value)


@pytest.mark.parametrize(("type_", "most"), [(T.STRING, MAX_STRING), (T.TEXT, MAX_TEXT)])
def test_text_without_bounds_has_a_ceiling(type_: AttributeType, most: int) -> None:
    assert kept(type_, "x" * most) == "x" * most
    assert refusal(type_, "x" * (most + 1)) == f"Size must have 1 to {most} characters; it has {most + 1}."


def test_text_has_the_length_that_its_bounds_say() -> None:
    bounds = Bounds(min_length=2, max_length=3)

    assert [kept(T.STRING, each, bounds) for each in ("ab", "abc", " abc ")] == ["ab", "abc", "abc"]
    assert refusal(T.STRING, "a", bounds) == "Size must have 2 to 3 characters; it has 1."
    assert refusal(T.STRING, "abcd", bounds) == "Size must have 2 to 3 characters; it has 4."


def test_length_counts_characters_and_not_bytes() -> None:
    assert kept(T.STRING, "\U0001f9ee\U0001f9ee", Bounds(max_length=2)) == "\U0001f9ee\U0001f9ee"


def test_bounds_do_not_lift_the_ceiling() -> None:
    assert "1 to 2048" in refusal(T.STRING, "x" * 3_000, Bounds(max_length=5_000))


# Numbers


@pytest.mark.parametrize("value", [0, -1, 1.5, MAX_INTEGER, -MAX_INTEGER, 1e308, 5e-324])
def test_finite_number_is_kept(value: float) -> None:
    assert kept(T.NUMBER, value) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_number_that_is_none_is_refused(value: float) -> None:
    for type_ in (T.NUMBER, T.INTEGER):
        assert "finite" in refusal(type_, value)


@pytest.mark.parametrize(
    "value", [MAX_INTEGER + 1, -MAX_INTEGER - 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, TEN_THOUSAND_DIGITS]
)
def test_integer_that_json_readers_disagree_on_is_refused(value: int) -> None:
    for type_ in (T.NUMBER, T.INTEGER):
        refusal(type_, value)


@pytest.mark.parametrize("value", [1.5, -0.1, 1e300, 2.0**53])
def test_integer_is_whole_and_exact(value: float) -> None:
    assert "whole number" in refusal(T.INTEGER, value)


@pytest.mark.parametrize(
    ("value", "stored"), [(3, 3), (3.0, 3), (-0.0, 0), (float(MAX_INTEGER), MAX_INTEGER)]
)
def test_integer_is_kept_as_one(value: float, stored: int) -> None:
    result = kept(T.INTEGER, value)

    assert (result, type(result)) == (stored, int)


@pytest.mark.parametrize("value", ["1", "one", "1.5", "\u0661"])
def test_number_in_a_text_is_refused(value: str) -> None:
    assert refusal(T.NUMBER, value) == "Size must be a number."
    assert refusal(T.INTEGER, value) == "Size must be a number."


@pytest.mark.parametrize("type_", [T.NUMBER, T.INTEGER])
def test_number_lies_within_its_bounds(type_: AttributeType) -> None:
    bounds = Bounds(minimum=1, maximum=1_234_567)

    assert [kept(type_, each, bounds) for each in (1, 2, 1_234_567)] == [1, 2, 1_234_567]
    assert refusal(type_, 0, bounds) == "Size must be at least 1."
    assert refusal(type_, 1_234_568, bounds) == "Size must be at most 1234567."


def test_bound_of_zero_counts() -> None:
    assert refusal(T.NUMBER, -0.5, Bounds(minimum=0)) == "Size must be at least 0."
    assert refusal(T.NUMBER, 0.5, Bounds(maximum=0)) == "Size must be at most 0."


def test_fraction_in_a_bound_is_told_as_it_is() -> None:
    assert refusal(T.NUMBER, 0, Bounds(minimum=0.1)) == "Size must be at least 0.1."
