"""Which claim wins: a pure function of the claims, so that the order of their arrival never matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.profiles.model import Claim, ResolvedAttribute, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from server.profiles.model import AttributeDefinition, AttributeId, ClaimId, SourceMatch, Value

UNVERIFIED_IDENTITY = 4
TIERS: Mapping[SourceKind, int] = {
    SourceKind.PERSON: 0,
    SourceKind.IDENTITY: 1,  # verified; else UNVERIFIED_IDENTITY
    SourceKind.ADMIN: 2,
    SourceKind.APP: 2,
    SourceKind.IMPORT: 2,
    SourceKind.HOOK: 3,
    SourceKind.ENRICHER: 5,
    SourceKind.DERIVED: 6,
}


# What decides between claims, least first: tier, confidence and time of observation (both negated, the
# latter in milliseconds), and the source's name, so that no two claims of an attribute ever tie.
Rank = tuple[int, float, int, str]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the claims of one profile come to: each claim's rank, and each known attribute's value."""

    ranks: Mapping[ClaimId, Rank]
    values: Mapping[AttributeId, Value]


def rank(claim: Claim, precedence: Sequence[SourceMatch] = ()) -> Rank:
    """Return where a claim stands among those about the same attribute; the least rank wins.

    Order of tiers: the sources that the attribute's own precedence names, then what the person said, a
    verified identity, admin or app or import, hook, unverified identity, enricher, derived; within one of
    these the higher confidence, then the later observation.
    """
    observed = round(claim.observed_at.timestamp() * 1000)
    return (tier(claim, precedence), -claim.confidence, -observed, claim.source.slug)


def tier(claim: Claim, precedence: Sequence[SourceMatch] = ()) -> int:
    """Return the tier of a claim; the least comes first."""
    for place, match in enumerate(precedence):
        if match.fits(claim.source, is_verified=claim.is_verified):
            return place
    if claim.source.kind is SourceKind.IDENTITY and not claim.is_verified:
        return len(precedence) + UNVERIFIED_IDENTITY
    return len(precedence) + TIERS[claim.source.kind]


def resolve(
    definition: AttributeDefinition, claims: Iterable[Claim], now: datetime
) -> ResolvedAttribute | None:
    """Return what the live claims come to, or None where there is no live claim."""
    live = sorted(
        (claim for claim in claims if _is_live(claim, now)),
        key=lambda claim: rank(claim, definition.precedence),
    )
    if not live:
        return None
    return ResolvedAttribute(definition=definition, winner=live[0], claims=tuple(live))


def resolve_all(
    claims: Mapping[AttributeId, Sequence[Claim]],
    definitions: Mapping[AttributeId, AttributeDefinition] | None = None,
) -> Resolution:
    """Return what all claims of a profile come to; expired ones count until they are swept away."""
    ranks: dict[ClaimId, Rank] = {}
    values: dict[AttributeId, Value] = {}
    for attribute_id, about in claims.items():
        definition = (definitions or {}).get(attribute_id)
        ranks |= {each.id: rank(each, definition.precedence if definition else ()) for each in about}
        if about:
            winner = about[0] if len(about) == 1 else min(about, key=lambda each: ranks[each.id])
            values[attribute_id] = winner.value
    return Resolution(ranks=ranks, values=values)


def _is_live(claim: Claim, now: datetime) -> bool:
    return claim.expires_at is None or claim.expires_at > now
