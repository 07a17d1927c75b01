"""Enrichers in the roots of the schema."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.enrichment.configured import EnricherId
from server.graphql import enrichers
from server.graphql.context import Info
from server.graphql.enrichers import EnricherConfiguration, EnricherPreset, show_configured, show_preset
from server.graphql.paging import After, Connection, First, connection
from server.graphql.profiles import read_lookup
from server.kit.paging import page_request

_What = strawberry.argument(description="What to do, and to what.")


@strawberry.type(description="What is read of enrichers.")
class EnricherQueries:
    """Part of the root of queries."""

    @strawberry.field(
        description="The enrichers that admins configured, the oldest first; null without the scope"
        " configuration:read."
    )
    async def enrichers(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[EnricherConfiguration] | None:
        """Read a page of enrichers."""
        context = info.context
        page = await context.services.sources.configuring.page(context.viewer, page_request(first, after))
        return None if page is None else connection(page, lambda each: each.configured.id, show_configured)

    @strawberry.field(
        description="The providers that ship as data; null without the scope configuration:read."
    )
    def enricher_presets(self, info: Info) -> list[EnricherPreset] | None:
        """Show the library."""
        found = info.context.services.sources.configuring.presets(info.context.viewer)
        return None if found is None else [show_preset(each) for each in found]


@strawberry.type(description="What is done about enrichers.")
class EnricherMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Make an enricher; it is off until enableEnricher.")
    async def create_enricher(
        self, info: Info, input: Annotated[enrichers.CreateEnricherInput, _What]
    ) -> enrichers.CreateEnricherResult:
        """Make it; admins only."""
        context = info.context
        made = await context.services.sources.configuring.create(
            context.viewer, input.key, preset_key=input.preset, document=input.spec
        )
        return enrichers.EnricherSuccess(enricher=show_configured(made))

    @strawberry.mutation(description="Put another document in place; with another host the secrets are gone.")
    async def update_enricher(
        self, info: Info, input: Annotated[enrichers.UpdateEnricherInput, _What]
    ) -> enrichers.UpdateEnricherResult:
        """Change it; admins only."""
        context = info.context
        updated = await context.services.sources.configuring.update(
            context.viewer, EnricherId(input.id), input.expected_version, input.spec
        )
        return enrichers.EnricherSuccess(enricher=show_configured(updated))

    @strawberry.mutation(description="Switch an enricher on.")
    async def enable_enricher(
        self, info: Info, input: Annotated[enrichers.EnableEnricherInput, _What]
    ) -> enrichers.EnableEnricherResult:
        """Switch it on; admins only."""
        context = info.context
        enabled = await context.services.sources.configuring.set_enabled(
            context.viewer, EnricherId(input.id), input.expected_version, is_enabled=True
        )
        return enrichers.EnricherSuccess(enricher=show_configured(enabled))

    @strawberry.mutation(description="Switch an enricher off; what it found stays until it runs out.")
    async def disable_enricher(
        self, info: Info, input: Annotated[enrichers.DisableEnricherInput, _What]
    ) -> enrichers.DisableEnricherResult:
        """Switch it off; admins only."""
        context = info.context
        disabled = await context.services.sources.configuring.set_enabled(
            context.viewer, EnricherId(input.id), input.expected_version, is_enabled=False
        )
        return enrichers.EnricherSuccess(enricher=show_configured(disabled))

    @strawberry.mutation(description="Put an enricher away for good; its secrets are gone, its key is taken.")
    async def archive_enricher(
        self, info: Info, input: Annotated[enrichers.ArchiveEnricherInput, _What]
    ) -> enrichers.ArchiveEnricherResult:
        """Put it away; admins only."""
        context = info.context
        archived = await context.services.sources.configuring.archive(
            context.viewer, EnricherId(input.id), input.expected_version
        )
        return enrichers.EnricherSuccess(enricher=show_configured(archived))

    @strawberry.mutation(description="Set a secret of an enricher: for its present host, and never read.")
    async def set_enricher_secret(
        self, info: Info, input: Annotated[enrichers.SetEnricherSecretInput, _What]
    ) -> enrichers.SetEnricherSecretResult:
        """Set it; admins only."""
        context = info.context
        changed = await context.services.sources.configuring.set_secret(
            context.viewer, EnricherId(input.id), input.name, input.value
        )
        return enrichers.EnricherSuccess(enricher=show_configured(changed))

    @strawberry.mutation(
        description="Try an enricher on an answer, or live with one person; nothing is written."
    )
    async def test_enricher(
        self, info: Info, input: Annotated[enrichers.TestEnricherInput, _What]
    ) -> enrichers.TestEnricherResult:
        """Try it; admins only."""
        context = info.context
        whom = None if input.live_with is None else read_lookup(input.live_with)
        tried = await context.services.sources.trying.run(
            context.viewer, EnricherId(input.id), enrichers.read_answer(input.answer), whom
        )
        return enrichers.show_tried(tried)
