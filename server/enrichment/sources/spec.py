"""What an enricher over HTTP is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from server.enrichment.model import Limits, MergePolicy, OutcomeClass, Scope, Trigger
    from server.enrichment.sources.expressions import Expression

CALLBACK = "callback_url"  # the placeholder of the address that a provider may answer at later


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Stands for a secret, by name."""

    name: str


class Transform(StrEnum):
    """What is done to a value before it leaves."""

    NONE = "none"
    LOWER = "lower"
    UPPER = "upper"
    DIGITS = "digits"
    ZIP5 = "zip5"
    SHA256 = "sha256"
    MD5 = "md5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Where a placeholder's value comes from: an attribute, or what is known of the visit."""

    source: str
    transform: Transform
    public_address_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How the provider wants to be shown that it is us: Bearer, or Basic with secrets by name."""

    type: str
    secret: str | None = None
    username: str | None = None
    password: str | None = None

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that it takes."""
        return frozenset(filter(None, (self.secret, self.username, self.password)))


Sent = str | SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """The one request. Placeholders `{name}` stand in path, query and body, secrets in query and headers."""

    method: str
    base_url: str
    path: str
    query: Mapping[str, Sent]
    headers: Mapping[str, Sent]
    auth: Auth | None
    body: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRule:
    """What an answer of these statuses (any where there are none) means where the expression holds."""

    statuses: frozenset[int]
    when: Expression | None
    outcome: OutcomeClass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryHint:
    """Where the answer says when to try again."""

    header: str | None
    body: Expression | None
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How sure: what the expression finds in the whole answer, by its scale, else `base`."""

    base: float
    expression: Expression | None
    scale: float
    halve_if: Expression | None


class ValueType(StrEnum):
    """What is made of a provider's value."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    URL = "url"
    DOMAIN = "domain"
    COUNTRY = "country"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    DATE = "date"
    YEAR = "year"
    ASN = "asn"  # a number, or `AS` and a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How one attribute is filled: `values` translates, `null_values` are the provider's for nothing."""

    path: Expression
    type: ValueType
    values: Mapping[str, str] | None
    null_values: tuple[Any, ...]
    minimum: float | None
    maximum: float | None
    max_length: int
    confidence: float | None
    unless: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How what is posted to us is signed: an HMAC of the raw body, in hex, under a secret by name."""

    header: str
    algorithm: str
    prefix: str
    secret: str
    key_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """That the provider may answer later, and how that looks."""

    within: timedelta
    root: Expression | None
    when: Expression | None
    signature: Signature | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """Its place among others that are tried for the same."""

    group: str
    position: int
    wants: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A recorded answer."""

    inputs: Mapping[str, Any]
    status: int
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EnricherSpec:
    """An enricher over HTTP. `condition` is a form with attributes by key."""

    name: str
    notice: str | None
    triggers: frozenset[Trigger]
    purpose: str
    scope: Scope
    condition: Mapping[str, Any] | None
    inputs: Mapping[str, Input]
    request: RequestSpec
    limits: Limits
    max_body_bytes: int
    outcomes: tuple[OutcomeRule, ...]
    retry_after: tuple[RetryHint, ...]
    content_types: frozenset[str]
    root: Expression | None
    confidence: Confidence
    min_confidence: float
    map: Mapping[str, Mapped]
    observed_at: Expression | None
    ttl: timedelta
    no_match_ttl: timedelta
    merge: MergePolicy
    refresh: bool
    waterfall: Waterfall | None
    webhook: Webhook | None
    example: Example | None

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that the request and what is posted to us need."""
        request = self.request
        parts = (*request.query.values(), *request.headers.values())
        sent = {each.name for each in parts if isinstance(each, SecretRef)}
        signature = self.webhook.signature if self.webhook is not None else None
        signing = set() if signature is None else {signature.secret}
        return frozenset(sent | signing) | (frozenset() if request.auth is None else request.auth.secrets)
