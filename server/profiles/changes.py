"""What happens to profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from server.kit.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCreated(Change):
    """A person was seen for the first time."""

    kind: ClassVar[str] = "profile.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributesChanged(Change):
    """Claims about these attributes were written or retracted; `source` is the slug of who made them."""

    kind: ClassVar[str] = "profile.attributes_changed"
    attribute_ids: list[str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileMerged(Change):
    """Another profile became part of this one; its id keeps leading here."""

    kind: ClassVar[str] = "profile.merged"
    merged_id: str
