"""Writes to a profile as MongoDB understands them: update pipelines that keep what is derived true.

`values` is what the claims come to, as `[{k: attribute id, v: value, c: purpose it rests on}]`: one index
serves a filter on any attribute. `terms` is the words that search finds the person by. Both are worked out
by the server in the same statement that writes the claims, from the rank and the terms that each claim
carries, so that no write can leave them behind. Whatever comes from outside stands under `$literal`: in a
pipeline a text that begins with `$` would be read as a path.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from server.kit.changes import change_document
from server.profiles.changes import AttributesChanged
from server.profiles.documents import claim_document
from server.profiles.model import SourceKind
from server.profiles.resolving import TIERS, UNVERIFIED_IDENTITY
from server.profiles.tallies import MAX_EVENTS, MAX_IDS, MAX_TIMES
from server.profiles.terms import identity_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from server.kit.changes import Change
    from server.kit.mongo import Document
    from server.profiles.model import AttributeId, Claim, ClaimId, IdentityRef, ProfileUpdate, SourceMatch
    from server.profiles.resolving import Rank
    from server.profiles.tallies import Happening

Pipeline = list[dict[str, Any]]


def update_pipeline(update: ProfileUpdate, ranks: Mapping[ClaimId, Rank], now: datetime) -> Pipeline:
    """Return the pipeline of one update."""
    fields: dict[str, Any] = {"updated_at": {"$literal": now}, "version": {"$add": ["$version", 1]}}
    fields |= {path: {"$literal": value} for path, value in update.part.items()}
    fields |= update.computed
    fields |= {path: {"$add": [f"${path}", count]} for path, count in update.increment.items()}
    fields |= _claim_fields(update, ranks)
    fields |= _identity_fields(update.identities, now)
    fields |= {} if update.event is None else _event_fields(update.event)
    if update.removed:
        gone = {"$literal": [ref.key for ref in update.removed]}
        fields["identity_keys"] = {"$setDifference": ["$identity_keys", gone]}
    if update.changes:
        entries = [_entry(change, update) for change in update.changes]
        fields["outbox"] = {"$concatArrays": ["$outbox", entries]}
    retracted = [f"attributes.{claim.attribute_id}.{claim.source.slug}" for claim in update.retracted]
    retracted += [f"identities.{ref.field_name}" for ref in update.removed]
    statements = (*update.claims, *update.retracted)
    touched = {claim.attribute_id for claim in statements}
    derived: dict[str, Any] = {"values": _values(touched)} if touched else {}
    if update.identities or update.removed or any(claim.words for claim in statements):
        derived["terms"] = _TERMS
    return [
        {"$set": fields},
        *([{"$unset": retracted}] if retracted else []),
        *([{"$set": derived}] if derived else []),
    ]


def event_guard(event: Happening | None) -> Document:
    """Return what a profile must fulfil for an event to be counted: it was not yet, and there is room."""
    if event is None:
        return {}
    is_known = {"events": {"$elemMatch": {"k": event.name}}}
    has_room = {"$or": [is_known, {f"events.{MAX_EVENTS - 1}": {"$exists": False}}]}
    return {"$and": [has_room, {"event_ids": {"$ne": event.id}}]}


def rerank_pipeline(attribute_id: AttributeId, precedence: Sequence[SourceMatch]) -> Pipeline:
    """Return the pipeline that ranks the claims about one attribute anew; a second time it changes nothing.

    Only the first member of a rank, the tier, hangs on the precedence. This is resolving.tier, as MongoDB
    understands it; a property test holds the two equal.
    """
    path = f"attributes.{attribute_id}"
    rank = {"$concatArrays": [[_tier(precedence)], {"$slice": ["$$this.v.rank", 1, 3]}]}
    ranked = {"k": "$$this.k", "v": {"$mergeObjects": ["$$this.v", {"rank": rank}]}}
    claims = {"$map": {"input": {"$objectToArray": f"${path}"}, "in": ranked}}
    return [{"$set": {path: {"$arrayToObject": claims}}}, {"$set": {"values": _values((attribute_id,))}}]


def _tier(precedence: Sequence[SourceMatch]) -> Document:
    own = [{"case": _fits(match), "then": place} for place, match in enumerate(precedence)]
    unverified = {
        "$and": [
            {"$eq": ["$$this.v.source.kind", SourceKind.IDENTITY.value]},
            {"$not": ["$$this.v.verified"]},
        ]
    }
    usual = [
        {"case": {"$eq": ["$$this.v.source.kind", kind.value]}, "then": len(precedence) + tier}
        for kind, tier in TIERS.items()
    ]
    then = len(precedence) + UNVERIFIED_IDENTITY
    return {"$switch": {"branches": [*own, {"case": unverified, "then": then}, *usual]}}


def _fits(match: SourceMatch) -> Document:
    wanted: list[Document] = [{"$eq": ["$$this.v.source.kind", match.kind.value]}]
    if match.key is not None:
        wanted.append({"$eq": ["$$this.v.source.key", {"$literal": match.key}]})
    if match.is_verified is not None:
        wanted.append({"$eq": ["$$this.v.verified", match.is_verified]})
    return {"$and": wanted}


def _claim_fields(update: ProfileUpdate, ranks: Mapping[ClaimId, Rank]) -> dict[str, Any]:
    """Put each claim in its place, unless a later one of its source is there: arrival does not matter."""
    fields: dict[str, Any] = {}
    for claim in update.claims:
        path = f"attributes.{claim.attribute_id}.{claim.source.slug}"
        document = {"$literal": claim_document(claim, ranks[claim.id])}
        fields[path] = {"$cond": [_is_late(claim, path), f"${path}", document]}
    ends = [claim.expires_at for claim in update.claims if claim.expires_at is not None]
    if ends:
        fields["expires_next"] = {"$min": ["$expires_next", {"$literal": min(ends)}]}
    return fields


def _is_late(claim: Claim, path: str) -> Document:
    """Whether a later claim of the same source is there; of one moment, the one that was made later."""
    return {"$gt": [[f"${path}.observed_at", f"${path}.id"], {"$literal": [claim.observed_at, claim.id]}]}


def _entry(change: Change, update: ProfileUpdate) -> Document:
    """Return the outbox entry of a change; the server fills in what claims it ends."""
    entry: Document = {"$literal": change_document(change)}
    if not isinstance(change, AttributesChanged):
        return entry
    ended = [
        *(_ended_by(claim) for claim in update.claims if claim.source.slug == change.source),
        *(_retracted(claim) for claim in update.retracted if claim.source.slug == change.source),
    ]
    is_one = {"$ne": ["$$this", None]}
    return {"$mergeObjects": [entry, {"ended": {"$filter": {"input": ended, "cond": is_one}}}]}


def _ended_by(claim: Claim) -> Document:
    """Return the claim that this one replaces, itself where it comes too late, or null."""
    path = f"attributes.{claim.attribute_id}.{claim.source.slug}"
    late = {"$literal": {**claim_document(claim, ()), "attribute_id": claim.attribute_id}}
    is_same = {"$eq": [f"${path}.id", {"$literal": claim.id}]}
    return {"$cond": [is_same, None, {"$cond": [_is_late(claim, path), late, _stored(claim, path)]}]}


def _retracted(claim: Claim) -> Document:
    return _stored(claim, f"attributes.{claim.attribute_id}.{claim.source.slug}")


def _stored(claim: Claim, path: str) -> Document:
    """Return the claim that is there, with its attribute, or null."""
    with_attribute = {"$mergeObjects": [f"${path}", {"attribute_id": {"$literal": claim.attribute_id}}]}
    return {"$cond": [{"$eq": [{"$type": f"${path}"}, "object"]}, with_attribute, None]}


def _values(attribute_ids: Iterable[AttributeId]) -> Document:
    touched = sorted(attribute_ids)
    others = {"$filter": {"input": "$values", "cond": {"$not": {"$in": ["$$this.k", {"$literal": touched}]}}}}
    return {"$concatArrays": [others, *(_value(attribute_id) for attribute_id in touched)]}


@lru_cache(1_000)
def _value(attribute_id: AttributeId) -> Document:
    """Return the entry of the claim with the least rank in a list, empty where no claim is left."""
    claims = {"$objectToArray": f"$attributes.{attribute_id}"}
    facts = {"rank": "$$this.v.rank", "value": "$$this.v.value", "consent": "$$this.v.consent"}
    ranked = {"$map": {"input": claims, "in": facts}}
    rests = {"$cond": [{"$gt": ["$$best.consent", None]}, {"c": "$$best.consent"}, {}]}
    entry = [{"$mergeObjects": [{"k": {"$literal": attribute_id}, "v": "$$best.value"}, rests]}]
    return {
        "$let": {
            "vars": {"best": {"$min": ranked}},
            "in": {"$cond": [{"$eq": [{"$ifNull": ["$$best", None]}, None]}, [], entry]},
        }
    }


def _joined(field: str, terms: Document) -> Document:
    """Return the terms of everything that lies in a field by key, each once."""
    union = {"$setUnion": ["$$value", terms]}
    return {"$reduce": {"input": {"$objectToArray": field}, "initialValue": [], "in": union}}


# What search finds the person by: see terms.
_OWN_TERMS: Document = {"$ifNull": ["$$this.v.terms", []]}
_TERMS: Document = {
    "$setUnion": [_joined("$identities", _OWN_TERMS), _joined("$attributes", _joined("$$this.v", _OWN_TERMS))]
}


def _event_fields(event: Happening) -> dict[str, Any]:
    """Count an event; one that is told late finds its place among the moments."""
    events, name, at = {"$ifNull": ["$events", []]}, {"$literal": event.name}, {"$literal": event.at}
    is_it = {"$eq": ["$$this.k", name]}
    times = {"$concatArrays": [{"$ifNull": ["$$old.times", []]}, [at]]}
    entry = {
        "k": name,
        "n": {"$add": [{"$ifNull": ["$$old.n", 0]}, 1]},
        "first": {"$min": ["$$old.first", at]},
        "at": {"$max": ["$$old.at", at]},
        "times": {"$slice": [{"$sortArray": {"input": times, "sortBy": -1}}, MAX_TIMES]},
    }
    old = {"$first": {"$filter": {"input": events, "cond": is_it}}}
    others = {"$filter": {"input": events, "cond": {"$not": is_it}}}
    counted = {"$let": {"vars": {"old": old}, "in": {"$concatArrays": [others, [entry]]}}}
    if event.id is None:
        return {"events": counted}
    ids = {"$concatArrays": [{"$ifNull": ["$event_ids", []]}, [{"$literal": event.id}]]}
    return {"events": counted, "event_ids": {"$slice": [ids, -MAX_IDS]}}


def _identity_fields(identities: Sequence[IdentityRef], now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for ref in identities:
        place = f"identities.{ref.field_name}"
        fields[f"{place}.kind"] = {"$literal": ref.kind.value}
        fields[f"{place}.value"] = {"$literal": ref.value}
        fields[f"{place}.issuer"] = {"$literal": ref.issuer}
        fields[f"{place}.terms"] = {"$literal": list(identity_terms(ref))}
        fields[f"{place}.first_seen_at"] = {"$min": [f"${place}.first_seen_at", {"$literal": now}]}
        fields[f"{place}.last_seen_at"] = {"$literal": now}
    if identities:
        keys = {"$literal": [ref.key for ref in identities]}
        fields["identity_keys"] = {"$setUnion": ["$identity_keys", keys]}
    return fields
