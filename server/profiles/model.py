"""Profiles, identities, claims and the attributes they are about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

from server.kit.records import record
from server.profiles.definitions import (
    PERSON,
    UNPLACED,
    AppAccess,
    AttributeDefinition,
    AttributeId,
    AttributeSpec,
    AttributeType,
    Bounds,
    ConfirmPolicy,
    Option,
    PersonAccess,
    PersonalData,
    Source,
    SourceKind,
    SourceMatch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.consent.model import Consent
    from server.kit.changes import Change
    from server.kit.errors import ExpectedError
    from server.profiles.tallies import Happening, Tally

# Beyond this file's own names: what an attribute is stands in definitions.py, and is of the model too.
__all__ = [
    "PERSON",
    "UNPLACED",
    "AppAccess",
    "AttributeDefinition",
    "AttributeId",
    "AttributeSpec",
    "AttributeType",
    "Bounds",
    "ConfirmPolicy",
    "Option",
    "PersonAccess",
    "PersonalData",
    "Source",
    "SourceKind",
    "SourceMatch",
]

ProfileId = NewType("ProfileId", str)
ClaimId = NewType("ClaimId", str)
VisitId = NewType("VisitId", str)
WithdrawalId = NewType("WithdrawalId", str)
MergeId = NewType("MergeId", str)

# What an attribute holds: a string, a number, a boolean, for a multi-value enum a list of strings, for an
# address its parts by name. Dates are ISO 8601 strings. All of it is JSON, and MongoDB stores it as it is.
Value = str | int | float | bool | list[str] | dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One source's statement about one attribute. `confidence` is between 0 and 1.

    `consent` is the purpose that the source needed consent for, by key: without it the claim does not show.
    `actor` is on whose word it was written, where that is known: the id of an API key, of a profile, or of an
    account at a provider (its `field_name`).
    `words` are those by which search finds the value.
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
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastClaim:
    """A claim that is on its profile no more: replaced, retracted, run out, or come too late to count."""

    claim: Claim
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How somebody came to know a value: how sure they are, since when it is so, and until when it counts."""

    confidence: float = 1.0
    observed_at: datetime | None = None  # now
    expires_at: datetime | None = None  # as the attribute has it


class ReasonCode(StrEnum):
    """What decided between the claim that won and the next best."""

    ONLY_CLAIM = "only_claim"
    PRECEDENCE = "precedence"
    CONFIDENCE = "confidence"
    RECENCY = "recency"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a claim won."""

    code: ReasonCode
    text: str


class WithdrawalState(StrEnum):
    """Where the withdrawal of a source stands; the last two are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Everything that a source ever said, up to a moment, taken from all profiles and from their history.

    `profiles_total` is counted when the work begins; the other counts are what is done so far.
    """

    id: WithdrawalId
    source: Source
    requested_at: datetime
    requested_by: str | None
    state: WithdrawalState
    profiles_total: int | None = None
    profiles_done: int = 0
    claims_done: int = 0
    finished_at: datetime | None = None


class IdentityKind(StrEnum):
    """A way to recognise a person."""

    USER_ID = "user_id"
    ANONYMOUS_ID = "anonymous_id"
    EMAIL = "email"
    SOCIAL = "social"


@record
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


@record
class Identity:
    """An identity of a profile and when it was seen."""

    ref: IdentityRef
    first_seen_at: datetime
    last_seen_at: datetime


@record
class Visit:
    """One sitting of one person: starts at a sign-in or after 30 quiet minutes. `number` counts from 1."""

    id: VisitId
    number: int
    started_at: datetime
    last_seen_at: datetime


@record
class Profile:
    """One person. `claims` holds the latest of each source per attribute, `consents` the last per purpose.

    `events` counts what happened to the person, by name; `event_ids` are the latest of these that have one.
    `dismissals` tells when the person turned a suggestion down, by its fingerprint (see suggesting.py);
    `kept_apart` names profiles that are not to be merged with this one again.

    `questions` and `enrichments` are documents that belong to the domains of these names: profiles
    keep them in the same document and look into them only to make two profiles one (see merging.py).
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
    kept_apart: tuple[ProfileId, ...] = ()
    events: Mapping[str, Tally] = field(default_factory=dict)
    event_ids: tuple[str, ...] = ()
    questions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    enrichments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_identified(self) -> bool:
        """Whether more than a browser is known: an account, a user id or a verified e-mail address."""
        return any(identity.ref.kind is not IdentityKind.ANONYMOUS_ID for identity in self.identities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """`gone_id` became part of `kept_id`; `by` is the id of the key behind it, None for a visitor's fold."""

    id: MergeId
    kept_id: ProfileId
    gone_id: ProfileId
    at: datetime
    by: str | None
    undone_at: datetime | None = None


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
class ProfileUpdate:
    """One atomic write to one profile.

    `part` sets fields of the caller's own part of the document, by path (`questions.qst_….n`), and
    `computed` sets them to what an expression over the document comes to; `increment` adds to counters;
    `only_if` is the guard: where it does not hold nothing is written.
    `retracted` claims and `removed` identities are taken away. Whether it `adds_identities` to those that the
    profile lists need not be said: it spares a try without. An `event` is counted; where it was before, or
    where the profile counts MAX_EVENTS others, nothing is written. `changes` are announced if and only if the
    write happens.
    """

    claims: tuple[Claim, ...] = ()
    retracted: tuple[Claim, ...] = ()
    identities: tuple[IdentityRef, ...] = ()
    removed: tuple[IdentityRef, ...] = ()
    adds_identities: bool = False
    event: Happening | None = None
    part: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] = field(default_factory=dict)
    increment: Mapping[str, int] = field(default_factory=dict)
    only_if: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What to say of one person; see Claiming.set_attributes."""

    by: ProfileId | IdentityRef
    values: Mapping[str, object]
    may_create: bool
    circumstances: Mapping[str, Circumstances]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one of several writes."""

    profile: Profile | None = None
    error: ExpectedError | None = None

    def get_profile(self) -> Profile:
        """Return the profile after the write; raise what kept it from being written."""
        if self.profile is None:
            raise self.error or RuntimeError("neither written nor refused")
        return self.profile
