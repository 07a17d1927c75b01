"""Which claims may be used and shown, given what the person consented to; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.consent.model import Consent, Purposes
    from server.profiles.model import AttributeDefinition, Claim, Profile


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


def unchanged_consent(purpose: str, consents: Mapping[str, Consent]) -> Mapping[str, object]:
    """Return the guard of a write that rests on what the person said to a purpose, or did not say."""
    path, consent = f"consents.{purpose}", consents.get(purpose)
    if consent is None:
        return {path: {"$exists": False}}
    return {f"{path}.state": consent.state.value, f"{path}.at": consent.at}
