"""Profiles, identities, claims and the attributes they are about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from server.consent.model import Consent
    from server.kit.changes import Change

ProfileId = NewType("ProfileId", str)
AttributeId = NewType("AttributeId", str)
ClaimId = NewType("ClaimId", str)
VisitId = NewType("VisitId", str)

UNPLACED = 2**31 - 1  # the position of an attribute that nobody put in its place: after all others

# What an attribute holds: a string, a number, a boolean, for a multi-value enum a list of strings, for an
# address its parts by name. Dates are ISO 8601 strings. All of it is JSON, and MongoDB stores it as it is.
Value = str | int | float | bool | list[str] | dict[str, str]


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
class Text:
    """What people read: in no particular language, and in some by language tag (`de`, `pt-BR`)."""

    default: str
    by_language: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, tag: str | None) -> str:
        """Return the text for a language: its own, else that of a less particular tag, else the default.

        Looks up as RFC 4647, section 3.4 does: `zh-Hant-TW`, then `zh-Hant`, then `zh`.
        """
        while tag:
            if tag in self.by_language:
                return self.by_language[tag]
            tag = tag.rpartition("-")[0]
        return self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the values of an enum, with the text people read."""

    value: str
    label: str
    labels: Mapping[str, str] = field(default_factory=dict)  # by language


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
    """Who made a claim; `key` tells identity providers and enrichers apart."""

    kind: SourceKind
    key: str | None = None

    @property
    def slug(self) -> str:
        """The source as one word, such as `person` or `enricher:email_domain`."""
        return self.kind.value if self.key is None else f"{self.kind.value}:{self.key}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One source's statement about one attribute. `confidence` is between 0 and 1.

    `consent` is the purpose that the source needed consent for, by key: without it the claim does not show.
    `actor` is the id of the API key or of the profile on whose word it was written, where there was one.
    """

    id: ClaimId
    attribute_id: AttributeId
    value: Value
    source: Source
    confidence: float
    is_verified: bool
    observed_at: datetime
    expires_at: datetime | None = None
    consent: str | None = None
    actor: str | None = None


class IdentityKind(StrEnum):
    """A way to recognise a person."""

    USER_ID = "user_id"
    ANONYMOUS_ID = "anonymous_id"
    EMAIL = "email"
    SOCIAL = "social"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRef:
    """What recognises a person: for a social account issuer and subject, else the value alone."""

    kind: IdentityKind
    value: str
    issuer: str | None = None

    @property
    def key(self) -> str:
        """The identity as one string that no two profiles share; no issuer has the `|` that parts the two."""
        issuer = f"{self.issuer}|" if self.issuer is not None else ""
        return f"{self.kind.value}|{issuer}{self.value}"

    @property
    def field_name(self) -> str:
        """A name for the identity in its profile's document: issuers have dots, which paths don't allow."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An identity of a profile and when it was seen."""

    ref: IdentityRef
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One sitting of one person: starts at a sign-in or after 30 quiet minutes. `number` counts from 1."""

    id: VisitId
    number: int
    started_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One person. `claims` holds the latest of each source per attribute, `consents` the last per purpose.

    `dismissals` tells when the person turned a suggestion down, by its fingerprint (see suggesting.py).

    `questions` and `enrichments` are documents that belong to the domains of these names: profiles
    keep them in the same document but do not look into them.
    """

    id: ProfileId
    created_at: datetime
    updated_at: datetime
    version: int
    merged_into: ProfileId | None
    identities: tuple[Identity, ...]
    claims: Mapping[AttributeId, tuple[Claim, ...]]
    visit: Visit | None
    visits: int
    logins: int
    consents: Mapping[str, Consent] = field(default_factory=dict)
    dismissals: Mapping[str, datetime] = field(default_factory=dict)
    questions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    enrichments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_identified(self) -> bool:
        """Whether more than a browser is known: an account, a user id or a verified e-mail address."""
        return any(identity.ref.kind is not IdentityKind.ANONYMOUS_ID for identity in self.identities)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAttribute:
    """What the claims of one attribute come to: the one that wins, and all that are live, best first."""

    definition: AttributeDefinition
    winner: Claim
    claims: tuple[Claim, ...]

    @property
    def value(self) -> Value:
        """The value of the claim that won."""
        return self.winner.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """What is known already, whoever said it, and what the person did not consent to be asked."""

    known: frozenset[AttributeId]
    forbidden: frozenset[AttributeId]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUpdate:
    """One atomic write to one profile.

    `part` sets fields of the caller's own part of the document, by path (`questions.qst_….n`);
    `increment` adds to counters; `only_if` is the guard: where it does not hold nothing is written.
    `retracted` claims are taken away. `changes` are announced if and only if the write happens.
    """

    claims: tuple[Claim, ...] = ()
    retracted: tuple[Claim, ...] = ()
    identities: tuple[IdentityRef, ...] = ()
    part: Mapping[str, Any] = field(default_factory=dict)
    increment: Mapping[str, int] = field(default_factory=dict)
    only_if: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
