"""Enrichment as a whole, in the roots of the schema."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.graphql import overseeing
from server.graphql.context import Info
from server.graphql.overseeing import (
    DeadLetter,
    EnricherHealth,
    EnrichmentEstimate,
    EnrichmentRun,
    EnrichmentRunSuccess,
    show_estimate,
    show_health,
    show_letter,
    show_run,
)
from server.graphql.paging import After, Connection, First, connection
from server.graphql.reading import Filter
from server.kit.paging import page_request

_What = strawberry.argument(description="What to do, and to what.")
_Keys = Annotated[list[str], strawberry.argument(description="The keys of the enrichers to ask.")]
_Id = Annotated[strawberry.ID, strawberry.argument(description="The id of what is looked for.")]


@strawberry.type(description="What admins read of enrichment as a whole.")
class OverseeingQueries:
    """Part of the root of queries; null for who is no admin."""

    @strawberry.field(
        description="What looking up everybody who fits would come to now; null where an enricher is missing."
        " Admins only."
    )
    async def enrichment_estimate(
        self, info: Info, enrichers: _Keys, filter: Filter = None
    ) -> EnrichmentEstimate | None:
        """Estimate a run."""
        context = info.context
        form = overseeing.read_filter(filter)
        found = await context.services.enriching.bulk.estimate(context.viewer, enrichers, form)
        return None if found is None else show_estimate(found)

    @strawberry.field(description="A run; admins only.")
    async def enrichment_run(self, info: Info, id: _Id) -> EnrichmentRun | None:
        """Show how far it is."""
        found = await info.context.services.enriching.bulk.find(info.context.viewer, id)
        return None if found is None else show_run(found)

    @strawberry.field(description="The runs, the latest first; admins only.")
    async def enrichment_runs(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[EnrichmentRun] | None:
        """Read a page of runs."""
        context = info.context
        page = await context.services.enriching.bulk.page(context.viewer, page_request(first, after))
        return None if page is None else connection(page, lambda each: each.run.id, show_run)

    @strawberry.field(description="How every source does that was ever asked; admins only.")
    async def enricher_health(self, info: Info) -> list[EnricherHealth] | None:
        """Show the meters."""
        found = await info.context.services.enriching.overseeing.health(info.context.viewer)
        return None if found is None else [show_health(each) for each in found]

    @strawberry.field(description="Work that nobody tries again by itself, the latest first; admins only.")
    async def dead_letters(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[DeadLetter] | None:
        """Read a page of dead letters."""
        context = info.context
        page = await context.services.enriching.dead_letters.page(context.viewer, page_request(first, after))
        return None if page is None else connection(page, lambda each: each.id, show_letter)


@strawberry.type(description="What admins do about enrichment as a whole.")
class OverseeingMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Look everybody up who fits, at most for so much.")
    async def start_enrichment_run(
        self, info: Info, input: Annotated[overseeing.StartEnrichmentRunInput, _What]
    ) -> overseeing.StartEnrichmentRunResult:
        """Begin a run; admins only."""
        context = info.context
        form = overseeing.read_filter(input.filter)
        begun = await context.services.enriching.bulk.start(
            context.viewer, input.enrichers, form, input.most_cost
        )
        return EnrichmentRunSuccess(run=show_run(begun))

    @strawberry.mutation(description="Let a run look nobody up for now.")
    async def pause_enrichment_run(
        self, info: Info, input: Annotated[overseeing.PauseEnrichmentRunInput, _What]
    ) -> overseeing.PauseEnrichmentRunResult:
        """Pause it; admins only."""
        context = info.context
        run = await context.services.enriching.bulk.pause(context.viewer, input.id)
        return EnrichmentRunSuccess(run=show_run(run))

    @strawberry.mutation(description="Go on with a run that was paused.")
    async def resume_enrichment_run(
        self, info: Info, input: Annotated[overseeing.ResumeEnrichmentRunInput, _What]
    ) -> overseeing.ResumeEnrichmentRunResult:
        """Go on with it; admins only."""
        context = info.context
        run = await context.services.enriching.bulk.resume(context.viewer, input.id)
        return EnrichmentRunSuccess(run=show_run(run))

    @strawberry.mutation(description="Call a run off; who was looked up already stays so.")
    async def cancel_enrichment_run(
        self, info: Info, input: Annotated[overseeing.CancelEnrichmentRunInput, _What]
    ) -> overseeing.CancelEnrichmentRunResult:
        """Call it off; admins only."""
        context = info.context
        run = await context.services.enriching.bulk.cancel(context.viewer, input.id)
        return EnrichmentRunSuccess(run=show_run(run))

    @strawberry.mutation(description="Ask a source again at once, whatever it said.")
    async def reopen_enricher(
        self, info: Info, input: Annotated[overseeing.ReopenEnricherInput, _What]
    ) -> overseeing.ReopenEnricherResult:
        """Lift what keeps it from being asked, save its budgets; admins only."""
        context = info.context
        health = await context.services.enriching.overseeing.reopen(context.viewer, input.enricher)
        return overseeing.ReopenEnricherSuccess(health=show_health(health))

    @strawberry.mutation(description="Keep every source from being asked about an e-mail address.")
    async def suppress_look_ups(
        self, info: Info, input: Annotated[overseeing.SuppressLookUpsInput, _What]
    ) -> overseeing.SuppressLookUpsResult:
        """Put it on the list; admins only."""
        context = info.context
        await context.services.enriching.overseeing.suppress(context.viewer, input.email)
        return overseeing.SuppressionSuccess(ok=True)

    @strawberry.mutation(description="Let sources be asked about an e-mail address again.")
    async def lift_suppression(
        self, info: Info, input: Annotated[overseeing.LiftSuppressionInput, _What]
    ) -> overseeing.LiftSuppressionResult:
        """Take it off the list; admins only."""
        context = info.context
        await context.services.enriching.overseeing.lift(context.viewer, input.email)
        return overseeing.SuppressionSuccess(ok=True)

    @strawberry.mutation(description="Begin once more what was given up.")
    async def requeue_dead_letter(
        self, info: Info, input: Annotated[overseeing.RequeueDeadLetterInput, _What]
    ) -> overseeing.RequeueDeadLetterResult:
        """Queue it again; admins only."""
        context = info.context
        letter = await context.services.enriching.dead_letters.requeue(context.viewer, input.id)
        return overseeing.RequeueDeadLetterSuccess(dead_letter=show_letter(letter))
