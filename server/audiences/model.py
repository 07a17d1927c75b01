"""Audiences: who is meant, under a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime

    from server.profiles.condition_forms import Form

AudienceId = NewType("AudienceId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceSpec:
    """What an admin says of an audience; in `condition` attributes and audiences stand by key."""

    key: str
    name: str
    condition: Form
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceEdit:
    """What to change of an audience; what is None stays."""

    name: str | None = None
    description: str | None = None
    condition: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A saved condition. Its key never changes; `version` counts writes and guards against lost updates.

    In `condition` attributes and other audiences stand by id, so that a renamed key changes no audience.
    """

    id: AudienceId
    key: str
    name: str
    description: str | None
    condition: Form
    version: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
