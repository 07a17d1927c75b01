"""Profiles and claims as documents, and back: the one crossing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from server.consent.model import Consent, ConsentSource, ConsentState
from server.kit.changes import change_document
from server.profiles.model import (
    AttributeId,
    Claim,
    ClaimId,
    Identity,
    IdentityKind,
    IdentityRef,
    Profile,
    ProfileId,
    Source,
    SourceKind,
    Visit,
    VisitId,
)
from server.profiles.tallies import Tally
from server.profiles.terms import claim_terms, identity_terms, word_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from server.kit.changes import Change
    from server.kit.mongo import Document
    from server.profiles.resolving import Rank, Resolution

    Ground = tuple[datetime | None, str | None]  # when a claim ends, if ever, and the purpose it rests on


_KINDS = {each.value: each for each in IdentityKind}  # a look-up: to call the class takes ten times as long


def model(document: Document) -> Profile:
    """Return the profile that a document holds."""
    return Profile(
        id=ProfileId(document["_id"]),
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        version=document["version"],
        merged_into=document["merged_into"],
        identities=tuple([_identity(entry) for entry in document["identities"].values()]),
        claims=StoredClaims(document["attributes"]),
        visit=None if document["visit"] is None else _visit(document["visit"]),
        visits=document["visits"],
        logins=document["logins"],
        consents=consents_model(document.get("consents", {})),
        dismissals=document.get("dismissals", {}),
        kept_apart=tuple(document["kept_apart"]),
        events={entry["k"]: _tally(entry) for entry in document.get("events", ())},
        event_ids=tuple(document.get("event_ids", ())),
        questions=document["questions"],
        enrichments=document["enrichments"],
    )


class StoredClaims(Mapping[AttributeId, tuple[Claim, ...]]):
    """The claims of a profile, read from its document attribute by attribute, when somebody looks.

    A request looks at few of them: the next question needs to know that something is known, not what.
    """

    __slots__ = ("_documents", "_read")

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._read: dict[AttributeId, tuple[Claim, ...]] = {}

    def grounds(self, attribute_id: AttributeId) -> list[Ground]:
        """Return what an attribute's claims rest on, without making claims of them."""
        if attribute_id not in self._documents:
            return []
        entries = self._documents[attribute_id].values()
        return [(entry["expires_at"], entry.get("consent")) for entry in entries]

    def __contains__(self, attribute_id: object) -> bool:
        return attribute_id in self._documents

    def __getitem__(self, attribute_id: AttributeId) -> tuple[Claim, ...]:
        if attribute_id not in self._read:
            entries = self._documents[attribute_id].values()
            self._read[attribute_id] = tuple(claim_model(attribute_id, entry) for entry in entries)
        return self._read[attribute_id]

    def __iter__(self) -> Iterator[AttributeId]:
        return map(AttributeId, self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def __repr__(self) -> str:
        return repr(dict(self))


def grounds_of(profile: Profile, attribute_id: AttributeId) -> list[Ground]:
    """Return of each claim about an attribute when it ends and which consent it rests on."""
    if isinstance(profile.claims, StoredClaims):
        return profile.claims.grounds(attribute_id)
    return [(claim.expires_at, claim.consent) for claim in profile.claims.get(attribute_id, ())]


def new_document(
    profile_id: ProfileId, identities: Sequence[IdentityRef], now: datetime, changes: Sequence[Change]
) -> Document:
    """Return the whole document of somebody new."""
    return {
        "_id": profile_id,
        "created_at": now,
        "updated_at": now,
        "version": 1,
        "merged_into": None,
        "identity_keys": [ref.key for ref in identities],
        "identities": {
            ref.field_name: {
                "kind": ref.kind.value,
                "value": ref.value,
                "issuer": ref.issuer,
                "terms": list(identity_terms(ref)),
                "first_seen_at": now,
                "last_seen_at": now,
            }
            for ref in identities
        },
        "visit": None,
        "visits": 0,
        "logins": 0,
        **nothing_known(),
        "terms": sorted({term for ref in identities for term in identity_terms(ref)}),
        "outbox": [change_document(change) for change in changes],
    }


def nothing_known() -> Document:
    """Return the fields of a profile that hold what is known of a person, empty."""
    return {
        "attributes": {},
        "terms": [],
        "values": [],
        "expires_next": None,
        "consents": {},
        "dismissals": {},
        "kept_apart": [],
        "events": [],
        "event_ids": [],
        "questions": {},
        "enrichments": {},
    }


def replacement(
    profile: Profile, resolution: Resolution, outbox: Sequence[Document], now: datetime
) -> Document:
    """Return the whole document of a merged profile, one version on."""
    identities = {identity.ref.field_name: _identity_document(identity) for identity in profile.identities}
    attributes = {
        attribute_id: {
            claim.source.slug: claim_document(claim, resolution.ranks[claim.id]) for claim in claims
        }
        for attribute_id, claims in profile.claims.items()
    }
    entries = [entry for claims in attributes.values() for entry in claims.values()]
    return {
        "_id": profile.id,
        "created_at": profile.created_at,
        "updated_at": now,
        "version": profile.version + 1,
        "merged_into": None,
        "identity_keys": [identity.ref.key for identity in profile.identities],
        "identities": identities,
        "visit": None if profile.visit is None else visit_document(profile.visit),
        "visits": profile.visits,
        "logins": profile.logins,
        "attributes": attributes,
        "terms": sorted({term for entry in [*identities.values(), *entries] for term in entry["terms"]}),
        "values": [_value(profile.claims[key], resolution) for key in sorted(resolution.values)],
        "expires_next": min((end for entry in entries if (end := entry["expires_at"])), default=None),
        "consents": {key: consent_document(consent) for key, consent in profile.consents.items()},
        "dismissals": profile.dismissals,
        "kept_apart": list(profile.kept_apart),
        "events": [_tally_document(name, tally) for name, tally in profile.events.items()],
        "event_ids": list(profile.event_ids),
        "questions": profile.questions,
        "enrichments": profile.enrichments,
        "outbox": list(outbox),
    }


def claim_document(claim: Claim, rank: Rank | tuple[()]) -> Document:
    """Return a claim as it lies under its attribute and source; by `rank` the server finds who wins."""
    return {
        "id": claim.id,
        "rank": list(rank),
        "value": claim.value,
        "source": {"kind": claim.source.kind.value, "key": claim.source.key},
        "confidence": claim.confidence,
        "verified": claim.is_verified,
        "observed_at": claim.observed_at,
        "expires_at": claim.expires_at,
        "consent": claim.consent,
        "actor": claim.actor,
        "terms": list(claim_terms(claim)),
    }


def consent_document(consent: Consent) -> Document:
    """Return a consent as it lies under its purpose."""
    return {
        "state": consent.state.value,
        "at": consent.at,
        "text_version": consent.text_version,
        "source": consent.source.value,
    }


def consents_model(documents: Mapping[str, Document]) -> dict[str, Consent]:
    """Return the consents that a profile's document holds."""
    return {
        key: Consent(
            state=ConsentState(entry["state"]),
            at=entry["at"],
            text_version=entry["text_version"],
            source=ConsentSource(entry["source"]),
        )
        for key, entry in documents.items()
    }


def visit_document(visit: Visit) -> Document:
    """Return a visit as it lies in its profile."""
    return {
        "id": visit.id,
        "number": visit.number,
        "started_at": visit.started_at,
        "last_seen_at": visit.last_seen_at,
    }


def claim_model(attribute_id: AttributeId, entry: Document) -> Claim:
    """Return the claim that a document holds."""
    return Claim(
        id=ClaimId(entry["id"]),
        attribute_id=attribute_id,
        value=entry["value"],
        source=Source(kind=SourceKind(entry["source"]["kind"]), key=entry["source"]["key"]),
        confidence=entry["confidence"],
        is_verified=entry["verified"],
        observed_at=entry["observed_at"],
        expires_at=entry["expires_at"],
        consent=entry.get("consent"),
        actor=entry.get("actor"),
        words=tuple(map(word_of, entry.get("terms", ()))),
    )


def _tally(entry: Document) -> Tally:
    return Tally(count=entry["n"], first_at=entry["first"], times=tuple(entry["times"]))


def _tally_document(name: str, tally: Tally) -> Document:
    """Return a tally as the statements write it; `at` is there for the index."""
    times = list(tally.times)
    return {"k": name, "n": tally.count, "first": tally.first_at, "at": tally.last_at, "times": times}


def _visit(entry: Document) -> Visit:
    return Visit(
        id=VisitId(entry["id"]),
        number=entry["number"],
        started_at=entry["started_at"],
        last_seen_at=entry["last_seen_at"],
    )


def _identity(entry: Document) -> Identity:
    return Identity(
        ref=IdentityRef(kind=_KINDS[entry["kind"]], value=entry["value"], issuer=entry["issuer"]),
        first_seen_at=entry["first_seen_at"],
        last_seen_at=entry["last_seen_at"],
    )


def _identity_document(identity: Identity) -> Document:
    return {
        "kind": identity.ref.kind.value,
        "value": identity.ref.value,
        "issuer": identity.ref.issuer,
        "terms": list(identity_terms(identity.ref)),
        "first_seen_at": identity.first_seen_at,
        "last_seen_at": identity.last_seen_at,
    }


def _value(claims: Sequence[Claim], resolution: Resolution) -> Document:
    """Return what the claims of one attribute come to, as the statements write it."""
    winner = claims[0] if len(claims) == 1 else min(claims, key=lambda claim: resolution.ranks[claim.id])
    rests = {} if winner.consent is None else {"c": winner.consent}
    return {"k": winner.attribute_id, "v": winner.value, **rests}
