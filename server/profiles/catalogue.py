"""The attribute definitions by id and by key, and the rules for new ones; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.access.model import Scope, ViewerKind
from server.kit.errors import ForbiddenError, InvalidInputError
from server.kit.texts import is_clean
from server.profiles.errors import UnknownAttributeError
from server.profiles.formats import language_tag
from server.profiles.model import AppAccess, AttributeType, PersonAccess
from server.profiles.patterns import MAX_PATTERN, BadPatternError, compiled
from server.profiles.validating import MAX_STRING, MAX_TEXT, limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.access.model import Viewer
    from server.profiles.model import AttributeDefinition, AttributeId, AttributeSpec, Bounds

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_LABEL = 200  # characters
_MAX_DESCRIPTION = 2_000  # characters
_MAX_OPTIONS = 500
_MAX_LANGUAGES = 100
_MAX_PRECEDENCE = 50
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=36_525)
_WITH_PATTERN = frozenset({AttributeType.STRING, AttributeType.TEXT})
_WITH_OPTIONS = frozenset({AttributeType.ENUM, AttributeType.MULTI_ENUM})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCondition:
    """A condition that others may name: an audience. In `form` all stands by id."""

    id: str
    key: str
    form: Mapping[str, Any]
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every attribute definition of one revision, in their order; archived ones are found by id alone.

    `by_canonical` has those that ship with the product, under the keys that sign-in and look-ups know;
    `audiences` has the conditions that others may name, by id. `archived` and `by_purpose` are attributes.
    """

    by_id: Mapping[AttributeId, AttributeDefinition]
    by_key: Mapping[str, AttributeDefinition]
    by_canonical: Mapping[str, AttributeDefinition]
    audiences: Mapping[str, NamedCondition] = field(default_factory=dict)
    archived: frozenset[AttributeId] = frozenset()
    by_purpose: Mapping[str, frozenset[AttributeId]] = field(default_factory=dict)

    @property
    def by_name(self) -> Mapping[str, AttributeDefinition]:
        """Every attribute by its key, and what ships by the key it ships under, which counts for more."""
        return {**self.by_key, **self.by_canonical}

    def get(self, key: str) -> AttributeDefinition:
        """Return the definition with this key; raise UnknownAttributeError."""
        found = self.by_key.get(key)
        if found is None:
            raise UnknownAttributeError(key)
        return found

    def find(self, name: str) -> AttributeDefinition | None:
        """Return what ships under this name, however it is called here; else what is called so."""
        return self.by_canonical.get(name) or self.by_key.get(name)


def is_source_key(text: str) -> bool:
    """Whether a source can have this key."""
    return _KEY.fullmatch(text) is not None


def catalogue(
    definitions: Iterable[AttributeDefinition], audiences: Mapping[str, NamedCondition] | None = None
) -> Catalogue:
    """Return the catalogue of these definitions and of the audiences with these ids."""
    by_id = {definition.id: definition for definition in definitions}
    live = [definition for definition in by_id.values() if definition.archived_at is None]
    return Catalogue(
        by_id=by_id,
        by_key={each.key: each for each in live},
        by_canonical={each.canonical: each for each in live if each.canonical is not None},
        audiences=audiences or {},
        archived=frozenset(by_id.keys() - {each.id for each in live}),
        by_purpose={
            purpose: frozenset(each.id for each in live if each.purpose == purpose)
            for purpose in {each.purpose for each in live}
            if purpose is not None
        },
    )


def may_know(viewer: Viewer, definition: AttributeDefinition) -> bool:
    """Whether the viewer may know that this attribute exists, and see its value on profiles they may see."""
    if viewer.kind is ViewerKind.PERSON:
        return definition.person_access is not PersonAccess.HIDDEN and definition.archived_at is None
    if viewer.has_scope(Scope.ADMIN):
        return True
    may_read = viewer.has_scope(Scope.PROFILES_READ) or viewer.has_scope(Scope.CONFIGURATION_READ)
    return may_read and definition.app_access is not AppAccess.NONE and definition.archived_at is None


