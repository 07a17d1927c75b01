"""Events: what somebody did, as it is told and as it is logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.kit.errors import ExpectedError
    from server.profiles.model import IdentityRef, Profile, ProfileId

EventId = NewType("EventId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as somebody tells it. `by` is who did it, None for the viewer; `at` is now where it is None.

    Of all that one teller tells with one `key`, only the first counts.
    """

    name: str
    by: ProfileId | IdentityRef | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    key: str | None = None
    may_create: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What became of an event that was told; `is_replay` where it was counted before."""

    profile: Profile | None = None
    is_replay: bool = False
    error: ExpectedError | None = None

    def get_profile(self) -> Profile:
        """Return the profile after the write; raise what kept it from being written."""
        if self.profile is None:
            raise self.error or RuntimeError("neither counted nor refused")
        return self.profile


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """How often an event happened to one person, when first and when last."""

    name: str
    count: int
    first_at: datetime
    last_at: datetime
