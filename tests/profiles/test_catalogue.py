"""What an admin may declare: keys that fit paths, short texts, options and bounds that some value fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.errors import InvalidInputError
from server.profiles.catalogue import catalogue, check_spec
from server.profiles.errors import InvalidValueError, UnknownAttributeError
from server.profiles.model import AttributeType, Bounds, Option
from server.profiles.standard import STANDARD_ATTRIBUTES
from server.profiles.validating import checked_value
from tests.factories.profiles import definition, options, spec

T = AttributeType
NO_OPTIONS = sorted(set(T) - {T.ENUM, T.MULTI_ENUM})


def refused_field(**overrides: object) -> str:
    with pytest.raises(InvalidInputError) as raised:
        check_spec(spec(**overrides))  # type: ignore[arg-type] # overrides by name
    assert len(raised.value.message) < 300
    return raised.value.field


def test_catalogue_finds_by_id_and_by_key() -> None:
    role, size = definition("role", id="att_1"), definition("size", id="att_2")

    known = catalogue([role, size])

    assert known.get("role") is role
    assert list(known.by_id.values()) == [role, size]


def test_unknown_key_is_told_with_an_excerpt_of_it() -> None:
    with pytest.raises(UnknownAttributeError, match="no attribute 'xxx") as raised:
        catalogue([]).get("x" * 1_000_000)

    assert len(raised.value.message) < 200


def test_standard_attributes_are_in_order() -> None:
    for each in STANDARD_ATTRIBUTES:
        check_spec(each)

    assert len({each.key for each in STANDARD_ATTRIBUTES}) == len(STANDARD_ATTRIBUTES)


@pytest.mark.parametrize("key", ["a", "job_title", "a1", "a__", "a" * 63])
def test_key_is_snake_case(key: str) -> None:
    check_spec(spec(key))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "A",
        "1a",
        "_a",
        "a-b",
        "a.b",
        "a b",
        "$a",
        "a\n",
        "\u00e9",
        "a\0",
        "a" * 64,
        "a" * 1_000_000,
        "\ud800",
    ],
)
def test_key_of_another_shape_is_refused(key: str) -> None:
    assert refused_field(key=key) == "key"


@pytest.mark.parametrize("label", ["", " ", "\n", "x" * 201, "x" + " " * 1_000_000])
def test_label_is_short_and_not_blank(label: str) -> None:
    assert refused_field(label=label) == "label"


def test_description_has_its_length() -> None:
    check_spec(spec(description="x" * 2_000))

    assert refused_field(description="x" * 2_001) == "description"


@pytest.mark.parametrize("type_", [T.ENUM, T.MULTI_ENUM])
def test_enum_has_options(type_: AttributeType) -> None:
    check_spec(spec(type=type_, options=options("red")))

    assert refused_field(type=type_) == "options"


@pytest.mark.parametrize("type_", NO_OPTIONS)
def test_other_types_have_none(type_: AttributeType) -> None:
    check_spec(spec(type=type_))

    assert refused_field(type=type_, options=options("red")) == "options"


@pytest.mark.parametrize(
    "choices",
    [
        options("red", "green", "red"),
        options(*(f"city_{n}" for n in range(501))),
        (Option(value="", label="Nothing"),),
        (Option(value="red", label=""),),
        (Option(value="x" * 201, label="Long"),),
        (Option(value="red", label="x" * 201),),
        (Option(value=" ", label="Blank"),),
        (Option(value="red", label=" "),),
    ],
    ids=["twice", "501", "no value", "no label", "long value", "long label", "blank value", "blank label"],
)
def test_options_are_short_and_distinct(choices: tuple[Option, ...]) -> None:
    assert refused_field(type=T.ENUM, options=choices) == "options"


@pytest.mark.parametrize(
    ("type_", "bounds", "field"),
    [
        (T.NUMBER, Bounds(minimum=2, maximum=1), "minimum"),
        (T.INTEGER, Bounds(minimum=0.5, maximum=-0.5), "minimum"),
        (T.STRING, Bounds(min_length=3, max_length=2), "minLength"),
        (T.STRING, Bounds(max_length=0), "maxLength"),
        (T.STRING, Bounds(max_length=-1), "maxLength"),
        (T.STRING, Bounds(min_length=2_049), "minLength"),
        (T.TEXT, Bounds(min_length=10_001), "minLength"),
        (T.EMAIL, Bounds(min_length=2_049), "minLength"),
        (T.MULTI_ENUM, Bounds(min_items=2, max_items=1), "minItems"),
        (T.MULTI_ENUM, Bounds(max_items=0), "maxItems"),
        (T.MULTI_ENUM, Bounds(min_items=4), "minItems"),
    ],
)
def test_bounds_that_no_value_fits_are_refused(type_: AttributeType, bounds: Bounds, field: str) -> None:
    choices = options("red", "green", "blue") if type_ is T.MULTI_ENUM else ()

    assert refused_field(type=type_, bounds=bounds, options=choices) == field


lengths = st.none() | st.integers(-2, 6) | st.sampled_from([2_048, 2_049, 10_000, 10_001])
items = st.none() | st.integers(-2, 5)


@given(st.sampled_from([T.STRING, T.TEXT]), lengths, lengths)
def test_some_text_fits_all_bounds_that_may_be_declared(
    type_: AttributeType, least: int | None, most: int | None
) -> None:
    bounds = Bounds(min_length=least, max_length=most)

    assert is_declared(type_, bounds) == any(
        is_value(type_, "x" * length, bounds) for length in {1, least or 1, most or 1}
    )


@given(items, items)
def test_some_choice_fits_all_bounds_that_may_be_declared(least: int | None, most: int | None) -> None:
    bounds = Bounds(min_items=least, max_items=most)

    assert is_declared(T.MULTI_ENUM, bounds) == any(
        is_value(T.MULTI_ENUM, ["red", "green", "blue"][:count], bounds) for count in (1, 2, 3)
    )


def is_declared(type_: AttributeType, bounds: Bounds) -> bool:
    choices = options("red", "green", "blue") if type_ is T.MULTI_ENUM else ()
    try:
        check_spec(spec(type=type_, bounds=bounds, options=choices))
    except InvalidInputError:
        return False
    return True


def is_value(type_: AttributeType, value: object, bounds: Bounds) -> bool:
    choices = options("red", "green", "blue") if type_ is T.MULTI_ENUM else ()
    try:
        checked_value(definition("a", type_, bounds=bounds, options=choices), value)
    except InvalidValueError:
        return False
    return True
