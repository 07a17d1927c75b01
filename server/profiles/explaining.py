"""Why one claim won over the others, in a code for programs and a sentence for people; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import Reason, ReasonCode, SourceKind
from server.profiles.resolving import tier

if TYPE_CHECKING:
    from server.profiles.model import Claim, ResolvedAttribute

_WHO = {
    SourceKind.PERSON: "the person",
    SourceKind.IDENTITY: "a sign-in",
    SourceKind.ADMIN: "an admin",
    SourceKind.APP: "an app",
    SourceKind.HOOK: "a hook",
    SourceKind.ENRICHER: "a look-up",
    SourceKind.DERIVED: "a derivation",
    SourceKind.IMPORT: "an import",
}


def why(attribute: ResolvedAttribute) -> Reason:
    """Return what decided between the claim that won and the next best."""
    winner, *others = attribute.claims
    if not others:
        return Reason(code=ReasonCode.ONLY_CLAIM, text=f"Only {_named(winner)} says something about this.")
    second, precedence = others[0], attribute.definition.precedence
    if tier(winner, precedence) != tier(second, precedence):
        is_own = any(match.fits(winner.source, is_verified=winner.is_verified) for match in precedence)
        ground = "for this attribute" if is_own else "by the usual order of sources"
        return Reason(
            code=ReasonCode.PRECEDENCE,
            text=f"What {_named(winner)} says comes before what {_named(second)} says, {ground}.",
        )
    if winner.confidence != second.confidence:
        return Reason(
            code=ReasonCode.CONFIDENCE,
            text=f"{_capital(winner)} is surer ({winner.confidence:g})"
            f" than {_named(second)} ({second.confidence:g}).",
        )
    if winner.observed_at != second.observed_at:
        return Reason(code=ReasonCode.RECENCY, text=f"{_capital(winner)} said so after {_named(second)} did.")
    return Reason(
        code=ReasonCode.NAME,
        text=f"{_capital(winner)} and {_named(second)} are equally good; the first by name counts.",
    )


def _named(claim: Claim) -> str:
    who = _WHO[claim.source.kind]
    if claim.source.kind is SourceKind.IDENTITY:
        who = f"a {'verified' if claim.is_verified else 'not verified'} sign-in"
    return who if claim.source.key is None else f"{who} ({claim.source.key})"


def _capital(claim: Claim) -> str:
    named = _named(claim)
    return named[0].upper() + named[1:]
