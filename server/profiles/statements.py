"""Writes to a profile as MongoDB understands them: update pipelines that keep `values` true to the claims.

`values` is what the claims come to, as `[{k: attribute id, v: value}]`: one index over it serves a filter on
any attribute. It is worked out by the server in the same statement that writes the claims, from the rank
that each claim carries, so that no write can leave it behind. Whatever comes from outside stands under
`$literal`: in a pipeline a text that begins with `$` would be read as a path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.kit.changes import change_document
from server.profiles.documents import claim_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from server.kit.mongo import Document
    from server.profiles.model import AttributeId, ClaimId, IdentityRef, ProfileUpdate
    from server.profiles.resolving import Rank

Pipeline = list[dict[str, Any]]


def update_pipeline(update: ProfileUpdate, ranks: Mapping[ClaimId, Rank], now: datetime) -> Pipeline:
    """Return the pipeline of one update."""
    fields: dict[str, Any] = {"updated_at": {"$literal": now}, "version": {"$add": ["$version", 1]}}
    fields |= {path: {"$literal": value} for path, value in update.part.items()}
    fields |= {path: {"$add": [f"${path}", count]} for path, count in update.increment.items()}
    fields |= _claim_fields(update, ranks)
    fields |= _identity_fields(update.identities, now)
    if update.changes:
        entries = [change_document(change) for change in update.changes]
        fields["outbox"] = {"$concatArrays": ["$outbox", {"$literal": entries}]}
    retracted = [f"attributes.{claim.attribute_id}.{claim.source.slug}" for claim in update.retracted]
    touched = {claim.attribute_id for claim in (*update.claims, *update.retracted)}
    return [
        {"$set": fields},
        *([{"$unset": retracted}] if retracted else []),
        *([{"$set": {"values": _values(touched)}}] if touched else []),
    ]


def _claim_fields(update: ProfileUpdate, ranks: Mapping[ClaimId, Rank]) -> dict[str, Any]:
    """Put each claim in its place, unless a later one of its source is there: arrival does not matter."""
    fields: dict[str, Any] = {}
    for claim in update.claims:
        path = f"attributes.{claim.attribute_id}.{claim.source.slug}"
        is_late = {"$gt": [f"${path}.observed_at", {"$literal": claim.observed_at}]}
        document = {"$literal": claim_document(claim, ranks[claim.id])}
        fields[path] = {"$cond": [is_late, f"${path}", document]}
    ends = [claim.expires_at for claim in update.claims if claim.expires_at is not None]
    if ends:
        fields["expires_next"] = {"$min": ["$expires_next", {"$literal": min(ends)}]}
    return fields


def _values(attribute_ids: Iterable[AttributeId]) -> Document:
    touched = sorted(attribute_ids)
    others = {"$filter": {"input": "$values", "cond": {"$not": {"$in": ["$$this.k", {"$literal": touched}]}}}}
    return {"$concatArrays": [others, *(_value(attribute_id) for attribute_id in touched)]}


def _value(attribute_id: AttributeId) -> Document:
    """Return `[{k, v}]` of the claim with the least rank, or `[]` where no claim is left."""
    claims = {"$objectToArray": f"$attributes.{attribute_id}"}
    ranked = {"$map": {"input": claims, "in": {"rank": "$$this.v.rank", "value": "$$this.v.value"}}}
    entry = [{"k": {"$literal": attribute_id}, "v": "$$best.value"}]
    return {
        "$let": {
            "vars": {"best": {"$min": ranked}},
            "in": {"$cond": [{"$eq": [{"$ifNull": ["$$best", None]}, None]}, [], entry]},
        }
    }


def _identity_fields(identities: Sequence[IdentityRef], now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for ref in identities:
        place = f"identities.{ref.field_name}"
        fields[f"{place}.kind"] = {"$literal": ref.kind.value}
        fields[f"{place}.value"] = {"$literal": ref.value}
        fields[f"{place}.issuer"] = {"$literal": ref.issuer}
        fields[f"{place}.first_seen_at"] = {"$min": [f"${place}.first_seen_at", {"$literal": now}]}
        fields[f"{place}.last_seen_at"] = {"$literal": now}
    if identities:
        keys = {"$literal": [ref.key for ref in identities]}
        fields["identity_keys"] = {"$setUnion": ["$identity_keys", keys]}
    return fields
