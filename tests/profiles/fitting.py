"""What is kept of a value, or the sentence with which it is refused."""

from __future__ import annotations

import pytest

from server.profiles.errors import InvalidValueError
from server.profiles.model import AttributeType, Bounds
from server.profiles.validating import checked_value
from tests.factories.profiles import definition, options

COLOURS = options("red", "green", "blue")


def refusal(type_: AttributeType, value: object, bounds: Bounds | None = None) -> str:
    """Return the sentence with which a value is refused."""
    checked = definition(
        "size",
        type_,
        options=COLOURS if type_ in {AttributeType.ENUM, AttributeType.MULTI_ENUM} else (),
        bounds=bounds,
    )
    with pytest.raises(InvalidValueError) as raised:
        checked_value(checked, value)
    assert raised.value.key == "size"
    assert raised.value.message.startswith("Size ")
    assert raised.value.message.endswith(".")
    assert len(raised.value.message) < 300
    return raised.value.message


def kept(type_: AttributeType, value: object, bounds: Bounds | None = None) -> object:
    """Return what is stored of a value."""
    choices = COLOURS if type_ in {AttributeType.ENUM, AttributeType.MULTI_ENUM} else ()
    return checked_value(definition("size", type_, options=choices, bounds=bounds), value)
