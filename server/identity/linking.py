"""Whose is this? What recognises a person, and which profile a browser may open; pure.

The rules against account takeover: a social account is its issuer and subject, never its e-mail address;
an address becomes an identity only where the provider vouches for it, and never joins two profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import IdentityKind, IdentityRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.identity.model import ProvedIdentity, Session
    from server.profiles.model import AttributeId, Claim, Profile


def social_ref(proved: ProvedIdentity) -> IdentityRef:
    """Return what recognises a social account: subjects are unique within their issuer (Core, section 2)."""
    return IdentityRef(kind=IdentityKind.SOCIAL, issuer=proved.issuer, value=proved.subject)


def email_refs(claims: Iterable[Claim], email: AttributeId | None) -> tuple[IdentityRef, ...]:
    """Return the identity that a verified e-mail address is; none for an address nobody vouches for.

    `email` is the attribute that holds addresses, None where there is none. An unverified address
    would let whoever typed somebody else's be found as them.
    """
    return tuple(
        IdentityRef(kind=IdentityKind.EMAIL, value=claim.value)
        for claim in claims
        if claim.attribute_id == email and claim.is_verified and isinstance(claim.value, str)
    )


def may_open(session: Session, profile: Profile) -> bool:
    """Whether the browser of this session may go on as this profile.

    A session that began without a sign-in ends where its profile became somebody's (by a merge or an
    identity): on a shared device the next visitor would open that person's profile with it.
    """
    return profile.merged_into is None and (session.is_identified or not profile.is_identified)


def may_give_up(session: Session, profile: Profile) -> bool:
    """Whether what this browser said so far may become part of the person who signs in on it now."""
    return not session.is_identified and may_open(session, profile)
