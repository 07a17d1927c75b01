"""Hooks, what they are told and asked, and what became of each delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

HookId = NewType("HookId", str)
DeliveryId = NewType("DeliveryId", str)

DELIVER = "hook_delivery"  # the kind of our jobs
# When a delivery is tried again, from its first failure on (Standard Webhooks, "deliverability"): three days.
SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
FAILS_FOR = timedelta(days=5)  # that nothing got through, and the hook is turned off
OVERLAP = timedelta(days=1)  # that a secret is good after the next one was made
KEPT = timedelta(days=30)  # that deliveries are remembered


class HookEvent(StrEnum):
    """What a hook may be told of once it has happened."""

    USER_CREATED = "user.created"
    USER_AUTHENTICATED = "user.authenticated"
    PROFILE_UPDATED = "profile.updated"
    PROFILE_MERGED = "profile.merged"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    QUESTION_ANSWERED = "question.answered"
    CONSENT_CHANGED = "consent.changed"
    EVENT_TRACKED = "event.tracked"
    USER_DELETED = "user.deleted"


class HookGate(StrEnum):
    """What a hook may be asked about before it happens."""

    USER_PRE_CREATE = "user.pre_create"
    USER_PRE_LOGIN = "user.pre_login"
    IDENTITY_PRE_LINK = "identity.pre_link"
    PROFILE_PRE_UPDATE = "profile.pre_update"


class OnError(StrEnum):
    """What counts where a hook that is asked gives no answer that can be used."""

    DENY = "deny"
    ALLOW = "allow"


class DeliveryState(StrEnum):
    """Where a delivery stands; all but the first are final until it is sent again by hand."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"  # there was nobody to tell, or nothing that may be told


# What a job still has to send; a dead letter that is begun once more is one that failed.
UNSENT = frozenset({DeliveryState.PENDING, DeliveryState.FAILED})


class ResponseClass(StrEnum):
    """How a server answered; what it said is not kept."""

    SUCCESS = "success"
    GONE = "gone"  # 410: it wants nothing more
    BUSY = "busy"  # 429, 502, 503 and 504
    REDIRECT = "redirect"
    REFUSED = "refused"  # any other status
    TIMEOUT = "timeout"
    BLOCKED = "blocked"  # its address is none of the public internet
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"  # asked, it answered something else than it should


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFields:
    """What an admin says of a hook: it is told of `events`, or asked at `gates`.

    `reads` are the keys of the attributes whose values it gets, and `writes` of those that it may set when it
    is asked. With a `purpose` it is told only of people who allow that.
    """

    name: str
    url: str
    events: tuple[HookEvent, ...] = ()
    gates: tuple[HookGate, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    purpose: str | None = None
    on_error: OnError = OnError.DENY


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook(HookFields):
    """A hook as it is kept; `secrets` are those that count now and until when, the present one first.

    `failing_since` is when the last delivery got through no more, `disabled_at` when it was turned off.
    """

    id: HookId
    key: str
    secrets: tuple[HookSecret, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: str | None = None
    archived_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Whether it is told and asked."""
        return self.disabled_at is None and self.archived_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSecret:
    """A secret to sign with, as Standard Webhooks spell it (`whsec_…`), and until when."""

    value: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A hook with the secret that is shown this once."""

    hook: Hook
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a hook is told: Standard Webhooks' type, moment and data, here without any value."""

    type: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way to one hook. `replays` counts how often it was sent again by hand.

    `profile_id` is None where the person is not there any more: the message says all there is to say.
    """

    id: DeliveryId
    hook_id: HookId
    profile_id: str | None
    message: Message
    state: DeliveryState
    attempts: int
    replays: int
    created_at: datetime
    last_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None
    response: ResponseClass | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How a server answered; `body` is there where it was asked something and said it in JSON."""

    kind: ResponseClass
    status: int | None = None
    retry_after: timedelta | None = None
    body: Mapping[str, Any] | None = None
    milliseconds: int = 0
