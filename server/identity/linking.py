"""Whose is this? What recognises a person, and which profile a browser may open; pure.

The rules against account takeover: a social account is its issuer and subject, never its e-mail address;
an address becomes an identity only where the provider vouches for it, and never joins two profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import IdentityKind, IdentityRef, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.identity.model import ProvedIdentity, Session
    from server.profiles.model import AttributeId, Claim, Identity, Profile

_WAYS_IN = frozenset({IdentityKind.SOCIAL, IdentityKind.USER_ID})


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


def share_address(one: Profile, other: Profile, email: AttributeId | None) -> bool:
    """Whether a provider vouches to one of them for an address that recognises the other.

    A pending link: perhaps they are one person. This is a hint and no proof, so that it joins nobody; whoever
    can sign in to both may say so.
    """
    pairs = ((one, other), (other, one))
    return any(_recognised_by(a) & _vouched_for(b, email) for a, b in pairs)


def _recognised_by(profile: Profile) -> set[str]:
    return {each.ref.value for each in profile.identities if each.ref.kind is IdentityKind.EMAIL}


def _vouched_for(profile: Profile, email: AttributeId | None) -> set[str]:
    claims = profile.claims.get(email, ()) if email is not None else ()
    from_accounts = (claim for claim in claims if claim.source.kind is SourceKind.IDENTITY)
    return {ref.value for ref in email_refs(from_accounts, email)}


def ways_in(profile: Profile) -> list[Identity]:
    """Return what its person can sign in with: accounts at providers, and the id that an app gave them."""
    return [each for each in profile.identities if each.ref.kind in _WAYS_IN]


def may_open(session: Session, profile: Profile) -> bool:
    """Whether the browser of this session may go on as this profile.

    A session that began without a sign-in ends where its profile became somebody's (by a merge or an
    identity): on a shared device the next visitor would open that person's profile with it.
    """
    return profile.merged_into is None and (session.is_identified or not profile.is_identified)


def may_give_up(session: Session, profile: Profile) -> bool:
    """Whether what this browser said so far may become part of the person who signs in on it now."""
    return not session.is_identified and may_open(session, profile)
