"""Enrichers and what became of their look-ups, as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.enrichment import model
from server.graphql.errors import ForbiddenError, NotFoundError, UnknownEnricherError

if TYPE_CHECKING:
    from server.graphql.profiles import ProfileLookup


@strawberry.type(description="A configured source of claims.")
class Enricher:
    """See enrichment.model."""

    key: str = strawberry.field(description="The enricher's short name, as in the source of its claims.")
    name: str = strawberry.field(description="The enricher's name for people.")
    purpose: str | None = strawberry.field(description="The purpose whose consent it needs, by key.")


@strawberry.type(description="Why a look-up stands where it stands.")
class EnrichmentReason:
    """See enrichment.model."""

    code: str = strawberry.field(description="The reason for programs.")
    message: str = strawberry.field(description="The reason in one sentence for people.")


@strawberry.type(description="One enricher's state for one profile.")
class Enrichment:
    """See enrichment.model."""

    enricher: Enricher = strawberry.field(description="Which enricher it is.")
    state: model.EnrichmentState = strawberry.field(description="Where the look-up stands.")
    reason: EnrichmentReason | None = strawberry.field(description="Why, where there is more to say.")
    attempts: int | None = strawberry.field(
        description="How often it was tried for the present input; needs profiles:read."
    )
    last_run_at: datetime | None = strawberry.field(description="When it last ran; needs profiles:read.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it will be tried again; needs profiles:read."
    )
    expires_at: datetime | None = strawberry.field(description="When what was found stops counting.")
    is_stale: bool = strawberry.field(description="Whether that moment has passed.")
    attributes_set: list[str] = strawberry.field(description="The keys of the attributes it filled.")


def show_enricher(enricher: model.Enricher) -> Enricher:
    """Return an enricher as its GraphQL type."""
    return Enricher(key=enricher.key, name=enricher.name, purpose=enricher.purpose)


def show_enrichment(enrichment: model.Enrichment) -> Enrichment:
    """Return an enrichment as its GraphQL type."""
    reason = enrichment.reason
    return Enrichment(
        enricher=show_enricher(enrichment.enricher),
        state=enrichment.state,
        reason=None if reason is None else EnrichmentReason(code=reason.code, message=reason.message),
        attempts=enrichment.attempts,
        last_run_at=enrichment.last_run_at,
        next_attempt_at=enrichment.next_attempt_at,
        expires_at=enrichment.expires_at,
        is_stale=enrichment.is_stale,
        attributes_set=list(enrichment.attributes_set),
    )


@strawberry.input(description="Which look-ups to make for whom.")
class RequestEnrichmentInput:
    """A manual request."""

    profile: Annotated["ProfileLookup", strawberry.lazy("server.graphql.profiles")] = strawberry.field(
        description="Whom to look up."
    )
    enrichers: list[str] | None = strawberry.field(
        default=None, description="The keys of the enrichers; all when left out."
    )
    force: bool = strawberry.field(
        default=False, description="Whether to look up again what is known and fresh."
    )


@strawberry.type(description="The look-ups were queued, or there was nothing to do.")
class RequestEnrichmentSuccess:
    """The states after the request."""

    enrichments: list[Enrichment] = strawberry.field(description="Where every look-up now stands.")


RequestEnrichmentResult = Annotated[
    RequestEnrichmentSuccess | ForbiddenError | NotFoundError | UnknownEnricherError,
    strawberry.union("RequestEnrichmentResult", description="What became of requestEnrichment."),
]


@strawberry.input(description="Which look-ups to call off.")
class CancelEnrichmentInput:
    """What is not wanted any more."""

    profile: Annotated["ProfileLookup", strawberry.lazy("server.graphql.profiles")] = strawberry.field(
        description="Whose look-ups."
    )
    enrichers: list[str] | None = strawberry.field(
        default=None, description="The keys of the enrichers; all when left out."
    )


@strawberry.type(description="What was under way is called off.")
class CancelEnrichmentSuccess:
    """The states afterwards."""

    enrichments: list[Enrichment] = strawberry.field(description="Where every look-up now stands.")


CancelEnrichmentResult = Annotated[
    CancelEnrichmentSuccess | ForbiddenError | NotFoundError | UnknownEnricherError,
    strawberry.union("CancelEnrichmentResult", description="What became of cancelEnrichment."),
]


def show_requested(found: list[model.Enrichment]) -> RequestEnrichmentSuccess:
    """Return the states after a request as the mutation's success."""
    return RequestEnrichmentSuccess(enrichments=[show_enrichment(each) for each in found])
