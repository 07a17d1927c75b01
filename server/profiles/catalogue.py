"""The attribute definitions by id and by key, and the rules for new ones; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kit.errors import InvalidInputError
from server.profiles.errors import UnknownAttributeError
from server.profiles.model import AttributeType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.profiles.model import AttributeDefinition, AttributeId, AttributeSpec

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_LABEL = 200  # characters
_MAX_OPTIONS = 500
_WITH_OPTIONS = frozenset({AttributeType.ENUM, AttributeType.MULTI_ENUM})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every attribute definition of one revision."""

    by_id: Mapping[AttributeId, AttributeDefinition]
    by_key: Mapping[str, AttributeDefinition]

    def get(self, key: str) -> AttributeDefinition:
        """Return the definition with this key; raise UnknownAttributeError."""
        found = self.by_key.get(key)
        if found is None:
            raise UnknownAttributeError(key)
        return found


def catalogue(definitions: Iterable[AttributeDefinition]) -> Catalogue:
    """Return the catalogue of these definitions."""
    by_id = {definition.id: definition for definition in definitions}
    return Catalogue(by_id=by_id, by_key={definition.key: definition for definition in by_id.values()})


def check_spec(spec: AttributeSpec) -> None:
    """Raise InvalidInputError for the first thing that is wrong with a new attribute."""
    if not _KEY.fullmatch(spec.key):
        message = "A key is a small letter, then small letters, digits and _, 63 characters at most."
        raise InvalidInputError(message, field="key")
    if not 0 < len(spec.label) <= _MAX_LABEL:
        message = f"A label has 1 to {_MAX_LABEL} characters."
        raise InvalidInputError(message, field="label")
    _check_options(spec)
    _check_bounds(spec)


def _check_options(spec: AttributeSpec) -> None:
    values = [option.value for option in spec.options]
    if (spec.type in _WITH_OPTIONS) != bool(values):
        message = "The types enum and multi_enum need options, and no other type has any."
        raise InvalidInputError(message, field="options")
    if len(set(values)) != len(values) or len(values) > _MAX_OPTIONS:
        message = f"An enum has up to {_MAX_OPTIONS} options, each value once."
        raise InvalidInputError(message, field="options")
    if not all(
        0 < len(text) <= _MAX_LABEL for option in spec.options for text in (option.value, option.label)
    ):
        message = f"The value and the label of an option have 1 to {_MAX_LABEL} characters."
        raise InvalidInputError(message, field="options")


def _check_bounds(spec: AttributeSpec) -> None:
    bounds = spec.bounds
    pairs = (
        ("minimum", bounds.minimum, bounds.maximum),
        ("minLength", bounds.min_length, bounds.max_length),
        ("minItems", bounds.min_items, bounds.max_items),
    )
    for name, least, most in pairs:
        if least is not None and most is not None and least > most:
            message = f"`{name}` is above its counterpart, so that no value would fit."
            raise InvalidInputError(message, field=name)
