"""Bulk runs, how sources do, and dead letters, as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.enrichment import model, overseeing
from server.enrichment.model import MESSAGES, OutcomeClass
from server.graphql.conditions import Condition, read_form
from server.graphql.enrichment import Enricher, EnrichmentReason, show_enricher
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnknownAttributeError,
    UnknownEnricherError,
)
from server.graphql.node import Node

if TYPE_CHECKING:
    from server.profiles.condition_forms import Form


@strawberry.type(description="Look-ups of everybody who fits a condition.")
class EnrichmentRun(Node):
    """See enrichment.overseeing."""

    enrichers: list[str] = strawberry.field(description="Who is asked, by key.")
    state: overseeing.RunState = strawberry.field(description="Where it stands.")
    most_cost: int | None = strawberry.field(description="What it may cost; null is no limit.")
    cost: int = strawberry.field(description="What the look-ups that it queued cost at most.")
    is_capped: bool = strawberry.field(
        description="Whether it ended before all profiles for what it may cost."
    )
    profiles_seen: int = strawberry.field(description="How many profiles it has been through.")
    look_ups_queued: int = strawberry.field(description="How many look-ups were worth it.")
    look_ups_waiting: int = strawberry.field(description="How many of these have not ended yet.")
    requested_by: strawberry.ID | None = strawberry.field(description="The key that it was begun with.")
    requested_at: datetime = strawberry.field(description="When it was begun.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")


@strawberry.type(description="What a run would come to.")
class EnrichmentEstimate:
    """See enrichment.overseeing."""

    profiles: int = strawberry.field(description="How many profiles fit.")
    look_ups: int = strawberry.field(description="How many look-ups are worth making now.")
    cost: int = strawberry.field(description="What they cost at most, with every step of a group.")
    is_exact: bool = strawberry.field(description="Whether everybody was looked at; else it is scaled up.")


@strawberry.type(description="How often a source answered so.")
class OutcomeCount:
    """See enrichment.overseeing."""

    outcome: OutcomeClass = strawberry.field(description="What the answer meant.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="How a source does.")
class EnricherHealth:
    """See enrichment.overseeing."""

    enricher: Enricher = strawberry.field(description="The source.")
    calls: int = strawberry.field(description="How often it was ever asked.")
    calls_under_way: int = strawberry.field(description="How many calls wait for an answer.")
    outcomes: list[OutcomeCount] = strawberry.field(description="Its answers of the last seven days.")
    spent_today: int = strawberry.field(description="What the calls of this day of UTC cost.")
    budget_per_day: int | None = strawberry.field(description="What they may cost.")
    spent_this_month: int = strawberry.field(description="What the calls of this month cost.")
    budget_per_month: int | None = strawberry.field(description="What they may cost.")
    pace: float = strawberry.field(description="The part of its rate at which it is asked now.")
    blocked_by: EnrichmentReason | None = strawberry.field(description="Why it is not asked now.")
    blocked_until: datetime | None = strawberry.field(description="When it is asked again.")
    last_config_error: str | None = strawberry.field(description="What was last wrong with its set-up.")
    last_config_error_at: datetime | None = strawberry.field(description="When that was.")


@strawberry.type(description="Work that nobody tries again by itself.")
class DeadLetter:
    """See enrichment.overseeing."""

    id: strawberry.ID = strawberry.field(description="The job's id.")
    kind: str = strawberry.field(description="What kind of work it was.")
    subject: str | None = strawberry.field(description="The enricher, or what else it was about.")
    profile_id: strawberry.ID | None = strawberry.field(description="Whom it was about.")
    reason: str | None = strawberry.field(description="Why it was given up.")
    attempts: int = strawberry.field(description="How often it was tried.")
    created_at: datetime = strawberry.field(description="When it was queued.")
    finished_at: datetime | None = strawberry.field(description="When it was given up.")


@strawberry.input(description="Whom to look up, and for how much.")
class StartEnrichmentRunInput:
    """See enrichment.bulk."""

    enrichers: list[str] = strawberry.field(description="Who is asked, by key.")
    filter: Condition | None = strawberry.field(
        default=None, description="About whom; everybody if left out."
    )
    most_cost: int | None = strawberry.field(
        default=None, description="What it may cost in all, in the units of the enrichers' prices."
    )


@strawberry.input(description="A run to pause.")
class PauseEnrichmentRunInput:
    """See enrichment.bulk."""

    id: strawberry.ID = strawberry.field(description="The run.")


@strawberry.input(description="A run to go on with.")
class ResumeEnrichmentRunInput:
    """See enrichment.bulk."""

    id: strawberry.ID = strawberry.field(description="The run.")


@strawberry.input(description="A run to call off.")
class CancelEnrichmentRunInput:
    """See enrichment.bulk."""

    id: strawberry.ID = strawberry.field(description="The run.")


@strawberry.input(description="A source to ask again.")
class ReopenEnricherInput:
    """See enrichment.health."""

    enricher: str = strawberry.field(description="Its key.")


@strawberry.input(description="An address about which no source may be asked.")
class SuppressLookUpsInput:
    """See enrichment.health."""

    email: str = strawberry.field(description="The address; only a keyed hash of it is kept.")


@strawberry.input(description="An address about which sources may be asked again.")
class LiftSuppressionInput:
    """See enrichment.health."""

    email: str = strawberry.field(description="The address.")


@strawberry.input(description="Work to begin once more.")
class RequeueDeadLetterInput:
    """See enrichment.dead_letters."""

    id: strawberry.ID = strawberry.field(description="The dead letter.")


@strawberry.type(description="The run as it stands now.")
class EnrichmentRunSuccess:
    """What became of it."""

    run: EnrichmentRun = strawberry.field(description="The run.")


@strawberry.type(description="The source is asked again.")
class ReopenEnricherSuccess:
    """How it does now."""

    health: EnricherHealth = strawberry.field(description="How the source does.")


@strawberry.type(description="The list was changed.")
class SuppressionSuccess:
    """Nothing to show: the list can't be read."""

    ok: bool = strawberry.field(description="Always true.")


