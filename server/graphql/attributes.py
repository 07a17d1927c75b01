"""Claims and what they come to, as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from server.access import model as access
from server.graphql.context import Info
from server.graphql.definitions import AttributeDefinition, Language, show_definition
from server.graphql.paging import After, Connection, First, connection
from server.kit.paging import page_request
from server.profiles import model


@strawberry.type(description="Who made a claim.")
class Source:
    """See profiles.definitions."""

    kind: model.SourceKind = strawberry.field(description="What kind of source it is.")
    key: str | None = strawberry.field(description="Which identity provider, enricher or app it was.")
    label: str = strawberry.field(description="The source in a few words for people.")


@strawberry.type(description="One source's statement about one attribute.")
class Claim:
    """See profiles.model."""

    id: strawberry.ID = strawberry.field(description="The claim's id.")
    value: JSON = strawberry.field(description="What the source says.")
    source: Source = strawberry.field(description="Who says so.")
    confidence: float = strawberry.field(description="How sure the source is, between 0 and 1.")
    is_verified: bool = strawberry.field(description="Whether the source checked it.")
    observed_at: datetime = strawberry.field(description="When it was so.")
    expires_at: datetime | None = strawberry.field(description="When it stops counting; null for never.")
    consent: str | None = strawberry.field(description="The purpose whose consent the source needed, by key.")
    actor: strawberry.ID | None = strawberry.field(
        description="The id of the key or profile that wrote it, or of the account at a provider that it came"
        " with; null for people, and where there is none."
    )


@strawberry.type(description="A claim that is on its profile no more.")
class PastClaim:
    """See profiles.model."""

    id: strawberry.ID = strawberry.field(description="The claim's id.")
    claim: Claim = strawberry.field(description="What was said.")
    ended_at: datetime = strawberry.field(description="When it was replaced, taken back, or had run out.")


@strawberry.type(description="Why one claim won over the others.")
class Reason:
    """See profiles.model."""

    code: model.ReasonCode = strawberry.field(description="What decided, for programs.")
    text: str = strawberry.field(description="What decided, in one sentence for people.")


@strawberry.type(description="How fresh a value is.")
class Freshness:
    """From when a value is, and how long it counts."""

    observed_at: datetime = strawberry.field(description="When it was so.")
    expires_at: datetime | None = strawberry.field(description="When it stops counting; null for never.")
    age_seconds: float = strawberry.field(description="How long ago it was observed.")
    remaining: float | None = strawberry.field(
        description="What is left of its time, from 1 when observed to 0; null where it counts for ever."
    )


@strawberry.type(description="What is known about one attribute of one profile.")
class Attribute:
    """What the claims come to, see profiles.resolving; of `known` None nothing is known now."""

    described: strawberry.Private[model.AttributeDefinition]
    known: strawberry.Private[model.ResolvedAttribute | None]
    profile: strawberry.Private[model.Profile]
    viewer: strawberry.Private[access.Viewer]
    definition: AttributeDefinition = strawberry.field(description="What the attribute is.")
    key: str = strawberry.field(description="The attribute's key.")
    value: JSON | None = strawberry.field(
        description="The value of the claim that won; null where nothing is known now."
    )
    source: Source | None = strawberry.field(description="Who made the claim that won.")
    confidence: float | None = strawberry.field(description="How sure that source is, between 0 and 1.")
    is_verified: bool | None = strawberry.field(description="Whether that source checked it.")
    observed_at: datetime | None = strawberry.field(description="When it was so.")

    @strawberry.field(description="The attribute's name for people.")
    def label(self, language: Language = None) -> str:
        """Look the label up."""
        return self.described.label_in(language)

    @strawberry.field(description="How fresh the value is; null where nothing is known now.")
    def freshness(self, info: Info) -> Freshness | None:
        """Measure it."""
        clock = info.context.services.clock
        return None if self.known is None else _show_freshness(self.known.winner, clock())

    @strawberry.field(description="Every live claim, the one that won first.")
    def claims(self) -> list[Claim]:
        """Show them."""
        claims = () if self.known is None else self.known.claims
        return [_show_claim(claim, self.viewer) for claim in claims]

    @strawberry.field(description="Why the claim that won did; null where nothing is known now.")
    def reason(self, info: Info) -> Reason | None:
        """Explain it."""
        claiming = info.context.services.claiming
        return None if self.known is None else _show_reason(claiming.reason(self.known))

    @strawberry.field(
        description="What look-ups say against the person's word, save what the person turned down."
    )
    def suggestions(self, info: Info) -> list[Claim]:
        """Derive them."""
        claiming = info.context.services.claiming
        found = () if self.known is None else claiming.suggestions(self.profile, self.known)
        return [_show_claim(claim, self.viewer) for claim in found]

    @strawberry.field(description="What was said before, the latest first.")
    async def history(self, info: Info, first: First = None, after: After = None) -> Connection[PastClaim]:
        """Read a page of it."""
        page = await info.context.services.claiming.history(
            self.profile, self.described, page_request(first, after)
        )
        return connection(page, lambda each: each.claim.id, lambda each: _show_past(each, self.viewer))


def show_attribute(
    definition: model.AttributeDefinition,
    known: model.ResolvedAttribute | None,
    profile: model.Profile,
    viewer: access.Viewer,
) -> Attribute:
    """Return what is known about an attribute now, if anything, as its GraphQL type."""
    winner = None if known is None else known.winner
    return Attribute(
        described=definition,
        known=known,
        profile=profile,
        viewer=viewer,
        definition=show_definition(definition),
        key=definition.key,
        value=None if winner is None else JSON(winner.value),
        source=None if winner is None else show_source(winner.source),
        confidence=None if winner is None else winner.confidence,
        is_verified=None if winner is None else winner.is_verified,
        observed_at=None if winner is None else winner.observed_at,
    )


def _show_claim(claim: model.Claim, viewer: access.Viewer) -> Claim:
    is_person = viewer.kind is access.ViewerKind.PERSON
    return Claim(
        id=strawberry.ID(claim.id),
        value=JSON(claim.value),
        source=show_source(claim.source),
        confidence=claim.confidence,
        is_verified=claim.is_verified,
        observed_at=claim.observed_at,
        expires_at=claim.expires_at,
        consent=claim.consent,
        actor=None if is_person or claim.actor is None else strawberry.ID(claim.actor),
    )


def _show_past(past: model.PastClaim, viewer: access.Viewer) -> PastClaim:
    return PastClaim(
        id=strawberry.ID(past.claim.id), claim=_show_claim(past.claim, viewer), ended_at=past.ended_at
    )


def _show_reason(reason: model.Reason) -> Reason:
    return Reason(code=reason.code, text=reason.text)


def _show_freshness(claim: model.Claim, now: datetime) -> Freshness:
    end = claim.expires_at
    remaining = None if end is None else (end - now) / (end - claim.observed_at)
    return Freshness(
        observed_at=claim.observed_at,
        expires_at=end,
        age_seconds=(now - claim.observed_at).total_seconds(),
        remaining=None if remaining is None else min(max(remaining, 0.0), 1.0),
    )


_SOURCE_LABELS = {
    model.SourceKind.PERSON: "said so",
    model.SourceKind.IDENTITY: "sign-in with",
    model.SourceKind.ADMIN: "set by an admin",
    model.SourceKind.APP: "set by the app",
    model.SourceKind.HOOK: "set by a hook",
    model.SourceKind.ENRICHER: "looked up by",
    model.SourceKind.DERIVED: "worked out",
    model.SourceKind.IMPORT: "imported",
}


def show_source(source: model.Source) -> Source:
    """Return a source as its GraphQL type."""
    named = f" {source.key}" if source.key else ""
    return Source(kind=source.kind, key=source.key, label=_SOURCE_LABELS[source.kind] + named)
