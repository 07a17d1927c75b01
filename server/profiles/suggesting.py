"""What look-ups say against a person's word: not a value, but something to ask about. Derived; pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from server.profiles.model import AttributeId, SourceKind

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import datetime

    from server.profiles.model import Claim, ResolvedAttribute

_SUGGESTING = frozenset({SourceKind.ENRICHER, SourceKind.HOOK, SourceKind.DERIVED})


def suggestions(attribute: ResolvedAttribute, dismissed: Container[str]) -> tuple[Claim, ...]:
    """Return the claims that are suggestions, best first; `dismissed` holds fingerprints.

    None where the person said nothing: what a look-up says is then the value itself.
    """
    if all(claim.source.kind is not SourceKind.PERSON for claim in attribute.claims):
        return ()
    return tuple(
        claim
        for claim in attribute.claims
        if claim.source.kind in _SUGGESTING
        and claim.value != attribute.value
        and fingerprint(claim) not in dismissed
    )


def fingerprint(claim: Claim) -> str:
    """Return what stays the same while a source says the same: fit for a name in a document."""
    said = json.dumps([claim.source.slug, claim.value], sort_keys=True)
    return f"{claim.attribute_id}_{hashlib.sha256(said.encode()).hexdigest()[:24]}"


def dismissed_beside(
    dismissals: Mapping[str, datetime], attribute_ids: Container[AttributeId]
) -> dict[str, datetime]:
    """Return the dismissals without those about these attributes: from fingerprints values can be guessed."""
    return {
        each: at
        for each, at in dismissals.items()
        if AttributeId(each.rpartition("_")[0]) not in attribute_ids
    }
