"""What two profiles come to when they turn out to be one person; pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from server.consent.model import strictest

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from server.profiles.model import AttributeId, Claim, Identity, Profile

Key = TypeVar("Key", bound="Hashable")


def may_fold(known: Profile, anonymous: Profile) -> bool:
    """Whether what a browser said before becomes part of `known`.

    Never when that browser's profile belongs to somebody already: on a shared device the second
    person would inherit the first one's answers.
    """
    is_alive = known.merged_into is None and anonymous.merged_into is None
    return is_alive and known.id != anonymous.id and not anonymous.is_identified


def folded(known: Profile, anonymous: Profile) -> Profile:
    """Return `known` with all of `anonymous` added; of two statements by one source the later stays."""
    return replace(
        known,
        created_at=min(known.created_at, anonymous.created_at),
        identities=_identities(known, anonymous),
        claims=_claims(known, anonymous),
        visits=known.visits + anonymous.visits,
        logins=known.logins + anonymous.logins,
        visit=known.visit or anonymous.visit,
        consents=strictest(known.consents, anonymous.consents),
        questions=_later(known.questions, anonymous.questions),
        enrichments=_later(known.enrichments, anonymous.enrichments),
    )


def _identities(known: Profile, anonymous: Profile) -> tuple[Identity, ...]:
    by_key: dict[str, Identity] = {}
    for identity in (*known.identities, *anonymous.identities):
        other = by_key.get(identity.ref.key, identity)
        by_key[identity.ref.key] = replace(
            identity,
            first_seen_at=min(identity.first_seen_at, other.first_seen_at),
            last_seen_at=max(identity.last_seen_at, other.last_seen_at),
        )
    return tuple(by_key.values())


def _claims(known: Profile, anonymous: Profile) -> dict[AttributeId, tuple[Claim, ...]]:
    return {
        attribute_id: _latest_per_source(
            (*known.claims.get(attribute_id, ()), *anonymous.claims.get(attribute_id, ()))
        )
        for attribute_id in {**known.claims, **anonymous.claims}
    }


def _latest_per_source(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    by_source: dict[str, Claim] = {}
    for claim in sorted(claims, key=lambda each: (each.observed_at, each.id)):
        by_source[claim.source.slug] = claim
    return tuple(by_source.values())


def _later(
    known: Mapping[str, Mapping[str, Any]], anonymous: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Join the parts that other domains keep: of two entries with one key the one with the later `at`."""
    together = dict(known)
    for key, entry in anonymous.items():
        if key not in together or entry["at"] > together[key]["at"]:
            together[key] = entry
    return together