@strawberry.type(description="The work is queued again.")
class RequeueDeadLetterSuccess:
    """As it was."""

    dead_letter: DeadLetter = strawberry.field(description="What it had come to before.")


StartEnrichmentRunResult = Annotated[
    EnrichmentRunSuccess | ForbiddenError | UnknownEnricherError | UnknownAttributeError | InvalidInputError,
    strawberry.union("StartEnrichmentRunResult", description="What became of startEnrichmentRun."),
]
PauseEnrichmentRunResult = Annotated[
    EnrichmentRunSuccess | ForbiddenError | NotFoundError | ConflictError,
    strawberry.union("PauseEnrichmentRunResult", description="What became of pauseEnrichmentRun."),
]
ResumeEnrichmentRunResult = Annotated[
    EnrichmentRunSuccess | ForbiddenError | NotFoundError | ConflictError,
    strawberry.union("ResumeEnrichmentRunResult", description="What became of resumeEnrichmentRun."),
]
CancelEnrichmentRunResult = Annotated[
    EnrichmentRunSuccess | ForbiddenError | NotFoundError | ConflictError,
    strawberry.union("CancelEnrichmentRunResult", description="What became of cancelEnrichmentRun."),
]
ReopenEnricherResult = Annotated[
    ReopenEnricherSuccess | ForbiddenError | NotFoundError | UnknownEnricherError,
    strawberry.union("ReopenEnricherResult", description="What became of reopenEnricher."),
]
SuppressLookUpsResult = Annotated[
    SuppressionSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("SuppressLookUpsResult", description="What became of suppressLookUps."),
]
LiftSuppressionResult = Annotated[
    SuppressionSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("LiftSuppressionResult", description="What became of liftSuppression."),
]
RequeueDeadLetterResult = Annotated[
    RequeueDeadLetterSuccess | ForbiddenError | NotFoundError | ConflictError,
    strawberry.union("RequeueDeadLetterResult", description="What became of requeueDeadLetter."),
]


def read_filter(given: Condition | None) -> Form | None:
    """Return a condition as data."""
    return None if given is None else read_form(given)


def show_run(progress: overseeing.Progress) -> EnrichmentRun:
    """Return a run as its GraphQL type."""
    run = progress.run
    return EnrichmentRun(
        id=strawberry.ID(run.id),
        enrichers=list(run.enrichers),
        state=run.state,
        most_cost=run.most_cost,
        cost=run.cost,
        is_capped=run.is_capped,
        profiles_seen=run.profiles_seen,
        look_ups_queued=run.look_ups_queued,
        look_ups_waiting=progress.look_ups_waiting,
        requested_by=None if run.requested_by is None else strawberry.ID(run.requested_by),
        requested_at=run.requested_at,
        finished_at=run.finished_at,
    )


def show_estimate(estimate: overseeing.Estimate) -> EnrichmentEstimate:
    """Return an estimate as its GraphQL type."""
    return EnrichmentEstimate(
        profiles=estimate.profiles,
        look_ups=estimate.look_ups,
        cost=estimate.cost,
        is_exact=estimate.is_exact,
    )


def show_health(health: overseeing.EnricherHealth) -> EnricherHealth:
    """Return a source's health as its GraphQL type."""
    limits = health.enricher.limits
    return EnricherHealth(
        enricher=show_enricher(health.enricher),
        calls=health.calls,
        calls_under_way=health.calls_under_way,
        outcomes=[
            OutcomeCount(outcome=OutcomeClass(each), count=count) for each, count in health.outcomes.items()
        ],
        spent_today=health.spent_today,
        budget_per_day=limits.budget_per_day,
        spent_this_month=health.spent_this_month,
        budget_per_month=limits.budget_per_month,
        pace=health.pace,
        blocked_by=_reason(health.blocked_by),
        blocked_until=health.blocked_until,
        last_config_error=health.last_error,
        last_config_error_at=health.last_error_at,
    )


def show_letter(letter: overseeing.DeadLetter) -> DeadLetter:
    """Return a dead letter as its GraphQL type."""
    return DeadLetter(
        id=strawberry.ID(letter.id),
        kind=letter.kind,
        subject=letter.subject,
        profile_id=None if letter.profile_id is None else strawberry.ID(letter.profile_id),
        reason=letter.reason,
        attempts=letter.attempts,
        created_at=letter.created_at,
        finished_at=letter.finished_at,
    )


def _reason(code: model.ReasonCode | None) -> EnrichmentReason | None:
    return None if code is None else EnrichmentReason(code=code.value, message=MESSAGES[code])
