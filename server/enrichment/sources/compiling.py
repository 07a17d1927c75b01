"""From a configured enricher to the one that runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.enrichment.model import Enricher, EnricherKind
from server.enrichment.sources.checking import condition_of, why_incomplete
from server.enrichment.sources.reading import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.enrichment.configured import ConfiguredEnricher
    from server.enrichment.sources.source import HttpSource
    from server.enrichment.sources.spec import EnricherSpec
    from server.profiles.catalogue import Catalogue


class UnusableEnricherError(ValueError):
    """The enricher can't run as it is; the message says why."""


def spec_for(configured: ConfiguredEnricher, attributes: Catalogue) -> EnricherSpec:
    """Return the spec with attributes under the names that profiles use; raise InvalidInputError."""
    spec = read_spec(configured.document)

    def name(key: str) -> str:
        definition = attributes.find(key)
        return key if definition is None else definition.canonical or definition.key

    waterfall = spec.waterfall
    return replace(
        spec,
        inputs={each: replace(given, source=name(given.source)) for each, given in spec.inputs.items()},
        map={name(key): mapped for key, mapped in spec.map.items()},
        waterfall=None
        if waterfall is None
        else replace(waterfall, wants=frozenset(name(key) for key in waterfall.wants)),
    )


def running_form(
    configured: ConfiguredEnricher,
    attributes: Catalogue,
    make_source: Callable[[str, EnricherSpec, Mapping[str, str]], HttpSource],
) -> Enricher:
    """Return the enricher as it runs; raise UnusableEnricherError or what reading raises."""
    spec = spec_for(configured, attributes)
    problem = why_incomplete(spec, configured.secrets)
    if problem is not None:
        raise UnusableEnricherError(problem)
    waterfall = spec.waterfall
    return Enricher(
        key=configured.key,
        name=spec.name,
        kind=EnricherKind.HTTP,
        triggers=spec.triggers,
        inputs=tuple(dict.fromkeys(each.source for each in spec.inputs.values())),
        ttl=spec.ttl,
        no_match_ttl=spec.no_match_ttl,
        look_up=make_source(configured.key, spec, configured.secrets).look_up,
        outputs=frozenset(spec.map),
        revision=configured.revision,
        purpose=spec.purpose,
        limits=spec.limits,
        scope=spec.scope,
        condition=condition_of(spec, attributes),
        group=None if waterfall is None else waterfall.group,
        position=0 if waterfall is None else waterfall.position,
        wants=frozenset() if waterfall is None else waterfall.wants,
        min_confidence=spec.min_confidence,
        merge=spec.merge,
        is_enabled=configured.is_enabled,
        refresh=spec.refresh,
    )
