"""Which claim wins: a pure function of the claims, so that the order of their arrival never matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import Claim, ResolvedAttribute, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from server.profiles.model import AttributeDefinition

_UNVERIFIED_IDENTITY = 4
_TIERS: Mapping[SourceKind, int] = {
    SourceKind.PERSON: 0,
    SourceKind.IDENTITY: 1,  # verified; else _UNVERIFIED_IDENTITY
    SourceKind.ADMIN: 2,
    SourceKind.APP: 2,
    SourceKind.IMPORT: 2,
    SourceKind.HOOK: 3,
    SourceKind.ENRICHER: 5,
    SourceKind.DERIVED: 6,
}


def resolve(
    definition: AttributeDefinition, claims: Iterable[Claim], now: datetime
) -> ResolvedAttribute | None:
    """Return what the live claims come to, or None where there is no live claim.

    Order: what the person said, a verified identity, admin or app or import, hook, unverified
    identity, enricher, derived; within one of these the higher confidence, then the later
    observation, then the source's name, so that no two claims ever tie.
    """
    live = sorted((claim for claim in claims if _is_live(claim, now)), key=_rank)
    if not live:
        return None
    return ResolvedAttribute(definition=definition, winner=live[0], claims=tuple(live))


def _is_live(claim: Claim, now: datetime) -> bool:
    return claim.expires_at is None or claim.expires_at > now


def _rank(claim: Claim) -> tuple[int, float, float, str]:
    return (_tier(claim), -claim.confidence, -claim.observed_at.timestamp(), claim.source.slug)


def _tier(claim: Claim) -> int:
    if claim.source.kind is SourceKind.IDENTITY and not claim.is_verified:
        return _UNVERIFIED_IDENTITY
    return _TIERS[claim.source.kind]
