"""Which claims may be used and shown, given what the person consented to; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.consent.model import Basis, ConsentState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.consent.model import Consent, Purposes
    from server.profiles.catalogue import Catalogue
    from server.profiles.model import AttributeDefinition, AttributeId, Claim, Profile


def permitted_claims(
    profile: Profile, definition: AttributeDefinition, purposes: Purposes
) -> tuple[Claim, ...]:
    """Return the claims about one attribute that rest on a consent, or need none.

    Decided whenever something is read, never stored, so that a withdrawal hides at once and everywhere,
    and a renewed consent shows again what was only hidden.
    """
    if not purposes.allow(definition.purpose, profile.consents):
        return ()
    claims = profile.claims.get(definition.id, ())
    return tuple(claim for claim in claims if purposes.allow(claim.consent, profile.consents))


def forbidden_attributes(
    profile: Profile, catalogue: Catalogue, purposes: Purposes
) -> frozenset[AttributeId]:
    """Return the attributes that the person may not be asked about."""
    denied = [
        ids for purpose, ids in catalogue.by_purpose.items() if not purposes.allow(purpose, profile.consents)
    ]
    return catalogue.archived.union(*denied) if denied else catalogue.archived


def why_not_kept(
    definitions: Iterable[AttributeDefinition], consents: Mapping[str, Consent], purposes: Purposes
) -> str | None:
    """Return why nothing may be written about one of these attributes, given the consents; None if it may."""
    for each in definitions:
        if not purposes.allow(each.purpose, consents):
            return f"Nothing is kept about {each.key!r} without consent to {each.purpose!r}."
    return None


def withdrawn_claims(
    profile: Profile, definitions: Iterable[AttributeDefinition], purpose: str
) -> tuple[Claim, ...]:
    """Return every claim that rests on one purpose, by its attribute or by its source."""
    resting = {definition.id for definition in definitions if definition.purpose == purpose}
    return tuple(
        claim
        for attribute_id, claims in profile.claims.items()
        for claim in claims
        if attribute_id in resting or claim.consent == purpose
    )


def consent_guard(purposes: Purposes, *keys: str | None) -> Mapping[str, object]:
    """Return what MongoDB has to find for all these purposes to be allowed: the guard of a write.

    The same rule as `Purposes.allow`, so that nothing is written on a consent that was taken back since
    it was read.
    """
    guard: dict[str, object] = {}
    for key in keys:
        if key is not None:
            guard |= _allowed(purposes, key)
    return guard


def refusal_guard(purpose: str, consents: Mapping[str, Consent]) -> Mapping[str, object]:
    """Return the guard of a write that rests on a refusal: it still is the last that the person said."""
    consent = consents[purpose]
    return {f"consents.{purpose}.state": consent.state.value, f"consents.{purpose}.at": consent.at}


def _allowed(purposes: Purposes, key: str) -> dict[str, object]:
    purpose = purposes.by_key.get(key)
    if purpose is None:
        return {"_id": {"$exists": False}}  # never
    if purpose.basis is Basis.OPT_OUT:
        return {f"consents.{key}.state": {"$in": [None, ConsentState.GRANTED.value]}}
    return {
        f"consents.{key}.state": ConsentState.GRANTED.value,
        f"consents.{key}.text_version": {"$gte": purpose.least_version},
    }