def known_to(viewer: Viewer, known: Catalogue) -> Catalogue:
    """Return what the viewer may know of: nobody searches by a value that is hidden from them."""
    return catalogue(definition for definition in known.by_id.values() if may_know(viewer, definition))


def nameable_by(viewer: Viewer, known: Catalogue) -> Catalogue:
    """Return the catalogue for conditions of this viewer: they name what they may know of, and any audience.

    An audience may rest on what is hidden from them: who defined it decided that it may be told who is in it.
    """
    return replace(known, by_key=known_to(viewer, known).by_key)


def writable(viewer: Viewer, known: Catalogue, key: str) -> AttributeDefinition:
    """Return the attribute with this key, which the viewer may write.

    Raises UnknownAttributeError where there is none or where it is hidden from the viewer: the two look
    the same; ForbiddenError where the viewer may see it only.
    """
    definition = known.get(key)
    if viewer.has_scope(Scope.ADMIN):
        return definition
    if viewer.kind is ViewerKind.PERSON:
        is_hidden = definition.person_access is PersonAccess.HIDDEN
        is_writable = definition.person_access is PersonAccess.READWRITE
    else:
        is_hidden = definition.app_access is AppAccess.NONE
        is_writable = definition.app_access is AppAccess.WRITE
    if is_hidden:
        raise UnknownAttributeError(key)
    if not is_writable:
        raise ForbiddenError(f"You may see {definition.key!r} but not write it.")
    return definition


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
    _check_texts(spec)
    _check_options(spec)
    _check_range(spec.bounds)
    _check_lengths(spec)
    _check_pattern(spec)
    _check_precedence(spec)
    if spec.lasts is not None and not _SHORTEST <= spec.lasts <= _LONGEST:
        message = "A value lasts from a minute to a hundred years."
        raise InvalidInputError(message, field="lastsSeconds")


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


def _check_texts(spec: AttributeSpec) -> None:
    """Refuse language tags that are none, in their usual case, since texts are looked up by these."""
    by_field = (
        ("labels", spec.labels, _MAX_LABEL),
        ("descriptions", spec.descriptions, _MAX_DESCRIPTION),
        *(("options", option.labels, _MAX_LABEL) for option in spec.options),
    )
    for name, texts, most in by_field:
        if len(texts) > _MAX_LANGUAGES or any(language_tag(tag) != tag for tag in texts):
            message = (
                f"A text is in up to {_MAX_LANGUAGES} languages, each once, by tags such as en or pt-BR."
            )
            raise InvalidInputError(message, field=name)
        if any(not text.strip() or len(text) > most or not is_clean(text) for text in texts.values()):
            message = f"A text in a language has 1 to {most} characters."
            raise InvalidInputError(message, field=name)


def _check_pattern(spec: AttributeSpec) -> None:
    if spec.pattern_hint is not None and (spec.pattern is None or not _is_label(spec.pattern_hint)):
        message = f"A hint belongs to a pattern and has 1 to {_MAX_LABEL} characters."
        raise InvalidInputError(message, field="patternHint")
    if spec.pattern is None:
        return
    if spec.type not in _WITH_PATTERN:
        message = "Only the types string and text have a pattern."
        raise InvalidInputError(message, field="pattern")
    if not 0 < len(spec.pattern) <= MAX_PATTERN:
        message = f"A pattern has 1 to {MAX_PATTERN} characters."
        raise InvalidInputError(message, field="pattern")
    try:
        compiled(spec.pattern)
    except BadPatternError as error:
        message = f"The pattern is not one of RE2, which has no look-around and no back-references: {error}."
        raise InvalidInputError(message, field="pattern") from None


def _check_precedence(spec: AttributeSpec) -> None:
    if len(spec.precedence) > _MAX_PRECEDENCE or len(set(spec.precedence)) != len(spec.precedence):
        message = f"A precedence names up to {_MAX_PRECEDENCE} sources, each once."
        raise InvalidInputError(message, field="precedence")
    if any(each.key is not None and not is_source_key(each.key) for each in spec.precedence):
        message = "The key of a source is a small letter, then small letters, digits and _."
        raise InvalidInputError(message, field="precedence")


def _is_label(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _MAX_LABEL and is_clean(text)
