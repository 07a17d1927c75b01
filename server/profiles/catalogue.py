"""The attribute definitions by id and by key, and the rules for new ones; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.kit.errors import InvalidInputError
from server.profiles.errors import UnknownAttributeError
from server.profiles.model import AttributeType, PersonAccess
from server.profiles.validating import MAX_STRING, MAX_TEXT, limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.access.model import Viewer
    from server.profiles.model import AttributeDefinition, AttributeId, AttributeSpec, Bounds

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_LABEL = 200  # characters
_MAX_DESCRIPTION = 2_000  # characters
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


def may_know(viewer: Viewer, definition: AttributeDefinition) -> bool:
    """Whether the viewer may know that this attribute exists."""
    if viewer.kind is ViewerKind.PERSON:
        return definition.person_access is not PersonAccess.HIDDEN
    return viewer.has_scope(Scope.PROFILES_READ) or viewer.has_scope(Scope.CONFIGURATION_READ)


def check_spec(spec: AttributeSpec) -> None:
    """Raise InvalidInputError for the first thing that is wrong with a new attribute."""
    if not _KEY.fullmatch(spec.key):
        message = "A key is a small letter, then small letters, digits and _, 63 characters at most."
        raise InvalidInputError(message, field="key")
    if not _is_label(spec.label):
        message = f"A label has 1 to {_MAX_LABEL} characters."
        raise InvalidInputError(message, field="label")
    if len(spec.description or "") > _MAX_DESCRIPTION:
        message = f"A description has up to {_MAX_DESCRIPTION} characters."
        raise InvalidInputError(message, field="description")
    _check_options(spec)
    _check_range(spec.bounds)
    _check_lengths(spec)


def _check_options(spec: AttributeSpec) -> None:
    values = [option.value for option in spec.options]
    if (spec.type in _WITH_OPTIONS) != bool(values):
        message = "The types enum and multi_enum need options, and no other type has any."
        raise InvalidInputError(message, field="options")
    if len(set(values)) != len(values) or len(values) > _MAX_OPTIONS:
        message = f"An enum has up to {_MAX_OPTIONS} options, each value once."
        raise InvalidInputError(message, field="options")
    if not all(_is_label(text) for option in spec.options for text in (option.value, option.label)):
        message = f"The value and the label of an option have 1 to {_MAX_LABEL} characters."
        raise InvalidInputError(message, field="options")


def _check_range(bounds: Bounds) -> None:
    least, most = bounds.minimum, bounds.maximum
    if least is not None and most is not None and least > most:
        message = "`minimum` is above `maximum`, so that no value would fit."
        raise InvalidInputError(message, field="minimum")


def _check_lengths(spec: AttributeSpec) -> None:
    """Refuse what would make every value too short or too long."""
    bounds, longest = spec.bounds, MAX_TEXT if spec.type is AttributeType.TEXT else MAX_STRING
    checks = [("Length", limits(bounds.min_length, bounds.max_length, longest))]
    if spec.type is AttributeType.MULTI_ENUM:
        checks.append(("Items", limits(bounds.min_items, bounds.max_items, len(spec.options))))
    for name, (least, most) in checks:
        if least > most:
            side = "max" if most < 1 else "min"
            message = f"`{side}{name}` leaves no value that fits: at least {least} and at most {most}."
            raise InvalidInputError(message, field=f"{side}{name}")


def _is_label(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _MAX_LABEL
