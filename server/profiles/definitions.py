"""What an attribute is: its type, who may do what with it, and which sources count for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NewType, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

AttributeId = NewType("AttributeId", str)

UNPLACED = 2**31 - 1  # the position of an attribute that nobody put in its place: after all others


Default = TypeVar("Default", str, str | None)


def text_in(language: str | None, texts: Mapping[str, str], default: Default) -> str | Default:
    """Return the text for a language tag, else for a less particular one, else the default.

    Looks up as RFC 4647, section 3.4 does: `zh-Hant-TW`, then `zh-Hant`, then `zh`.
    """
    while language:
        if language in texts:
            return texts[language]
        language = language.rpartition("-")[0]
    return default


class AttributeType(StrEnum):
    """What kind of value an attribute holds."""

    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    ENUM = "enum"
    MULTI_ENUM = "multi_enum"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    COUNTRY = "country"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    ADDRESS = "address"


class PersonAccess(StrEnum):
    """What a person may do with an attribute of their own profile; each includes the ones before it."""

    HIDDEN = "hidden"
    READONLY = "readonly"
    READWRITE = "readwrite"


class AppAccess(StrEnum):
    """What apps may do with an attribute, given the scope; each includes the ones before it."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


class PersonalData(StrEnum):
    """How closely a value is tied to a person (GDPR, articles 4(1) and 9)."""

    NONE = "none"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


class ConfirmPolicy(StrEnum):
    """Which values that a person did not give a question may ask them to confirm."""

    NEVER = "never"
    UNVERIFIED = "unverified"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the values of an enum, with the text people read."""

    value: str
    label: str
    labels: Mapping[str, str] = field(default_factory=dict)  # by language

    def label_in(self, language: str | None) -> str:
        """Return the label for a language."""
        return text_in(language, self.labels, self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of a value: of a number, of a text's length, of a list's items; None is no limit."""

    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeSpec:
    """What an admin declares of an attribute.

    `pattern` is an RE2 expression that the whole of a text has to match, `pattern_hint` says so in words.
    Sources in `precedence` come before all others, in this order. A claim counts for `lasts` from its
    observation unless it brings an end of its own.
    """

    key: str
    type: AttributeType
    label: str
    labels: Mapping[str, str] = field(default_factory=dict)  # by language
    description: str | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)  # by language
    options: tuple[Option, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    pattern: str | None = None
    pattern_hint: str | None = None
    person_access: PersonAccess = PersonAccess.HIDDEN
    app_access: AppAccess = AppAccess.WRITE
    personal_data: PersonalData = PersonalData.PERSONAL
    purpose: str | None = None  # the consent that it needs, by key
    precedence: tuple[SourceMatch, ...] = ()
    lasts: timedelta | None = None
    confirm: ConfirmPolicy = ConfirmPolicy.NEVER

    def label_in(self, language: str | None) -> str:
        """Return the label for a language."""
        return text_in(language, self.labels, self.label)

    def description_in(self, language: str | None) -> str | None:
        """Return the description for a language, if there is one."""
        return text_in(language, self.descriptions, self.description)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDefinition(AttributeSpec):
    """Something a profile can know, declared once. Id and type never change.

    `canonical` is the key under which it ships and under which sign-in and look-ups know it, however it
    is renamed. `position` orders the definitions; `version` counts writes and guards against lost updates.
    """

    id: AttributeId
    created_at: datetime
    canonical: str | None = None
    version: int = 1
    position: int = UNPLACED
    archived_at: datetime | None = None


class SourceKind(StrEnum):
    """Who can make a claim."""

    PERSON = "person"
    IDENTITY = "identity"
    ADMIN = "admin"
    APP = "app"
    HOOK = "hook"
    ENRICHER = "enricher"
    DERIVED = "derived"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who made a claim; `key` tells identity providers, enrichers and apps apart."""

    kind: SourceKind
    key: str | None = None

    @property
    def slug(self) -> str:
        """The source as one word, such as `person` or `enricher:email_domain`."""
        return _slug(self.kind, self.key)


@lru_cache(maxsize=1_024)  # there are few sources, and every claim names one
def _slug(kind: SourceKind, key: str | None) -> str:
    return kind.value if key is None else f"{kind.value}:{key}"


PERSON = Source(kind=SourceKind.PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMatch:
    """Some sources: those of a kind, or the one with this key, or of these the verified claims or others."""

    kind: SourceKind
    key: str | None = None
    is_verified: bool | None = None

    def fits(self, source: Source, *, is_verified: bool) -> bool:
        """Whether a claim is from one of these sources."""
        is_source = self.kind is source.kind and self.key in {None, source.key}
        return is_source and self.is_verified in {None, is_verified}
