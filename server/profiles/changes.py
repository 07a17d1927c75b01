"""What happens to profiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from server.kit.changes import Change, ChangeId
from server.kit.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from server.profiles.model import Claim, Merge, ProfileId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCreated(Change):
    """A person was seen for the first time."""

    kind: ClassVar[str] = "profile.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributesChanged(Change):
    """Claims about these attributes were written or retracted; `source` is the slug of who made them.

    `ended` are the claims that this took from the profile, as documents with their `attribute_id`: what was
    replaced or retracted, and what came too late. Only the write itself knows them, and fills them in.
    """

    kind: ClassVar[str] = "profile.attributes_changed"
    attribute_ids: list[str]
    source: str
    ended: list[dict[str, Any]] = field(default_factory=list)


def attributes_changed(
    profile_id: ProfileId, claims: Iterable[Claim], now: datetime
) -> tuple[AttributesChanged, ...]:
    """Return what writing or retracting these claims announces: one change for each source."""
    by_source: dict[str, list[str]] = {}
    for claim in claims:
        by_source.setdefault(claim.source.slug, []).append(claim.attribute_id)
    return tuple(
        AttributesChanged(
            id=ChangeId(new_id("chg", now)),
            at=now,
            profile_id=profile_id,
            attribute_ids=attribute_ids,
            source=source,
        )
        for source, attribute_ids in by_source.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileMerged(Change):
    """Another profile became part of this one; its id keeps leading here.

    `ended` are the claims that the merge had no room for, since their source said something later in the
    other profile: documents with their `attribute_id` and the `profile_id` that held them.
    """

    kind: ClassVar[str] = "profile.merged"
    merged_id: str
    ended: list[dict[str, Any]] = field(default_factory=list)


def profile_merged(merge: Merge, ended: list[dict[str, Any]]) -> ProfileMerged:
    """Return what a merge announces."""
    return ProfileMerged(
        id=ChangeId(merge.id.replace("mrg", "chg", 1)),
        at=merge.at,
        profile_id=merge.kept_id,
        merged_id=merge.gone_id,
        ended=ended,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSplit(Change):
    """A merge was taken back: another profile left this one and is its own again."""

    kind: ClassVar[str] = "profile.split"
    split_id: str
